import { rm } from "node:fs/promises";
import { join } from "node:path";

/** Where the room remembers, as salted hashes, whose keys it met: all that it keeps in its folder. */
export const knownKeysPath = (state: string): string => join(state, "known-keys.json");

/** Deletes what a room kept, when it leaves the fleet. Nothing that isn't the room's is touched, whatever folder was configured. */
export async function wipeState(state: string): Promise<void> {
	const path = knownKeysPath(state);
	await Promise.all([rm(path, { force: true }), rm(`${path}.new`, { force: true })]);
}
