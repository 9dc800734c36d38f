import type { Db } from "../db/Database.ts";
import { json } from "../db/Database.ts";
import type { AuditDetail } from "../db/Schema.ts";

export interface AuditRecord {
	/** `person:<uuid>`, `token:<uuid>`, `device:<id>` or `service`: an id, never a name. */
	actor: string;
	/** `area.verb`: `device.revoke`. */
	action: string;
	/** `device:<id>`, `person:<uuid>`, `rollout:<uuid>` …; null: the fleet. */
	target: string | null;
	/** Nothing personal: it can't be taken back. */
	detail?: AuditDetail;
}

/** What was done, and by whom: append-only, each entry bound to the one before it by a hash that the database computes. */
export const Audit = {
	/**
	 * Writes an entry, in the transaction of what it tells of: both are, or neither is. Other writers wait until `trx` ends, so let it be
	 * the last statement.
	 */
	async append(trx: Db, { actor, action, target, detail }: AuditRecord): Promise<void> {
		await trx
			.insertInto("audit")
			.values({ actor, action, target, detail: json(detail ?? {}) })
			.execute();
	},
};
