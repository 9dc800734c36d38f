import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { FlashTarget } from "./FlashTarget.ts";

/**
 * Opens a disk for nobody else: whatever was mounted since we looked, Linux refuses `O_EXCL` for a block device that is in use (open(2)).
 * @throws RoomError `flash.device_in_use`, `flash.denied`, `flash.device_failed`
 */
export async function openTarget({ path, name, kind }: FlashTarget): Promise<FileHandle> {
	try {
		return await open(path, constants.O_RDWR | (kind === "disk" ? constants.O_EXCL : 0));
	} catch (cause) {
		const { code } = cause as NodeJS.ErrnoException;
		if (code === "EBUSY") throw new RoomError("flash.device_in_use", `another program holds ${name}`, { cause });
		if (code === "EACCES" || code === "EPERM")
			throw new RoomError("flash.denied", `this account may not write to ${name}`, { cause });
		throw new RoomError("flash.device_failed", `${name} can't be opened`, { cause });
	}
}
