import { RoomError } from "../../../device/core/RoomError.ts";
import { openOnStick } from "../jobs/download/readStick.ts";

/** A small file of a stick; null: there is none. Error: `update.metadata_forged` (longer than it may be). */
export async function readOnStick(path: string, mostBytes: number): Promise<Uint8Array | null> {
	const there = await openOnStick(path).catch(() => null);
	if (!there) return null;
	try {
		if (there.bytes > mostBytes) throw new RoomError("update.metadata_forged", "the stick holds more than it may");
		const { buffer, bytesRead } = await there.file.read(Buffer.alloc(there.bytes), 0, there.bytes, 0);
		return buffer.subarray(0, bytesRead);
	} finally {
		await there.file.close();
	}
}
