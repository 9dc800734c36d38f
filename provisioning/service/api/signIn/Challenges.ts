import type { Clock } from "../../../../device/core/clock.ts";
import type { Db } from "../../db/Database.ts";
import type { Row } from "../../db/Schema.ts";
import { refused } from "./passkeyChecks.ts";
import { isUuid } from "./secrets.ts";

export const CHALLENGE_MS = 5 * 60_000;

export type Challenge = Row<"webauthn_challenges">;
type Purpose = Challenge["purpose"];

/** What authenticators were asked to sign; each is good for five minutes, one answer and its own purpose. */
export class Challenges {
	readonly #db: Db;
	readonly #clock: Clock;

	constructor(options: { db: Db; clock: Clock }) {
		this.#db = options.db;
		this.#clock = options.clock;
	}

	/** Resolves with its id. */
	async keep(challenge: Pick<Challenge, "challenge" | "purpose"> & Partial<Challenge>): Promise<string> {
		const now = this.#clock.now();
		const { id } = await this.#db
			.insertInto("webauthn_challenges")
			.values({ ...challenge, created_at: new Date(now), expires_at: new Date(now + CHALLENGE_MS) })
			.returning("id")
			.executeTakeFirstOrThrow();
		return id;
	}

	/** Each counts once, whatever the answer to it was. Error: `api.passkey_refused`. */
	async take(id: string, purpose: Purpose): Promise<Challenge> {
		const challenge = isUuid(id)
			? await this.#db
					.deleteFrom("webauthn_challenges")
					.where("id", "=", id)
					.where("purpose", "=", purpose)
					.where("expires_at", ">", new Date(this.#clock.now()))
					.returningAll()
					.executeTakeFirst()
			: null;
		if (!challenge) throw refused();
		return challenge;
	}
}
