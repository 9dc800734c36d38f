import { type SqlBool, sql } from "kysely";
import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { TwinDoc } from "../../contract/twin.ts";
import { Audit } from "../audit/Audit.ts";
import { type Db, json } from "../db/Database.ts";
import { enqueue } from "../db/Outbound.ts";
import { announce } from "../fleet/announcements.ts";
import { desiredMessage } from "./desired.ts";
import { roomsChanged } from "./rooms.ts";

/** Devices whose twins are written in one transaction when all are published. */
const CHUNK = 100;

/** What rooms should be. */
export class Twins {
	readonly #db: Db;
	readonly #clock: Clock;

	constructor(options: { db: Db; clock: Clock }) {
		this.#db = options.db;
		this.#clock = options.clock;
	}

	/**
	 * Sets a room's document, if `rev` is the newest revision, and publishes it. The directory is the service's own: what `doc` says of it
	 * is not heeded. Returns the new revision.
	 *
	 * Errors: `api.not_found`, `api.device_gone` (retired or revoked), `api.twin_conflict` (somebody was faster: read it again; context: `rev`).
	 */
	async setDesired(id: string, rev: number, doc: TwinDoc, by: string): Promise<number> {
		return this.#db.transaction().execute(async (trx) => {
			const now = this.#clock.now();
			const device = await lockDevice(trx, id);
			if (!device) throw new RoomError("api.not_found", "there is no such device");
			if (device.state === "retired" || device.state === "revoked") {
				throw new RoomError("api.device_gone", "the device is no longer in the fleet");
			}
			const current = await trx
				.selectFrom("twins")
				.select(["desired_rev", "desired"])
				.where("device_id", "=", id)
				.executeTakeFirstOrThrow();
			if (current.desired_rev !== rev) {
				throw new RoomError("api.twin_conflict", "the twin was changed meanwhile: read it again", {
					context: { rev: current.desired_rev },
				});
			}
			const next = { id, rev: rev + 1, doc: { ...doc, directory: current.desired.directory } };
			await trx
				.updateTable("twins")
				.set({ desired_rev: next.rev, desired: json(next.doc), desired_at: new Date(now), desired_by: by })
				.where("device_id", "=", id)
				.execute();
			if (device.label !== doc.room.name) {
				await trx.updateTable("devices").set({ label: doc.room.name }).where("id", "=", id).execute();
				if (device.state === "active") await roomsChanged(trx);
			}
			// A device that is not in the fleet yet is told its first one when it is.
			if (device.state === "active") await enqueue(trx, [desiredMessage(next, now)]);
			await announce(trx, { devices: [id] });
			await Audit.append(trx, { actor: by, action: "twin.set", target: `device:${id}`, detail: { rev: next.rev } });
			return next.rev;
		});
	}

	/** Publishes again all that were changed after `since` (null: all), for a broker that has lost what it kept. Returns how many. */
	async publishAll(since: Date | null): Promise<number> {
		let count = 0;
		for (let after = ""; ; ) {
			const rows = await this.#db.transaction().execute(async (trx) => {
				const devices = await trx
					.selectFrom("devices")
					.select("id")
					.where("state", "=", "active")
					.where("id", ">", after)
					.orderBy("id")
					.$if(since !== null, (query) =>
						query.where("id", "in", (twins) =>
							twins
								.selectFrom("twins")
								.select("device_id")
								.where("desired_at", ">", since as Date),
						),
					)
					.limit(CHUNK)
					.forShare()
					.execute();
				const twins = await readTwins(
					trx,
					devices.map(({ id }) => id),
				);
				const now = this.#clock.now();
				await enqueue(
					trx,
					twins.map((twin) => desiredMessage(twin, now, true)),
				);
				return devices;
			});
			count += rows.length;
			const last = rows.at(-1);
			if (!last || rows.length < CHUNK) return count;
			after = last.id;
		}
	}
}

/**
 * Who writes a device's twin holds its row of `devices`, taken in a statement of its own: PostgreSQL's default isolation looks at the other tables of
 * a statement as they were before it waited.
 */
const lockDevice = (trx: Db, id: string) =>
	trx.selectFrom("devices").select(["state", "label"]).where("id", "=", id).forNoKeyUpdate().executeTakeFirst();

const readTwins = (trx: Db, ids: readonly string[]) =>
	trx
		.selectFrom("twins")
		.select(["device_id as id", "desired_rev as rev", "desired as doc"])
		.where(sql<SqlBool>`device_id = any(${[...ids]})`)
		.orderBy("device_id")
		.execute();
