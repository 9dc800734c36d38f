import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { RoomError } from "../../../../device/core/RoomError.ts";

/** First bytes of a file that zstd packed (RFC 8878, section 3.1.1). */
export const ZSTD_MAGIC = "28b52ffd";

/**
 * The bytes of a disk image, unpacked on the way if it is packed. What unpacks to something huge is the reader's to stop.
 * @throws RoomError `firmware.truncated`, `firmware.altered`
 */
export async function* unpacked(file: string, { packed }: { packed: boolean }): AsyncGenerator<Buffer> {
	const source = createReadStream(file, { highWaterMark: 1024 * 1024 });
	// an error of either comes out of the loop
	const bytes = packed ? pipeline(source, createZstdDecompress({ chunkSize: 1024 * 1024 }), () => {}) : source;
	try {
		for await (const chunk of bytes) yield chunk as Buffer;
	} catch (cause) {
		const { code = "" } = cause as NodeJS.ErrnoException;
		if (code === "Z_BUF_ERROR") throw new RoomError("firmware.truncated", "the file ends in the middle");
		if (/^Z|zstd/i.test(code)) throw new RoomError("firmware.altered", "the file is damaged and can't be unpacked");
		throw cause;
	} finally {
		source.destroy();
	}
}
