import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { Db } from "./Database.ts";

export interface AuditHead {
	seq: number;
	/** SHA-256, lower-case hex; 64 zeros for an empty log. */
	hash: string;
}

export interface AuditVerification {
	/** How many entries were followed. */
	entries: number;
	whole: boolean;
	/** The first entry that does not follow from the one before it, is missing, or is not the one of `known`. */
	brokenAt: number | null;
	head: AuditHead;
}

const ZERO = "0".repeat(64);
const PAGE = 1000;

/**
 * Follows the chain of hashes from the first entry to the last. Whoever cuts off the newest entries leaves a whole chain: `known`, a head
 * that was written down elsewhere at an earlier time, must still be in it.
 */
export async function verifyAudit(db: Db, known?: AuditHead): Promise<AuditVerification> {
	let head: AuditHead = { seq: 0, hash: ZERO };
	const result = (brokenAt: number | null) => ({ entries: head.seq, whole: brokenAt === null, brokenAt, head });
	for (;;) {
		const rows = await db
			.selectFrom("audit")
			.select(["seq", "ts", "actor", "action", "target", "previous_hash", "hash"])
			.select(sql<string>`detail::text`.as("detail"))
			.where("seq", ">", head.seq)
			.orderBy("seq")
			.limit(PAGE)
			.execute();
		for (const row of rows) {
			const hash = auditHash(head.hash, row);
			const follows = row.seq === head.seq + 1 && row.previous_hash.toString("hex") === head.hash;
			if (!follows || row.hash.toString("hex") !== hash) return result(head.seq + 1);
			if (known?.seq === row.seq && known.hash !== hash) return result(row.seq);
			head = { seq: row.seq, hash };
		}
		if (rows.length < PAGE) break;
	}
	return result(known && known.seq > head.seq ? head.seq + 1 : null);
}

export interface HashedEntry {
	seq: number;
	ts: Date;
	actor: string;
	action: string;
	target: string | null;
	/** As PostgreSQL writes the jsonb value. */
	detail: string;
}

/** What the database's trigger `audit_chain` computes: SHA-256 over the hash before it and each field as a netstring, `-` for none. */
export function auditHash(previous: string, { seq, ts, actor, action, target, detail }: HashedEntry): string {
	const hash = createHash("sha256").update(Buffer.from(previous, "hex"));
	for (const field of [String(seq), ts.toISOString(), actor, action, target, detail]) {
		hash.update(field === null ? "-" : `${Buffer.byteLength(field)}:${field},`);
	}
	return hash.digest("hex");
}
