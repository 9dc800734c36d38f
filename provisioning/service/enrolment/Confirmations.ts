import { type SqlBool, sql } from "kysely";
import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { CONFIRM_MS } from "../../contract/enrolment.ts";
import { topics } from "../../contract/topics.ts";
import { Audit } from "../audit/Audit.ts";
import type { Counters } from "../bus/Counters.ts";
import type { FrameOf } from "../bus/readFrame.ts";
import { type Db, json } from "../db/Database.ts";
import { enqueue } from "../db/Outbound.ts";
import { announce } from "../fleet/announcements.ts";
import { desiredMessage } from "../twins/desired.ts";
import { directoryOf } from "../twins/directory.ts";
import { activeRooms, roomsChanged } from "../twins/rooms.ts";
import { lockIssuedCode } from "./pendingDevices.ts";

export interface ConfirmationsOptions {
	db: Db;
	clock: Clock;
	log: Log;
	counters: Counters;
}

/**
 * A device gives up `CONFIRM_MS` after it got its certificate. We stop a little earlier, so that the first twin still finds it: better that it is
 * unclaimed and the code is typed again than that we believe in a device that does not.
 */
const LAST_MS = CONFIRM_MS - 30_000;

interface Waiting {
	id: string;
	serial: string;
	what: "first" | "renewed" | "deaf";
}

/** Takes in what devices say after each connection: this certificate works. */
export class Confirmations {
	readonly #options: ConfirmationsOptions;

	constructor(options: ConfirmationsOptions) {
		this.#options = options;
	}

	/** Most have nothing new to say: after a broker's restart all say it at once. */
	async take(frames: readonly FrameOf<"enrolConfirm">[]): Promise<void> {
		const said = new Map(frames.map(({ id, message }) => [`${id} ${message.serial}`, { id, serial: message.serial }]));
		const pairs = [...said.values()];
		const { rows } = await sql<Waiting>`
			select said.id, said.serial, case
				when devices.state = 'pending' then 'first' when certificates.state = 'pending' then 'renewed' else 'deaf' end as what
			from unnest(${pairs.map(({ id }) => id)}::text[], ${pairs.map(({ serial }) => serial)}::text[]) as said (id, serial)
			join devices on devices.id = said.id
			join certificates on certificates.serial = said.serial and certificates.device_id = said.id
			join twins on twins.device_id = said.id
			where (devices.state = 'pending' and certificates.state = 'pending')
				or (devices.state = 'active' and (certificates.state = 'pending' or twins.reported_at is null))`.execute(
			this.#options.db,
		);
		for (const waiting of rows) {
			if (waiting.what === "first") await this.#activate(waiting);
			else if (waiting.what === "renewed") await this.#renewed(waiting);
		}
		await this.#tellAgain(rows.filter(({ what }) => what === "deaf").map(({ id }) => id));
	}

	/** The device is in the fleet, the code burned; the first twin tells it so. */
	async #activate({ id, serial }: Waiting): Promise<void> {
		const { db, clock, log, counters } = this.#options;
		await db.transaction().execute(async (trx) => {
			const now = clock.now();
			await lockIssuedCode(trx, id);
			const device = await trx
				.selectFrom("devices")
				.select("id")
				.where("id", "=", id)
				.where("state", "=", "pending")
				.forNoKeyUpdate()
				.executeTakeFirst();
			if (!device) return;
			const certificate = await trx
				.updateTable("certificates")
				.set({ state: "active", confirmed_at: new Date(now) })
				.where("serial", "=", serial)
				.where("device_id", "=", id)
				.where("state", "=", "pending")
				.where("created_at", ">", new Date(now - LAST_MS))
				.returning("serial")
				.executeTakeFirst();
			if (!certificate) return;
			await trx
				.updateTable("devices")
				.set({ state: "active", activated_at: new Date(now) })
				.where("id", "=", id)
				.execute();
			await trx
				.updateTable("enrolment_codes")
				.set({ state: "used", secret_sealed: null, used_at: new Date(now) })
				.where("device_id", "=", id)
				.where("state", "=", "issued")
				.execute();
			await trx.updateTable("enrolment_attempts").set({ step: "confirmed" }).where("device_id", "=", id).execute();
			await this.#tellFirst(trx, id, now);
			await roomsChanged(trx);
			await announce(trx, { devices: [id], enrolments: true });
			await Audit.append(trx, {
				actor: `device:${id}`,
				action: "device.enrol",
				target: `device:${id}`,
				detail: { certificate: serial },
			});
			counters.add("enrolments", { outcome: "confirmed" });
			log.write("info", "enrolment.confirmed", { device: id });
		});
	}

	async #tellFirst(trx: Db, id: string, now: number): Promise<void> {
		const rooms = await activeRooms(trx);
		const twin = await trx
			.selectFrom("twins")
			.select(["desired_rev as rev", "desired as doc"])
			.where("device_id", "=", id)
			.executeTakeFirstOrThrow();
		const index = rooms.findIndex((room) => room.id === id);
		const doc = { ...twin.doc, directory: directoryOf(rooms, index) };
		await trx
			.updateTable("twins")
			.set({ desired: json(doc) })
			.where("device_id", "=", id)
			.execute();
		await enqueue(trx, [desiredMessage({ id, rev: twin.rev, doc }, now)]);
	}

	/** A renewed certificate is in use: the older ones are on their way out. */
	async #renewed({ id, serial }: Waiting): Promise<void> {
		const { db, clock } = this.#options;
		await db.transaction().execute(async (trx) => {
			const now = new Date(clock.now());
			const confirmed = await trx
				.updateTable("certificates")
				.set({ state: "active", confirmed_at: now })
				.where("serial", "=", serial)
				.where("device_id", "=", id)
				.where("state", "=", "pending")
				.returning("created_at")
				.executeTakeFirst();
			if (!confirmed) return;
			await trx
				.updateTable("certificates")
				.set({ state: "superseded" })
				.where("device_id", "=", id)
				.where("serial", "!=", serial)
				.where("state", "in", ["active", "pending"])
				.where("created_at", "<=", confirmed.created_at)
				.execute();
			await announce(trx, { devices: [id] });
		});
	}

	/**
	 * They are in the fleet and have never reported: their first twins may have been lost with a broker. In one go, and not those whose twins are on
	 * their way: devices ask again every few seconds, and a whole fleet that asks must not make the answer slower for itself.
	 */
	async #tellAgain(ids: readonly string[]): Promise<void> {
		if (ids.length === 0) return;
		const { db, clock } = this.#options;
		await db.transaction().execute(async (trx) => {
			await sql`select id from devices where id = any(${[...ids]}) order by id for no key update`.execute(trx);
			const twins = await trx
				.selectFrom("twins")
				.innerJoin("devices", "devices.id", "twins.device_id")
				.select(["twins.device_id as id", "desired_rev as rev", "desired as doc"])
				.where(sql<SqlBool>`twins.device_id = any(${[...ids]})`)
				.where("devices.state", "=", "active")
				.where("reported_at", "is", null)
				.execute();
			const waiting = await trx
				.selectFrom("outbound")
				.select("topic")
				.where(sql<SqlBool>`topic = any(${twins.map(({ id }) => topics.twinDesired(id))})`)
				.execute();
			const onTheirWay = new Set(waiting.map(({ topic }) => topic));
			const now = clock.now();
			const messages = twins.map((twin) => desiredMessage(twin, now, true));
			await enqueue(
				trx,
				messages.filter(({ topic }) => !onTheirWay.has(topic)),
			);
		});
	}
}
