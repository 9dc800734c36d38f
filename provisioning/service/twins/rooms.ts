import type { Db } from "../db/Database.ts";
import { notify } from "../db/Notifications.ts";
import { type DirectoryEntry, inOrder } from "./directory.ts";

export const ROOMS = "rooms";
/** Says that a room came, went or has another name: `DirectoryKeeper` tells the others. */
export const roomsChanged = (trx: Db): Promise<void> => notify(trx, ROOMS, "");

/** Rooms that can be called, in the directories' order. */
export async function activeRooms(db: Db): Promise<DirectoryEntry[]> {
	return inOrder(
		await db.selectFrom("devices").select(["id", "label as name"]).where("state", "=", "active").execute(),
	);
}
