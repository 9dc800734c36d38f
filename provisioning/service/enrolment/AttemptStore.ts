import type { EnrolFailure, EnrolUp } from "../../contract/enrolment.ts";
import type { DeviceFacts } from "../../contract/twin.ts";
import { type Db, json } from "../db/Database.ts";
import type { ServiceKey } from "../db/ServiceKey.ts";
import { announce } from "../fleet/announcements.ts";
import { secretContext } from "./Enrolments.ts";
import type { Attempt } from "./handshake.ts";
import { Tries } from "./Tries.ts";

/** A handshake as it stands in the database. */
export type StoredAttempt = Attempt & {
	nonce: string;
	/** Null: there is no such code. */
	codeId: string | null;
	lookup: string;
	facts: DeviceFacts;
	/** The payload of `issued`. */
	answer: Buffer | null;
};

/** Time for a person who types, a slow device and a broker that comes back. */
const ATTEMPT_MS = 10 * 60_000;

/** What is known of handshakes, for all workers. */
export class AttemptStore {
	readonly #db: Db;
	readonly #key: ServiceKey;

	constructor(db: Db, key: ServiceKey) {
		this.#db = db;
		this.#key = key;
	}

	async find(nonce: string): Promise<StoredAttempt | null> {
		const row = await this.#db
			.selectFrom("enrolment_attempts")
			.selectAll()
			.where("nonce", "=", nonce)
			.executeTakeFirst();
		if (!row) return null;
		const state =
			row.step === "failed"
				? { step: row.step, failure: (row.failure ?? "enrol.failed") as EnrolFailure }
				: { step: row.step };
		return {
			...state,
			nonce,
			codeId: row.code_id,
			lookup: row.lookup,
			facts: row.facts,
			answer: row.answer,
			expiresAt: row.expires_at.getTime(),
			devNonce: row.dev_nonce,
			srvNonce: row.srv_nonce,
			csr: row.csr?.toString("base64") ?? null,
		};
	}

	/** False if somebody was faster. */
	async begin(nonce: string, hello: EnrolUp & { op: "hello" }, srvNonce: string, now: number): Promise<boolean> {
		const code = await this.#db
			.selectFrom("enrolment_codes")
			.select("id")
			.where("lookup", "=", hello.lookup)
			.where("state", "in", ["open", "issued"])
			.where("expires_at", ">", new Date(now))
			.executeTakeFirst();
		const made = await this.#db
			.insertInto("enrolment_attempts")
			.values({
				nonce,
				code_id: code?.id ?? null,
				lookup: hello.lookup,
				step: "challenged",
				facts: json(hello.facts),
				dev_nonce: hello.devNonce,
				srv_nonce: srvNonce,
				created_at: new Date(now),
				expires_at: new Date(now + ATTEMPT_MS),
			})
			.onConflict((conflict) => conflict.doNothing())
			.returning("nonce")
			.executeTakeFirst();
		return made !== undefined;
	}

	/** This worker, and no other, goes on: `taken`, if another does; `locked`, if the lookup was tried too often. */
	async claim(nonce: string, csr: string, now: number): Promise<"mine" | "taken" | "locked"> {
		return this.#db.transaction().execute(async (trx) => {
			const mine = await trx
				.updateTable("enrolment_attempts")
				.set({ step: "pending", csr: Buffer.from(csr, "base64") })
				.where("nonce", "=", nonce)
				.where("step", "=", "challenged")
				.returning("lookup")
				.executeTakeFirst();
			if (!mine) return "taken";
			return (await Tries.take(trx, mine.lookup, now)) ? "mine" : "locked";
		});
	}

	/** The proof was not looked at: it may come again. */
	async unclaim({ nonce, lookup }: StoredAttempt): Promise<void> {
		await this.#db.transaction().execute(async (trx) => {
			const mine = await trx
				.updateTable("enrolment_attempts")
				.set({ step: "challenged" })
				.where("nonce", "=", nonce)
				.where("step", "=", "pending")
				.returning("nonce")
				.executeTakeFirst();
			if (mine) await Tries.giveBack(trx, lookup);
		});
	}

	giveTryBack({ lookup }: StoredAttempt): Promise<void> {
		return Tries.giveBack(this.#db, lookup);
	}

	/** The code's secret; null: there is no such code (any more). */
	async readCode({ codeId }: StoredAttempt, now: number): Promise<{ id: string; secret: string } | null> {
		const row = await this.#db
			.selectFrom("enrolment_codes")
			.select(["id", "secret_sealed"])
			// Of a lookup that nobody knows, nothing is found in the same time.
			.where("id", "=", codeId ?? "00000000-0000-0000-0000-000000000000")
			.where("state", "in", ["open", "issued"])
			.where("expires_at", ">", new Date(now))
			.executeTakeFirst();
		if (!row?.secret_sealed) return null;
		return { id: row.id, secret: this.#key.open(row.secret_sealed, secretContext(row.id)) };
	}

	/** The proof was wrong: the attempt is over, and with the last try the code is locked. Returns how many tries are left. */
	async failTry({ nonce, codeId, lookup }: StoredAttempt, now: number): Promise<number> {
		return this.#db.transaction().execute(async (trx) => {
			const left = await Tries.left(trx, lookup);
			const code = trx
				.updateTable("enrolment_codes")
				.where("id", "=", codeId ?? "00000000-0000-0000-0000-000000000000")
				// Who waits for a confirmation has proved it.
				.where("state", "=", "open")
				.where("expires_at", ">", new Date(now));
			if (left > 0) await code.set({ tries_left: left }).execute();
			else await code.set({ tries_left: 0, state: "locked", secret_sealed: null }).execute();
			await this.#end(trx, nonce, left > 0 ? "enrol.code_wrong" : "enrol.code_locked");
			await announce(trx, { enrolments: true });
			return left;
		});
	}

	/** Ends an attempt. */
	fail(nonce: string, failure: EnrolFailure): Promise<void> {
		return this.#end(this.#db, nonce, failure);
	}

	async #end(db: Db, nonce: string, failure: EnrolFailure): Promise<void> {
		await db
			.updateTable("enrolment_attempts")
			.set({ step: "failed", failure })
			.where("nonce", "=", nonce)
			.where("step", "in", ["challenged", "pending"])
			.execute();
	}
}
