import { chmod, rm, stat, writeFile } from "node:fs/promises";
import type { Clock } from "../../../../device/core/clock.ts";
import type { Db } from "../../db/Database.ts";
import { INVITATION_MS, type Invitation, type Invitations } from "./Invitations.ts";

/**
 * While there is no admin who can sign in: makes a one-time link and writes it into `file`, readable by the service's own account only,
 * since who has it becomes an admin. A file of an earlier start whose link is still good is left; with an admin there, it is removed.
 */
export async function inviteFirstAdmin(options: {
	db: Db;
	invitations: Invitations;
	clock: Clock;
	file: string;
}): Promise<Invitation | null> {
	const { db, invitations, clock, file } = options;
	if (await hasAdmin(db)) {
		await rm(file, { force: true });
		return null;
	}
	const written = await stat(file).catch(() => null);
	if (written && written.mtimeMs > clock.now() - INVITATION_MS && (await isOpen(db, clock.now()))) return null;
	const invitation = await db
		.transaction()
		.execute((trx) => invitations.create(trx, { role: "fleet_admin", by: "service" }));
	await writeFile(file, `${invitation.url}\n`, { mode: 0o600 });
	// The mode above is of a new file only.
	await chmod(file, 0o600);
	return invitation;
}

async function hasAdmin(db: Db): Promise<boolean> {
	const admin = await db
		.selectFrom("people")
		.select("id")
		.where("role", "=", "fleet_admin")
		.where("disabled_at", "is", null)
		.executeTakeFirst();
	return admin !== undefined;
}

/** Whether some link of the service's is still good: after a database was put back, an old file's may not be. */
async function isOpen(db: Db, nowMs: number): Promise<boolean> {
	const open = await db
		.selectFrom("invitations")
		.select("id")
		.where("created_by", "=", "service")
		.where("used_at", "is", null)
		.where("expires_at", ">", new Date(nowMs))
		.executeTakeFirst();
	return open !== undefined;
}
