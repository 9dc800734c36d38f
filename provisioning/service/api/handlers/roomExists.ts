import type { Db } from "../../db/Database.ts";
import { notFound } from "../failures.ts";

/** Rejects with `api.not_found` if there is no room with this id, and never was. */
export async function roomExists(db: Db, id: string): Promise<void> {
	const row = await db.selectFrom("devices").select("id").where("id", "=", id).executeTakeFirst();
	if (!row) throw notFound("room");
}
