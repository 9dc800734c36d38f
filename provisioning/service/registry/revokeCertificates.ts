import { sql } from "kysely";
import * as z from "zod/mini";
import type { Db } from "../db/Database.ts";
import { notify } from "../db/Notifications.ts";

/** Workers hear on it that certificates were revoked, and whom the broker has to throw out. */
export const REVOKED = "certificates_revoked";
const revoked = z.object({ kick: z.array(z.string()) });

/** PostgreSQL takes 7999 bytes. */
const KICKS_MOST = 150;

/**
 * Marks all certificates of these devices as revoked; `reason`: `retired`, `unconfirmed`, or why an admin did it. When `trx` is committed,
 * workers are told: `RevocationKeeper` signs the list and lets the broker heed it.
 */
export async function revokeCertificates(
	trx: Db,
	devices: readonly string[],
	reason: string,
	now: number,
): Promise<void> {
	await trx
		.updateTable("certificates")
		.set({ state: "revoked", revoked_at: new Date(now), reason })
		.where("device_id", "in", [...devices])
		.where("state", "!=", "revoked")
		.execute();
	for (let from = 0; from < devices.length; from += KICKS_MOST) {
		await notify(trx, REVOKED, JSON.stringify({ kick: devices.slice(from, from + KICKS_MOST) }));
	}
}

/** Marks certificates that a newer one, confirmed before `before`, has replaced; their devices stay. Returns how many. */
export async function revokeSuperseded(trx: Db, before: Date, now: number): Promise<number> {
	const { numAffectedRows = 0n } = await sql`
		update certificates set state = 'revoked', revoked_at = ${new Date(now)}, reason = 'superseded'
		where state = 'superseded' and exists (
			select from certificates newer
			where newer.device_id = certificates.device_id and newer.state = 'active' and newer.confirmed_at < ${before}
		)`.execute(trx);
	if (numAffectedRows > 0n) await notify(trx, REVOKED, JSON.stringify({ kick: [] }));
	return Number(numAffectedRows);
}

/** Whom to kick; null: some messages may have been missed. */
export function readRevoked(payload: string | null): readonly string[] | null {
	if (payload === null) return null;
	try {
		return revoked.parse(JSON.parse(payload)).kick;
	} catch {
		return null;
	}
}
