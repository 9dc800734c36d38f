import { sql } from "kysely";
import { CODE_LIFE_MS, CODE_TRIES } from "../../contract/enrolment.ts";
import type { Db } from "../db/Database.ts";

/**
 * How often a lookup may be tried, whether there is such a code or not. A try is taken before the proof is looked at and given back when
 * it was right, so that many at once are not more than five.
 */
export const Tries = {
	/** False: locked. */
	async take(db: Db, lookup: string, now: number): Promise<boolean> {
		const { rows } = await sql`
			insert into enrolment_tries (lookup, tries, expires_at) values (${lookup}, 1, ${new Date(now + CODE_LIFE_MS)})
			on conflict (lookup) do update set
				tries = case when enrolment_tries.expires_at <= ${new Date(now)} then 1 else enrolment_tries.tries + 1 end,
				expires_at = excluded.expires_at
			where enrolment_tries.tries < ${CODE_TRIES} or enrolment_tries.expires_at <= ${new Date(now)}
			returning tries`.execute(db);
		return rows.length === 1;
	},

	async giveBack(db: Db, lookup: string): Promise<void> {
		await sql`update enrolment_tries set tries = tries - 1 where lookup = ${lookup} and tries > 0`.execute(db);
	},

	/** The code was proved: nothing is held against it any more. */
	async forget(db: Db, lookup: string): Promise<void> {
		await sql`delete from enrolment_tries where lookup = ${lookup}`.execute(db);
	},

	/** How many are left. */
	async left(db: Db, lookup: string): Promise<number> {
		const row = await db.selectFrom("enrolment_tries").select("tries").where("lookup", "=", lookup).executeTakeFirst();
		return CODE_TRIES - (row?.tries ?? 0);
	},
};
