import { join } from "node:path";
import { systemClock as clock } from "../../../device/core/clock.ts";
import { jsonLog } from "../../../device/core/log.ts";
import { onParentGone } from "../../../device/core/onParentGone.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { CheckedBroker } from "../broker/CheckedBroker.ts";
import { openCa } from "../ca/FleetCa.ts";
import { Database } from "../db/Database.ts";
import { ServiceKey } from "../db/ServiceKey.ts";
import { DatabaseRevocations, REVOCATION_LIST } from "../registry/DatabaseRevocations.ts";
import { FleetWorker } from "./FleetWorker.ts";
import { workerSettings } from "./WorkerProcess.ts";

/** A worker in a process of its own: see `WorkerProcess`. It ends with its parent. */
async function start(message: unknown): Promise<() => Promise<void>> {
	const { databaseUrl, stateFolder, url, serviceUrl, bootstrapUrl, limits, ...settings } =
		workerSettings.parse(message);
	// The parent has migrated it.
	const database = await Database.open({ url: databaseUrl, migrate: false, clock });
	const caFolder = join(stateFolder, "ca");
	const revocations = new DatabaseRevocations({ db: database.db, caFolder, clock });
	const ca = await openCa(caFolder, { clock, revocations });
	// Another worker may have signed it.
	database.listen(REVOCATION_LIST, () => void ca.refreshCrl().catch(() => {}));
	const broker = new CheckedBroker({ ca, url, serviceUrl, bootstrapUrl, apply: async () => {}, clock });
	const worker = await FleetWorker.start({
		...{ ...settings, database, ca, revocations, broker, clock },
		key: await ServiceKey.open(stateFolder),
		log: jsonLog({ write: (line) => process.stdout.write(line) }),
		...(limits ? { limits: limits as object } : {}),
	});
	return async () => {
		await worker.close();
		await broker.close();
		await database.close();
	};
}

let close: () => Promise<void> = async () => {};
process.once("message", (message) => {
	start(message).then(
		(stop) => {
			close = stop;
			process.send?.({ t: "started" });
		},
		(error) => process.send?.({ t: "failed", code: RoomError.from(error, "fleet.worker_failed").code }),
	);
});
const stop = (): void => void close().finally(() => process.exit(0));
process.once("SIGTERM", stop);
onParentGone(stop);
// Ctrl-C reaches the whole group; the parent stops us in order.
process.on("SIGINT", () => {});
