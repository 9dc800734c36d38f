import type { Db } from "../db/Database.ts";
import { announce } from "../fleet/announcements.ts";
import { clearRetained } from "../registry/clearRetained.ts";
import { revokeCertificates } from "../registry/revokeCertificates.ts";

/**
 * Takes back what was issued to a device that has not confirmed it: the device was never in the fleet, so its row goes; its certificate stays
 * on record as revoked, for somebody may have it. Does nothing to a device that is active.
 */
export async function discardPending(trx: Db, device: string, now: number): Promise<boolean> {
	const pending = await trx
		.selectFrom("devices")
		.select("id")
		.where("id", "=", device)
		.where("state", "=", "pending")
		.forUpdate()
		.executeTakeFirst();
	if (!pending) return false;
	await revokeCertificates(trx, [device], "unconfirmed", now);
	await trx.updateTable("certificates").set({ device_id: null }).where("device_id", "=", device).execute();
	await trx.deleteFrom("devices").where("id", "=", device).execute();
	await clearRetained(trx, [device]);
	await announce(trx, { devices: [device], enrolments: true });
	return true;
}

/**
 * The code by which this device is being enrolled, held until `trx` ends. Whoever changes both a code and its device takes the code first: two in
 * different orders would wait for each other.
 */
export const lockIssuedCode = (trx: Db, device: string): Promise<{ id: string } | undefined> =>
	trx
		.selectFrom("enrolment_codes")
		.select("id")
		.where("device_id", "=", device)
		.where("state", "=", "issued")
		.forUpdate()
		.executeTakeFirst();
