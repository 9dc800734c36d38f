import { randomBytes } from "node:crypto";
import { type SqlBool, sql } from "kysely";
import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { FirmwareSpec } from "../../contract/jobs.ts";
import { Audit } from "../audit/Audit.ts";
import { type Db, json } from "../db/Database.ts";
import type { Row } from "../db/Schema.ts";
import { announce } from "../fleet/announcements.ts";
import type { Director } from "./Director.ts";
import { callable, callBack, type Offering, offerWaiting } from "./jobs.ts";
import { failed, planWaves } from "./waves.ts";

/** How long a job may wait for its room before it is `EXPIRED`. */
const JOB_DAYS = 30;

export interface NewRollout {
	name: string;
	spec: FirmwareSpec;
	/** Ids; absent: all active rooms. */
	devices?: readonly string[] | undefined;
}

/**
 * Firmware to many rooms, in waves. Who is in which wave is decided once, when a rollout is made; what then happens is decided by
 * `rolloutTick`, which any worker may run. Methods throw RoomErrors with the codes of the API's contract.
 */
export class Rollouts {
	readonly #db: Db;
	readonly #clock: Clock;
	readonly #director: Director | null;

	constructor(options: { db: Db; clock: Clock; director?: Director }) {
		this.#db = options.db;
		this.#clock = options.clock;
		this.#director = options.director ?? null;
	}

	/**
	 * Rooms that run this version already are left out. One rollout at a time: two could pull a room back and forth.
	 * Errors: `api.no_devices`, `api.rollout_running`.
	 */
	async create({ name, spec, devices }: NewRollout, by: string): Promise<string> {
		return this.#db.transaction().execute(async (trx) => {
			await sql`select pg_advisory_xact_lock(hashtextextended('rollouts', 0))`.execute(trx);
			const running = await trx
				.selectFrom("rollouts")
				.select("id")
				.where("state", "in", ["running", "paused"])
				.executeTakeFirst();
			if (running)
				throw new RoomError("api.rollout_running", "another rollout is under way: finish or cancel it first");
			const rooms = await trx
				.selectFrom("devices")
				.select("id")
				.where("state", "=", "active")
				.where("firmware", "!=", spec.version)
				.$if(devices !== undefined, (query) => query.where(sql<SqlBool>`id = any(${[...(devices ?? [])]})`))
				// Those that are there come first: the first wave has to prove something. Among them by lot.
				.orderBy("online", "desc")
				.orderBy(sql`random()`)
				.execute();
			const waves = planWaves(rooms.length);
			if (waves.length === 0) throw new RoomError("api.no_devices", "no room is left that needs this version");
			const { id } = await trx
				.insertInto("rollouts")
				.values({ name, spec: json(spec), waves: json(waves), created_by: by, created_at: this.#now() })
				.returning("id")
				.executeTakeFirstOrThrow();
			const waveOf = waves.flatMap((size, wave) => Array<number>(size).fill(wave));
			await sql`
				insert into rollout_devices (rollout_id, device_id, wave)
				select ${id}::uuid, device, wave
				from unnest(${rooms.map((room) => room.id)}::text[], ${waveOf}::int[]) as chosen (device, wave)`.execute(trx);
			await announce(trx, { rollouts: [id] });
			await beginWave(trx, id, 0, this.#offering());
			const detail = { devices: rooms.length, version: spec.version };
			await Audit.append(trx, { actor: by, action: "rollout.create", target: `rollout:${id}`, detail });
			return id;
		});
	}

	/** Begins nothing more. What a room has begun goes on. Error: `api.rollout_over`, `api.not_found`. */
	pause(id: string, by: string): Promise<void> {
		return this.#change(id, by, "rollout.pause", async (trx) => {
			await setState(trx, id, { state: "paused", pause_reason: "rollout.paused_by_person" }, this.#now());
			await callBack(trx, { rollout: id, states: ["QUEUED"], end: null });
		});
	}

	/** Goes on; failures so far are accepted. */
	resume(id: string, by: string): Promise<void> {
		return this.#change(id, by, "rollout.resume", async (trx) => {
			const failures = await failuresOf(trx, id);
			const change = { state: "running", pause_reason: null, accepted_failures: failures } as const;
			await setState(trx, id, change, this.#now());
			await offerWaiting(trx, this.#offering());
		});
	}

	/** Calls back what no room has begun to write. */
	cancel(id: string, by: string): Promise<void> {
		return this.#change(id, by, "rollout.cancel", async (trx) => {
			await setState(trx, id, { state: "cancelled", ended_at: this.#now() }, this.#now());
			await callBack(trx, { rollout: id, states: callable, end: { state: "CANCELLED", at: this.#now() } });
			await offerWaiting(trx, this.#offering());
		});
	}

	#change(id: string, by: string, action: string, change: (trx: Db) => Promise<void>): Promise<void> {
		return this.#db.transaction().execute(async (trx) => {
			const rollout = await trx
				.selectFrom("rollouts")
				.select("ended_at")
				.where("id", "=", id)
				.forUpdate()
				.executeTakeFirst();
			if (!rollout) throw new RoomError("api.not_found", "no such rollout");
			if (rollout.ended_at) throw new RoomError("api.rollout_over", "the rollout is over");
			await change(trx);
			await Audit.append(trx, { actor: by, action, target: `rollout:${id}` });
		});
	}

	#offering(): Offering {
		return { nowMs: this.#clock.now(), director: this.#director };
	}

	#now(): Date {
		return new Date(this.#clock.now());
	}
}

/** Failures in all waves so far. */
export async function failuresOf(trx: Db, rollout: string): Promise<number> {
	const { count } = await trx
		.selectFrom("jobs")
		.select(({ fn }) => fn.countAll<number>().as("count"))
		.where("rollout_id", "=", rollout)
		.where("state", "in", failed)
		.executeTakeFirstOrThrow();
	return Number(count);
}

/** Makes the jobs of a wave's rooms and offers them to those that have none. */
export async function beginWave(trx: Db, rollout: string, wave: number, at: Offering): Promise<void> {
	const { nowMs } = at;
	const rooms = await trx
		.selectFrom("rollout_devices as chosen")
		.innerJoin("devices", "devices.id", "chosen.device_id")
		.select("chosen.device_id as device")
		.where("chosen.rollout_id", "=", rollout)
		.where("chosen.wave", "=", wave)
		// who left the fleet meanwhile is no part of it any more
		.where("devices.state", "=", "active")
		.execute();
	const devices = rooms.map(({ device }) => device);
	const ids = devices.map(() => randomBytes(16).toString("base64url"));
	await sql`
		insert into jobs (id, device_id, seq, rollout_id, wave, spec, created_by, created_at, changed_at, expires_at)
		select made.id, made.device,
			1 + coalesce((select max(seq) from jobs where jobs.device_id = made.device), 0),
			rollouts.id, ${wave}, rollouts.spec, rollouts.created_by, ${new Date(nowMs)}, ${new Date(nowMs)},
			${new Date(nowMs + JOB_DAYS * 86_400_000)}
		from unnest(${ids}::text[], ${devices}::text[]) as made (id, device), rollouts
		where rollouts.id = ${rollout}::uuid
		on conflict do nothing`.execute(trx);
	await offerWaiting(trx, at);
}

/** Changes a rollout, and says so to whoever shows it. */
export async function setState(
	trx: Db,
	id: string,
	change: Partial<Pick<Row<"rollouts">, "state" | "pause_reason" | "ended_at" | "accepted_failures" | "current_wave">>,
	at: Date,
): Promise<void> {
	await trx
		.updateTable("rollouts")
		.set({ ...change, changed_at: at })
		.where("id", "=", id)
		.execute();
	await announce(trx, { rollouts: [id] });
}
