import { open } from "node:fs/promises";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { FirmwareReport } from "./FirmwareReport.ts";
import { inspectBundle } from "./inspectBundle.ts";
import { inspectDisk } from "./inspectDisk.ts";
import { ZSTD_MAGIC } from "./unpacked.ts";

export interface InspectOptions {
	file: string;
	/** Whether all is to be checked, or only read what it says of itself. */
	verify: boolean;
	/** PEM of the authorities whose signature counts; null only if nothing is checked. */
	keyring: string | null;
	/** For which kind of machine it has to be. */
	compatible: string;
	/** The signed file beside a disk image, if it is not where it usually is. */
	manifest?: string | undefined;
	signal: AbortSignal;
	/** Of the long way through all bytes, 0 to 1. */
	progress(done: number): void;
}

/** First bytes of a squashfs, which a bundle is. */
const SQUASHFS_MAGIC = "68737173";

/**
 * What a file of firmware is and, if asked, whether it is right: told by its own bytes, never by its name.
 * @throws RoomError `firmware.unreadable`, `firmware.unknown_file`, `firmware.keyring_unreadable`, `firmware.no_openssl`
 */
export async function inspectFirmware(options: InspectOptions): Promise<FirmwareReport> {
	const { head, bytes } = await beginning(options.file);
	const magic = head.toString("hex", 0, 4);
	if (magic === SQUASHFS_MAGIC) return inspectBundle(options, bytes);
	const packed = magic === ZSTD_MAGIC;
	if (packed || head.toString("latin1", 512, 520) === "EFI PART") return inspectDisk(options, { bytes, packed });
	throw new RoomError("firmware.unknown_file", "that is neither a disk image nor an update bundle");
}

async function beginning(path: string): Promise<{ head: Buffer; bytes: number }> {
	try {
		const file = await open(path);
		try {
			const { size } = await file.stat();
			const { buffer, bytesRead } = await file.read(Buffer.alloc(1024), 0, 1024, 0);
			return { head: buffer.subarray(0, bytesRead), bytes: size };
		} finally {
			await file.close();
		}
	} catch (cause) {
		throw new RoomError("firmware.unreadable", `${path} can't be read`, { cause });
	}
}
