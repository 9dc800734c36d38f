import { join } from "node:path";
import { sql } from "kysely";
import { openCa } from "../../../provisioning/service/ca/FleetCa.ts";
import { Database, json } from "../../../provisioning/service/db/Database.ts";
import { PrivatePostgres } from "../../../provisioning/service/db/PrivatePostgres.ts";
import { databaseFolder } from "../../../provisioning/service/db/startDatabase.ts";
import { DatabaseRevocations } from "../../../provisioning/service/registry/DatabaseRevocations.ts";
import { directoryOf, inOrder } from "../../../provisioning/service/twins/directory.ts";
import { roomNames, twinDocOf } from "../../sim/fleet/seedRooms.ts";
import type { SimulatedIdentity } from "../../sim/fleet/simulatorProtocol.ts";

/** Certificates that are made at once: as many as threads sign. */
const AT_ONCE = 8;
/** Rows of one statement: each has a directory of 16 KB with it. */
const CHUNK = 500;
const DAY_MS = 86_400_000;

/**
 * Writes a fleet of so many rooms into a state folder in which nothing runs yet, as weeks of enrolments leave it: certificates, twins with their
 * directories of rooms, all reported. `broker`: where the rooms will find it.
 */
export async function settle(
	stateFolder: string,
	{ count, broker }: { count: number; broker: string },
): Promise<SimulatedIdentity[]> {
	const postgres = await PrivatePostgres.start({ folder: databaseFolder(stateFolder) });
	try {
		const database = await Database.open(postgres);
		const { db } = database;
		const caFolder = join(stateFolder, "ca");
		const ca = await openCa(caFolder, { development: true, revocations: new DatabaseRevocations({ db, caFolder }) });
		const names = roomNames(count);
		const rooms = inOrder(names.map((name, index) => ({ id: `dev-${String(index).padStart(6, "0")}`, name })));
		const [before, later] = [new Date(Date.now() - 20 * DAY_MS), new Date(Date.now() + 40 * DAY_MS)];
		const identities: SimulatedIdentity[] = [];
		for (let from = 0; from < count; from += CHUNK) {
			const some = rooms.slice(from, from + CHUNK);
			const made: Awaited<ReturnType<typeof ca.issueDevice>>[] = [];
			for (let i = 0; i < some.length; i += AT_ONCE) {
				made.push(...(await Promise.all(some.slice(i, i + AT_ONCE).map(({ id }) => ca.issueDevice(id)))));
			}
			const ids = some.map(({ id }) => id);
			const docs = some.map(({ name }, i) => json({ ...twinDocOf(name), directory: directoryOf(rooms, from + i) }));
			await sql`
				insert into devices (id, state, serial_number, model, firmware, slot, label, created_at, activated_at)
				select id, 'active', 'S' || id, 'Simulated', '1.0.0', 'A', label, ${before}, ${before}
				from unnest(${ids}::text[], ${some.map(({ name }) => name)}::text[]) as made (id, label)`.execute(db);
			await sql`
				insert into certificates (serial, device_id, state, not_before, not_after, confirmed_at)
				select serial, id, 'active', ${before}, ${later}, ${before}
				from unnest(${made.map(({ serial }) => serial)}::text[], ${ids}::text[]) as made (serial, id)`.execute(db);
			await sql`
				insert into twins (device_id, desired_rev, desired, desired_at, reported_rev, applied_rev, reported, reported_at)
				select id, 1, doc, ${before}, 1, 1, doc - 'directory', ${before} from unnest(${ids}::text[], ${docs}::jsonb[]) as made (id, doc)`.execute(
				db,
			);
			for (const [i, { key, chain }] of made.entries()) {
				const id = ids[i] as string;
				const facts = { model: "Simulated", serial: `S${id}`, firmware: "1.0.0", slot: "A" } as const;
				identities.push({ id, key, chain, ca: ca.certificate, broker, facts });
			}
		}
		await sql`analyze`.execute(db);
		await database.close();
		return identities;
	} finally {
		await postgres.close();
	}
}
