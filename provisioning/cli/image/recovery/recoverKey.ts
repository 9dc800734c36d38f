import { createHash } from "node:crypto";
import { mkdtemp, open as openFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { MOST_ENVELOPE_BYTES, open, type PrivateKey } from "../../../recovery/envelope.ts";
import { dumpLuksHeader, envelopeName, type Note, opens, SLOTS, type Slot } from "../../../recovery/luksHeader.ts";
import { isRecoveryKey } from "../../../recovery/recoveryKey.ts";
import type { GptPartition } from "../firmware/gpt.ts";
import { DATA_PARTITION } from "../prepare/prepareCommand.ts";
import { partitionsOf, readFromStart } from "../prepare/startPartition.ts";

/** Where contents begin at the latest: what cryptsetup and systemd-repart make by default. */
const HEADER_BYTES = 16 * 1024 ** 2;

export interface Recovered {
	recoveryKey: string;
	/** Number of the partition that it opens. */
	partition: number;
}

/**
 * The recovery key of a device by its disk. Nothing is written or opened there: it is tried on a copy of the header.
 *
 * @throws RoomError `recover.no_data_partition`, `recover.no_file`, `recover.start_damaged`, `recover.key_foreign`, `recover.file_altered`, `recover.not_this_partition`
 * @throws RoomError those of `open`, `tool` and `readFromStart`
 */
export async function recoverKey(disk: string, key: PrivateKey): Promise<Recovered> {
	const data = (await partitionsOf(disk)).find(({ name }) => name === DATA_PARTITION);
	if (!data) throw new RoomError("recover.no_data_partition", `${disk} has no data partition`);
	const folder = await mkdtemp(join(tmpdir(), "incamera-recover-"));
	try {
		const header = join(folder, "header");
		await writeFile(header, await beginningOf(disk, data), { mode: 0o600 });
		const { slots } = await dumpLuksHeader(header).catch((cause: unknown) => {
			if (cause instanceof RoomError && cause.code === "recovery.no_cryptsetup") throw cause;
			throw new RoomError("recover.no_data_partition", "the data partition has no header (LUKS) any more", { cause });
		});
		const wrong: RoomError[] = [];
		// two files only after a power cut while one took the other's place
		for (const slot of SLOTS) {
			const envelope = await readFromStart(disk, envelopeName(slot)).catch((cause: unknown) => {
				if (cause instanceof RoomError && cause.code === "prepare.no_mtools") throw cause;
				throw new RoomError("recover.start_damaged", "the start partition can't be read", { cause });
			});
			if (envelope === null) continue;
			const found = await keyOf({ envelope, key, header, slot, note: slots.get(slot) ?? null });
			if (typeof found === "string") return { recoveryKey: found, partition: data.number };
			wrong.push(found);
		}
		throw wrong[0] ?? new RoomError("recover.no_file", "there is no recovery key on the start partition");
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

interface Try {
	envelope: Buffer;
	key: PrivateKey;
	header: string;
	slot: Slot;
	note: Note | null;
}

async function keyOf({ envelope, key, header, slot, note }: Try): Promise<string | RoomError> {
	const altered = new RoomError("recover.file_altered", `${envelopeName(slot)} is not what the device wrote`);
	if (envelope.byteLength > MOST_ENVELOPE_BYTES) return altered;
	const content = await open(envelope, key);
	if (content === null) {
		const whole = note?.envelope === createHash("sha256").update(envelope).digest("hex");
		if (!whole || note === null) return altered;
		const { certificate } = note;
		return new RoomError("recover.key_foreign", `it is encrypted for the certificate ${certificate}`, {
			context: { certificate },
		});
	}
	const text = content.toString("latin1");
	if (!isRecoveryKey(text)) return altered;
	// anybody can encrypt something for IT: what counts is what the header takes
	if (await opens(header, slot, content)) return text;
	return new RoomError("recover.not_this_partition", `the key of ${envelopeName(slot)} does not open this partition`);
}

async function beginningOf(disk: string, { start, bytes }: GptPartition): Promise<Buffer> {
	const file = await openFile(disk);
	try {
		const head = Buffer.alloc(Math.min(bytes, HEADER_BYTES));
		const { bytesRead } = await file.read(head, 0, head.byteLength, start);
		return head.subarray(0, bytesRead);
	} finally {
		await file.close();
	}
}

/** The kernel's name for a partition: `sdb6`, `nvme0n1p6`. */
export const partitionName = (disk: string, number: number): string =>
	`${basename(disk)}${/\d$/.test(disk) ? "p" : ""}${number}`;

/** As what a partition is open already: the name under /dev/mapper; null if it isn't. */
export async function openedAs(partition: string, sys = "/sys"): Promise<string | null> {
	const holders = await readdir(join(sys, "class/block", partition, "holders")).catch(() => []);
	const [holder] = holders.filter((name) => name.startsWith("dm-"));
	if (holder === undefined) return null;
	return (await readFile(join(sys, "class/block", holder, "dm/name"), "utf8")).trim();
}
