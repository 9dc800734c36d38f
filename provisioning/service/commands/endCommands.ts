import type { Db } from "../db/Database.ts";

/** Nobody will answer any more what was asked of this device. */
export async function endCommands(trx: Db, device: string, now: number): Promise<void> {
	await trx
		.updateTable("commands")
		.set({ state: "expired", answered_at: new Date(now) })
		.where("device_id", "=", device)
		.where("state", "=", "sent")
		.execute();
}
