import type { Clock } from "../../../../device/core/clock.ts";
import type { Role } from "../../../contract/http/route.ts";
import { Audit } from "../../audit/Audit.ts";
import type { Db } from "../../db/Database.ts";
import { hashSecret, newSecret } from "./secrets.ts";

export const INVITATION_MS = 24 * 3_600_000;

export interface Invitation {
	/** The code: a secret, shown once. */
	invitation: string;
	/** The console's page with the code in its fragment, which no server sees. */
	url: string;
	/** RFC 3339. */
	expiresAt: string;
}

/** One-time codes by which a person registers a passkey. */
export class Invitations {
	readonly #clock: Clock;
	readonly #origin: string;

	constructor(options: { clock: Clock; origin: string }) {
		this.#clock = options.clock;
		this.#origin = options.origin;
	}

	async create(trx: Db, { role, by }: { role: Role; by: string }): Promise<Invitation> {
		const invitation = newSecret();
		const now = this.#clock.now();
		const expiresAt = new Date(now + INVITATION_MS);
		await trx
			.insertInto("invitations")
			.values({
				code_hash: hashSecret(invitation),
				role,
				created_by: by,
				created_at: new Date(now),
				expires_at: expiresAt,
			})
			.execute();
		await Audit.append(trx, { actor: by, action: "person.invite", target: null, detail: { role } });
		return {
			invitation,
			url: `${this.#origin}/console/#/invite/${invitation}`,
			expiresAt: expiresAt.toISOString(),
		};
	}

	/** The open invitation with this code, or null. */
	async find(db: Db, invitation: string): Promise<{ id: string } | null> {
		const row = await db
			.selectFrom("invitations")
			.select("id")
			.where("code_hash", "=", hashSecret(invitation))
			.where("used_at", "is", null)
			.where("expires_at", ">", new Date(this.#clock.now()))
			.executeTakeFirst();
		return row ?? null;
	}

	/** Uses it up; null if it is used, expired or withdrawn. Of two at once one waits and gets null. */
	async use(trx: Db, id: string): Promise<{ role: Role; createdBy: string } | null> {
		const now = new Date(this.#clock.now());
		const row = await trx
			.updateTable("invitations")
			.set({ used_at: now })
			.where("id", "=", id)
			.where("used_at", "is", null)
			.where("expires_at", ">", now)
			.returning(["role", "created_by"])
			.executeTakeFirst();
		return row ? { role: row.role, createdBy: row.created_by } : null;
	}

	/** Withdraws the open ones that this actor made. */
	async withdrawAllBy(trx: Db, actor: string): Promise<void> {
		await trx.deleteFrom("invitations").where("created_by", "=", actor).where("used_at", "is", null).execute();
	}
}
