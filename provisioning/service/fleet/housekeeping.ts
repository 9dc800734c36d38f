import type { Db } from "../db/Database.ts";
import { discardPending, lockIssuedCode } from "../enrolment/pendingDevices.ts";
import { purgeEvents } from "../events/events.ts";
import { revokeSuperseded } from "../registry/revokeCertificates.ts";
import { announce } from "./announcements.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Unconfirmed for so long: the device was never there. It has given up long before. */
const PENDING_MS = HOUR_MS;
/** A certificate that was replaced stays good for so long after the new one was seen: a connection that is being made must not fail. */
const OVERLAP_MS = 10 * 60_000;
/** How long it is kept what was asked of devices. */
const COMMAND_DAYS = 30;

/**
 * Takes back certificates that nobody confirmed within an hour. Their code can be used again until it expires: nobody has got in by it, and
 * whoever was given it would have to ask for another.
 */
export async function discardUnconfirmed(db: Db, now: number): Promise<number> {
	const devices = await db
		.selectFrom("devices")
		.select("id")
		.where("state", "=", "pending")
		.where("created_at", "<", new Date(now - PENDING_MS))
		.limit(100)
		.execute();
	let count = 0;
	for (const { id } of devices) {
		await db.transaction().execute(async (trx) => {
			const code = await lockIssuedCode(trx, id);
			if (!(await discardPending(trx, id, now))) return;
			count++;
			if (code) await trx.updateTable("enrolment_codes").set({ state: "open" }).where("id", "=", code.id).execute();
		});
	}
	return count;
}

/** Ends codes that are past their time, and forgets attempts and tries. */
export async function expireEnrolments(db: Db, now: number): Promise<void> {
	const at = new Date(now);
	await db.transaction().execute(async (trx) => {
		const expired = await trx
			.updateTable("enrolment_codes")
			.set({ state: "expired", secret_sealed: null })
			.where("state", "=", "open")
			.where("expires_at", "<=", at)
			.returning("id")
			.execute();
		await trx.deleteFrom("enrolment_attempts").where("expires_at", "<=", at).execute();
		await trx.deleteFrom("enrolment_tries").where("expires_at", "<=", at).execute();
		await announce(trx, { enrolments: expired.length > 0 });
	});
}

/** Puts certificates on the revocation list whose successors have been in use for some minutes. Returns how many. */
export const endSuperseded = (db: Db, now: number): Promise<number> =>
	db.transaction().execute((trx) => revokeSuperseded(trx, new Date(now - OVERLAP_MS), now));

/** Deletes what is not kept any longer. */
export async function purge(db: Db, now: number): Promise<void> {
	await purgeEvents(db, now);
	await db
		.deleteFrom("commands")
		.where("created_at", "<", new Date(now - COMMAND_DAYS * DAY_MS))
		.execute();
	// Of devices that never were, and probes of the revocation list.
	await db.deleteFrom("certificates").where("device_id", "is", null).where("not_after", "<", new Date(now)).execute();
}
