import type { AuditEntry } from "../../contract/http/shapes.ts";
import { type Db, json } from "../db/Database.ts";
import type { AuditDetail } from "../db/Schema.ts";
import { type AuditHead, type AuditVerification, verifyAudit } from "../db/verifyAudit.ts";

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

const PAGE = 1000;

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

	/** The newest first, or those before an entry. */
	async list(db: Db, { before, limit }: { before: number | null; limit: number }): Promise<AuditEntry[]> {
		const rows = await entries(db)
			.where("seq", "<", before ?? Number.MAX_SAFE_INTEGER)
			.orderBy("seq", "desc")
			.limit(limit)
			.execute();
		return rows.map(record);
	},

	/** All, the oldest first, a page of them in memory at a time: for a copy that is kept elsewhere. */
	async *export(db: Db): AsyncGenerator<AuditEntry, void, undefined> {
		let after = 0;
		for (;;) {
			const rows = await entries(db).where("seq", ">", after).orderBy("seq").limit(PAGE).execute();
			yield* rows.map(record);
			if (rows.length < PAGE) return;
			after = rows.at(-1)?.seq ?? after;
		}
	},

	/** Follows the chain of hashes, a page of entries in memory at a time; `known`: a head that was written down elsewhere. */
	verify(db: Db, known?: AuditHead): Promise<AuditVerification> {
		return verifyAudit(db, known);
	},
};

const entries = (db: Db) => db.selectFrom("audit").select(["seq", "ts", "actor", "action", "target", "detail", "hash"]);

type EntryRow = Awaited<ReturnType<ReturnType<typeof entries>["execute"]>>[number];

const record = (row: EntryRow): AuditEntry => ({
	seq: row.seq,
	at: row.ts.toISOString(),
	actor: row.actor,
	action: row.action,
	target: row.target,
	detail: row.detail,
	hash: row.hash.toString("hex"),
});
