import type { Db } from "../../db/Database.ts";
import { SESSION_IDLE_MS } from "./Sessions.ts";

/** How long one can still see that there was a token. */
const ENDED_TOKENS_MS = 90 * 24 * 3_600_000;

/** Deletes what is over: challenges, sessions, invitations, and tokens that ended long ago. Any worker may, at any time. */
export async function tidySignIn(db: Db, nowMs: number): Promise<void> {
	const now = new Date(nowMs);
	const before = new Date(nowMs - ENDED_TOKENS_MS);
	await db.deleteFrom("webauthn_challenges").where("expires_at", "<=", now).execute();
	await db
		.deleteFrom("sessions")
		.where((or) => or.or([or("expires_at", "<=", now), or("last_seen_at", "<=", new Date(nowMs - SESSION_IDLE_MS))]))
		.execute();
	await db.deleteFrom("invitations").where("expires_at", "<=", now).execute();
	await db
		.deleteFrom("api_tokens")
		.where((or) => or.or([or("expires_at", "<=", before), or("revoked_at", "<=", before)]))
		.execute();
}
