import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { BrowserContext } from "playwright-core";
import { systemClock } from "../../../device/core/clock.ts";
import { silentLog } from "../../../device/core/log.ts";
import type { EventData } from "../../../provisioning/contract/events.ts";
import type { Role } from "../../../provisioning/contract/http/route.ts";
import type { EventType } from "../../../provisioning/contract/topics.ts";
import type { TwinDoc } from "../../../provisioning/contract/twin.ts";
import { FleetApi } from "../../../provisioning/service/api/FleetApi.ts";
import type { Firmware } from "../../../provisioning/service/api/handlers/releases.ts";
import { createApp } from "../../../provisioning/service/app.ts";
import { freePort } from "../../../provisioning/service/child/freePort.ts";
import { consolePage } from "../../../provisioning/service/consolePage.ts";
import type { Database, Db } from "../../../provisioning/service/db/Database.ts";
import { storeEvents } from "../../../provisioning/service/events/events.ts";
import { FleetMetrics } from "../../../provisioning/service/metrics/FleetMetrics.ts";
import { buildPage } from "../../../tools/build-ui.ts";
import { busless } from "../../provisioning/service/api/busless.ts";
import { signedIn } from "../passkey/signedIn.ts";
import { random16 } from "./enrolDevice.ts";

const root = join(import.meta.dirname, "..", "..", "..");

/** The console with the real API on a real database, and no bus: what devices would have told is written into the database. */
export class ConsoleRig {
	readonly origin: string;
	readonly db: Db;
	readonly fleet: FleetApi;
	readonly #app: FastifyInstance;
	readonly #folder: string;

	private constructor(parts: Pick<ConsoleRig, "origin" | "db" | "fleet">, app: FastifyInstance, folder: string) {
		this.origin = parts.origin;
		this.db = parts.db;
		this.fleet = parts.fleet;
		this.#app = app;
		this.#folder = folder;
	}

	/** `firmware`: the image repository; absent: there is none. */
	static async start(database: Database, { firmware }: { firmware?: Firmware } = {}): Promise<ConsoleRig> {
		await buildPage("console");
		const port = await freePort("127.0.0.1");
		const origin = `http://localhost:${port}`;
		const { db } = database;
		// no guest page here
		const folder = await mkdtemp(join(tmpdir(), "incamera-console-"));
		const duties = await busless(db, systemClock);
		let fleet: FleetApi | null = null;
		const app = await createApp({
			guestFolder: folder,
			routes: async (server) => {
				await server.register(consolePage, { folder: join(root, "build", "ui", "console") });
				fleet = await FleetApi.register(server, {
					database,
					duties,
					clock: systemClock,
					log: silentLog,
					origin,
					name: "Musterwerke",
					metrics: new FleetMetrics({ db }),
					...(firmware ? { firmware } : {}),
				});
			},
		});
		await app.listen({ host: "127.0.0.1", port });
		if ((app.server.address() as AddressInfo).port !== port) throw new Error("another port");
		return new ConsoleRig({ origin, db, fleet: fleet as unknown as FleetApi }, app, folder);
	}

	/** Signs a browser in as a new person of this role. */
	async signIn(context: BrowserContext, role: Role, name = "Kim Weber"): Promise<string> {
		const { id, token: value } = await signedIn(this.db, { name, role, clock: systemClock });
		await context.addCookies([{ name: "incamera", value, url: this.origin }]);
		return id;
	}

	/** What another person would do in another browser. */
	async setDesired(device: string, rev: number, doc: TwinDoc): Promise<void> {
		const { twins } = await busless(this.db, systemClock);
		await twins.setDesired(device, rev, doc, "service");
	}

	async rename(device: string, name: string): Promise<void> {
		const { desired_rev, desired } = await this.db
			.selectFrom("twins")
			.select(["desired_rev", "desired"])
			.where("device_id", "=", device)
			.executeTakeFirstOrThrow();
		await this.setDesired(device, desired_rev, { ...desired, room: { ...desired.room, name } });
	}

	/** What a device tells, as the service takes it from the bus. */
	async tell<Type extends EventType>(device: string, type: Type, data: EventData[Type]): Promise<void> {
		const message = { v: 1 as const, mid: random16(), ts: Date.now(), data };
		await storeEvents(this.db, [{ kind: "event", id: device, type, message }], Date.now());
	}

	async close(): Promise<void> {
		await this.#app.close();
		await rm(this.#folder, { recursive: true, force: true });
	}
}
