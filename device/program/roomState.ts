import { rm } from "node:fs/promises";
import { join } from "node:path";
import { wipePresetPictures } from "../peripherals/presets/PresetPictures.ts";

/** Where the room remembers, as salted hashes, whose keys it met. */
export const knownKeysPath = (state: string): string => join(state, "known-keys.json");
/** Where it keeps what the camera saw when its presets were stored. That is all in its folder. */
export const presetPicturesPath = (state: string): string => join(state, "presets");

/** Where a technician can listen on the room's lines while its program runs. */
export const recordingDoorPath = (state: string): string => join(state, "recording.sock");

/** Deletes what a room kept, when it leaves the fleet. Nothing that isn't the room's is touched, whatever folder was configured. */
export async function wipeState(state: string): Promise<void> {
	const path = knownKeysPath(state);
	await Promise.all([
		...[rm(path, { force: true }), rm(`${path}.new`, { force: true })],
		wipePresetPictures(presetPicturesPath(state)),
	]);
}
