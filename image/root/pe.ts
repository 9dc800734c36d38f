import { RoomError } from "../../device/core/RoomError.ts";

/** One section of a PE file (Microsoft PE format, "Section Table"). */
export interface PeSection {
	name: string;
	virtualAddress: number;
	virtualSize: number;
}

const OPTIONAL_HEADER = 24;
const CHECKSUM = OPTIONAL_HEADER + 64;

function headerOf(bytes: Buffer): number {
	const header = bytes.length > 0x40 ? bytes.readUInt32LE(0x3c) : 0;
	if (bytes.toString("latin1", 0, 2) !== "MZ" || bytes.toString("latin1", header, header + 4) !== "PE\0\0") {
		throw new RoomError("image.not_pe", "the file is no EFI program");
	}
	return header;
}

/** @throws RoomError `image.not_pe` */
export function peSections(bytes: Buffer): PeSection[] {
	const header = headerOf(bytes);
	const count = bytes.readUInt16LE(header + 6);
	const table = header + OPTIONAL_HEADER + bytes.readUInt16LE(header + 20);
	return Array.from({ length: count }, (_, index) => {
		const at = table + index * 40;
		return {
			name: bytes.toString("latin1", at, at + 8).replace(/\0.*$/, ""),
			virtualSize: bytes.readUInt32LE(at + 8),
			virtualAddress: bytes.readUInt32LE(at + 12),
		};
	});
}

/** Takes out when it was linked, and sums the file up anew, in place: two builds of the same sections are the same bytes. */
export function withoutTimestamp(bytes: Buffer): void {
	const header = headerOf(bytes);
	bytes.writeUInt32LE(0, header + 8);
	bytes.writeUInt32LE(0, header + CHECKSUM);
	bytes.writeUInt32LE(peChecksum(bytes), header + CHECKSUM);
}

/** Sum of all 16-bit words with end-around carry, and the length: what `CheckSumMappedFile` of Windows makes. */
export function peChecksum(bytes: Buffer): number {
	let sum = 0;
	const even = bytes.length & ~1;
	for (let at = 0; at < even; at += 2) {
		sum += bytes.readUInt16LE(at);
		if (sum > 0xffff) sum = (sum & 0xffff) + 1;
	}
	if (even < bytes.length) sum += bytes[even] ?? 0;
	sum = (sum & 0xffff) + (sum >>> 16);
	return (sum + bytes.length) >>> 0;
}
