import { crc32 } from "node:zlib";

export const SECTOR = 512;
/** Both tables with their headers, of 128 entries: sectors 1 to 33, and the same at the end of the disk. */
const ENTRIES = 128;
const ENTRY_BYTES = 128;
const TABLE_SECTORS = (ENTRIES * ENTRY_BYTES) / SECTOR;
/** The protective table, header and entries. */
export const GPT_BYTES = (2 + TABLE_SECTORS) * SECTOR;
/** What stands at the end of the disk: entries, then header. */
export const BACKUP_BYTES = (1 + TABLE_SECTORS) * SECTOR;
const EFI_SYSTEM = "28732ac11ff8d211ba4b00a0c93ec93b";

export interface GptPartition {
	name: string;
	/** As the kernel counts them: from 1. */
	number: number;
	/** Bytes from the disk's beginning. */
	start: number;
	bytes: number;
	/** What the firmware starts from. */
	efi: boolean;
}

/**
 * Partitions by the first `GPT_BYTES` of a disk (UEFI 2.10, section 5.3); null if there is no table there, or a damaged one.
 */
export function readGpt(head: Uint8Array): GptPartition[] | null {
	const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
	if (!isWhole(bytes)) return null;
	const partitions: GptPartition[] = [];
	for (let at = 0; at < ENTRIES; at++) {
		const entry = bytes.subarray(2 * SECTOR + at * ENTRY_BYTES, 2 * SECTOR + (at + 1) * ENTRY_BYTES);
		const type = entry.toString("hex", 0, 16);
		if (/^0+$/.test(type)) continue;
		const [first, last] = [Number(entry.readBigUInt64LE(32)), Number(entry.readBigUInt64LE(40))];
		if (!Number.isSafeInteger(last * SECTOR) || last < first) return null;
		const name = entry.toString("utf16le", 56, 128).replace(/\0.*$/s, "");
		partitions.push({
			name,
			number: at + 1,
			start: first * SECTOR,
			bytes: (last - first + 1) * SECTOR,
			efi: type === EFI_SYSTEM,
		});
	}
	return partitions;
}

/**
 * The table for a disk that is larger than its image: its copy belongs to the very end, and the space between becomes usable. `head`: the
 * first `GPT_BYTES` as they are. Returns them as they should be, and what belongs into the last `BACKUP_BYTES`.
 */
export function stretchGpt(head: Uint8Array, diskBytes: number): { head: Buffer; backup: Buffer } {
	const stretched = Buffer.from(head);
	const sectors = BigInt(Math.floor(diskBytes / SECTOR));
	const header = stretched.subarray(SECTOR, 2 * SECTOR);
	header.writeBigUInt64LE(sectors - 1n, 32);
	header.writeBigUInt64LE(sectors - BigInt(TABLE_SECTORS) - 2n, 48);
	seal(header);
	const own = Buffer.from(header);
	own.writeBigUInt64LE(sectors - 1n, 24);
	own.writeBigUInt64LE(1n, 32);
	own.writeBigUInt64LE(sectors - BigInt(TABLE_SECTORS) - 1n, 72);
	seal(own);
	// the protective table of the old form covers the disk too, as far as its numbers go
	stretched.writeUInt32LE(Number(sectors - 1n > 0xffffffffn ? 0xffffffffn : sectors - 1n), 0x1be + 12);
	return { head: stretched, backup: Buffer.concat([stretched.subarray(2 * SECTOR), own]) };
}

/** The header is in place, of the usual form, and both sums are right. */
function isWhole(bytes: Buffer): boolean {
	if (bytes.byteLength < GPT_BYTES) return false;
	const header = Buffer.from(bytes.subarray(SECTOR, 2 * SECTOR));
	if (header.toString("latin1", 0, 8) !== "EFI PART" || header.readUInt32LE(12) !== HEADER_BYTES) return false;
	if (header.readBigUInt64LE(72) !== 2n) return false;
	if (header.readUInt32LE(80) !== ENTRIES || header.readUInt32LE(84) !== ENTRY_BYTES) return false;
	if (header.readUInt32LE(88) !== crc32(bytes.subarray(2 * SECTOR, GPT_BYTES))) return false;
	const said = header.readUInt32LE(16);
	seal(header);
	return header.readUInt32LE(16) === said;
}

const HEADER_BYTES = 92;
function seal(header: Buffer): void {
	header.writeUInt32LE(0, 16);
	header.writeUInt32LE(crc32(header.subarray(0, HEADER_BYTES)), 16);
}
