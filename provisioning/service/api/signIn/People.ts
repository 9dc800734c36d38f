import { sql } from "kysely";
import type { Clock } from "../../../../device/core/clock.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { Role } from "../../../contract/http/route.ts";
import type { Person } from "../../../contract/http/shapes.ts";
import { Audit } from "../../audit/Audit.ts";
import type { Db } from "../../db/Database.ts";
import { notFound } from "../failures.ts";
import type { ApiTokens } from "./ApiTokens.ts";
import { accessChanged } from "./accessChanged.ts";
import type { Invitations } from "./Invitations.ts";
import type { Sessions } from "./Sessions.ts";
import { isUuid } from "./secrets.ts";

export interface PeopleOptions {
	db: Db;
	clock: Clock;
	sessions: Sessions;
	tokens: ApiTokens;
	invitations: Invitations;
}

/** Who may sign in, and as what. */
export class People {
	readonly #options: PeopleOptions;

	constructor(options: PeopleOptions) {
		this.#options = options;
	}

	list(): Promise<Person[]> {
		return select(this.#options.db).orderBy("display_name").limit(1000).execute().then(records);
	}

	/** Error: `api.not_found`. */
	async get(id: string): Promise<Person> {
		return get(this.#options.db, id);
	}

	/**
	 * Changes a role, or shuts out (and lets in again: the passkeys are kept). Who is shut out, or is no admin any longer, loses what was
	 * made as one: API tokens, open invitations. Errors: `api.not_found`, `api.last_admin`.
	 */
	async change(id: string, to: { role: Role; disabled: boolean }, by: string): Promise<Person> {
		const { db, clock, sessions, tokens, invitations } = this.#options;
		return db.transaction().execute(async (trx) => {
			// Locks all of them, so that two admins can't each take the other one for the last.
			const admins = await trx
				.selectFrom("people")
				.select("id")
				.where("role", "=", "fleet_admin")
				.where("disabled_at", "is", null)
				.orderBy("id")
				.forUpdate()
				.execute();
			const before = await get(trx, id);
			const stays = to.role === "fleet_admin" && !to.disabled;
			if (!stays && admins.length === 1 && admins[0]?.id === id) {
				throw new RoomError("api.last_admin", "somebody has to be able to let others in; invite another admin first");
			}
			if (before.role === to.role && before.disabled === to.disabled) return before;
			await trx
				.updateTable("people")
				.set({ role: to.role, disabled_at: to.disabled ? new Date(clock.now()) : null })
				.where("id", "=", id)
				.execute();
			if (to.disabled) await sessions.endAllOf(trx, id);
			let ended = 0;
			if (!stays) {
				await invitations.withdrawAllBy(trx, `person:${id}`);
				ended = await tokens.revokeAllBy(trx, `person:${id}`);
			}
			await accessChanged(trx);
			const after = await get(trx, id);
			const detail = { role: to.role, disabled: to.disabled, tokensEnded: ended };
			await Audit.append(trx, { actor: by, action: "person.change", target: `person:${id}`, detail });
			return after;
		});
	}
}

const select = (db: Db) =>
	db
		.selectFrom("people")
		.select(["id", "display_name", "role", "created_at", "disabled_at"])
		.select(sql<number>`(select count(*) from passkeys where person_id = people.id)`.as("passkeys"));

async function get(db: Db, id: string): Promise<Person> {
	const rows = isUuid(id) ? await select(db).where("id", "=", id).execute() : [];
	const [person] = records(rows);
	if (!person) throw notFound("person");
	return person;
}

const records = (rows: Awaited<ReturnType<ReturnType<typeof select>["execute"]>>): Person[] =>
	rows.map((row) => ({
		id: row.id,
		name: row.display_name,
		role: row.role,
		passkeys: row.passkeys,
		createdAt: row.created_at.toISOString(),
		disabled: row.disabled_at !== null,
	}));
