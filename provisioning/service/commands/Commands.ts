import { sql } from "kysely";
import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { type Command, commandRequest } from "../../contract/commands.ts";
import { encodePayload } from "../../contract/envelope.ts";
import type { CommandRecord } from "../../contract/http/shapes.ts";
import { topics } from "../../contract/topics.ts";
import { Audit } from "../audit/Audit.ts";
import { newEnvelope } from "../bus/message.ts";
import type { FrameOf } from "../bus/readFrame.ts";
import { type Db, json } from "../db/Database.ts";
import { enqueue } from "../db/Outbound.ts";
import type { Row } from "../db/Schema.ts";
import { announce } from "../fleet/announcements.ts";
import type { Registry } from "../registry/Registry.ts";

/** How long a device has to answer. */
const ANSWER_MS: Record<Command["op"], number> = {
	identify: 15_000,
	restart: 60_000,
	doctor: 120_000,
	unenrol: 60_000,
};

/** What is asked of a device at once, and its answers. */
export class Commands {
	readonly #db: Db;
	readonly #clock: Clock;
	readonly #registry: Registry;

	constructor(options: { db: Db; clock: Clock; registry: Registry }) {
		this.#db = options.db;
		this.#clock = options.clock;
		this.#registry = options.registry;
	}

	/** Errors: `api.not_found`, `api.device_gone` (it left the fleet), `api.device_offline` (nobody is there to do it). */
	async send(device: string, command: Command, by: string): Promise<CommandRecord> {
		return this.#db.transaction().execute(async (trx) => {
			const now = this.#clock.now();
			const row = await trx
				.selectFrom("devices")
				.select(["state", "online"])
				.where("id", "=", device)
				.executeTakeFirst();
			if (!row) throw new RoomError("api.not_found", "there is no such device");
			if (row.state === "revoked" || row.state === "retired") {
				throw new RoomError("api.device_gone", "the device is no longer in the fleet");
			}
			if (!row.online || row.state !== "active") {
				throw new RoomError("api.device_offline", "the device is not connected: try again when it is");
			}
			const envelope = newEnvelope(now);
			const expires = now + ANSWER_MS[command.op];
			const payload = encodePayload(commandRequest, { ...envelope, exp: expires, ...command });
			const record = await trx
				.insertInto("commands")
				.values({
					mid: envelope.mid,
					device_id: device,
					op: command.op,
					args: json(command.args),
					created_by: by,
					created_at: new Date(now),
					expires_at: new Date(expires),
				})
				.returningAll()
				.executeTakeFirstOrThrow();
			await enqueue(trx, [{ topic: topics.commandRequest(device), payload, expiresAt: new Date(expires) }]);
			await announce(trx, { devices: [device] });
			await Audit.append(trx, {
				actor: by,
				action: `command.${command.op}`,
				target: `device:${device}`,
				detail: { mid: envelope.mid },
			});
			return describeCommand(record);
		});
	}

	/**
	 * Takes in answers. Only the device that was asked can answer (its id is the topic's); once, except that 202, under way, may be followed by
	 * the outcome. Who has agreed to `unenrol` is retired.
	 */
	async takeResponses(frames: readonly FrameOf<"commandResponse">[]): Promise<void> {
		for (const { id, message } of frames) await this.#take(id, message);
	}

	async #take(device: string, { re, status, code, checks }: FrameOf<"commandResponse">["message"]): Promise<void> {
		const response = { status, ...(code ? { code } : {}), ...(checks ? { checks } : {}) };
		await this.#db.transaction().execute(async (trx) => {
			const now = this.#clock.now();
			// First the device, then what is of it, in this order everywhere.
			await trx.selectFrom("devices").select("id").where("id", "=", device).forNoKeyUpdate().execute();
			const { rows } = await sql<{ op: string }>`
				update commands set
					state = ${status === 408 ? "expired" : "answered"}, response = ${json(response)}, answered_at = ${new Date(now)}
				where mid = ${re} and device_id = ${device}
					and (state = 'sent' or (state = 'answered' and (response ->> 'status')::int = 202))
				returning op`.execute(trx);
			if (!rows[0]) return;
			if (rows[0].op === "unenrol" && status < 300) {
				if (await this.#registry.end(trx, device, "retired", "retired")) {
					await Audit.append(trx, { actor: `device:${device}`, action: "device.retire", target: `device:${device}` });
				}
			}
			await announce(trx, { devices: [device] });
		});
	}

	/** Marks what was not answered in time. Returns how many. */
	async expire(): Promise<number> {
		return this.#db.transaction().execute(async (trx) => {
			const now = this.#clock.now();
			const rows = await trx
				.updateTable("commands")
				.set({ state: "expired", answered_at: new Date(now), response: json({ status: 408 }) })
				.where("state", "=", "sent")
				.where("expires_at", "<=", new Date(now))
				.returning("device_id")
				.execute();
			await announce(trx, { devices: [...new Set(rows.map(({ device_id }) => device_id))] });
			return rows.length;
		});
	}
}

/** The command as the API shows it. */
export function describeCommand(row: Row<"commands">): CommandRecord {
	const { mid, device_id: device, op, state, response } = row;
	return { mid, device, op, at: row.created_at.toISOString(), state, response };
}
