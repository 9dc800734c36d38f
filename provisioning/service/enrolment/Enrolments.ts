import { randomUUID } from "node:crypto";
import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { CODE_LIFE_MS, CODE_TRIES, writeCode } from "../../contract/enrolment.ts";
import type { Enrolment } from "../../contract/http/shapes.ts";
import type { TwinDoc } from "../../contract/twin.ts";
import { Audit } from "../audit/Audit.ts";
import { type Db, json } from "../db/Database.ts";
import type { Row } from "../db/Schema.ts";
import type { ServiceKey } from "../db/ServiceKey.ts";
import { announce } from "../fleet/announcements.ts";
import { newCode } from "./codes.ts";
import { discardPending } from "./pendingDevices.ts";

export interface NewEnrolment {
	/** What the room's first twin says of it. */
	room: TwinDoc["room"];
	/** Actor. */
	by: string;
}

/** Where a code's secret stands sealed: `ServiceKey`'s context. */
export const secretContext = (codeId: string): string => `enrolment_codes:${codeId}`;

/** A lookup is one of a million; who needs more tries has a million codes open. */
const DRAWS = 100;

/** Codes for rooms: made, withdrawn, forgotten. How a device uses one: `Handshakes`. */
export class Enrolments {
	readonly #db: Db;
	readonly #key: ServiceKey;
	readonly #clock: Clock;

	constructor(options: { db: Db; key: ServiceKey; clock: Clock }) {
		this.#db = options.db;
		this.#key = options.key;
		this.#clock = options.clock;
	}

	/** Makes a code, good for 24 hours and one device; `code` is not kept in a form that could be shown again. */
	async create({ room, by }: NewEnrolment): Promise<{ code: string; record: Enrolment }> {
		const now = this.#clock.now();
		for (let draw = 0; draw < DRAWS; draw++) {
			const { lookup, secret } = newCode();
			const row = await this.#db.transaction().execute(async (trx) => {
				const id = randomUUID();
				const tried = await trx
					.selectFrom("enrolment_tries")
					.select("lookup")
					.where("lookup", "=", lookup)
					.where("expires_at", ">", new Date(now))
					.executeTakeFirst();
				// Somebody guesses there: the new code would begin with fewer tries.
				if (tried) return null;
				const made = await trx
					.insertInto("enrolment_codes")
					.values({
						id,
						lookup,
						secret_sealed: this.#key.seal(secret, secretContext(id)),
						tries_left: CODE_TRIES,
						room: json(room),
						created_by: by,
						created_at: new Date(now),
						expires_at: new Date(now + CODE_LIFE_MS),
					})
					.onConflict((conflict) => conflict.doNothing())
					.returningAll()
					.executeTakeFirst();
				if (!made) return null;
				await announce(trx, { enrolments: true });
				await Audit.append(trx, { actor: by, action: "enrolment.create", target: `enrolment:${id}` });
				return made;
			});
			if (row) return { code: writeCode(lookup + secret), record: describeEnrolment(row, now) };
		}
		throw new RoomError("enrol.no_lookup_free", "too many codes are open");
	}

	/** Withdraws a code that no device has used. A device that is about to use it is unclaimed again. Error: `api.not_found`. */
	async withdraw(id: string, by: string): Promise<void> {
		const now = this.#clock.now();
		await this.#db.transaction().execute(async (trx) => {
			const code = await trx
				.selectFrom("enrolment_codes")
				.select(["id", "device_id"])
				.where("id", "=", id)
				.where("state", "in", ["open", "issued"])
				.forUpdate()
				.executeTakeFirst();
			if (!code) throw new RoomError("api.not_found", "there is no such code that could still be used");
			if (code.device_id) await discardPending(trx, code.device_id, now);
			await trx
				.updateTable("enrolment_codes")
				.set({ state: "withdrawn", secret_sealed: null })
				.where("id", "=", id)
				.execute();
			await announce(trx, { enrolments: true });
			await Audit.append(trx, { actor: by, action: "enrolment.withdraw", target: `enrolment:${id}` });
		});
	}
}

/** The code as the API shows it. One that waits for its device's confirmation is still open: it can be used again. */
export function describeEnrolment(row: Row<"enrolment_codes">, now: number): Enrolment {
	const open = row.state === "open" || row.state === "issued";
	return {
		id: row.id,
		lookup: row.lookup,
		roomName: row.room.name,
		createdAt: row.created_at.toISOString(),
		expiresAt: row.expires_at.toISOString(),
		tries: CODE_TRIES - row.tries_left,
		state: open ? (row.expires_at.getTime() > now ? "open" : "expired") : (row.state as Enrolment["state"]),
		device: row.state === "used" ? row.device_id : null,
	};
}
