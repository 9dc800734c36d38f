import { type FileHandle, open } from "node:fs/promises";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { Checks, machineOf, throwFirst } from "./Checks.ts";
import type { FirmwareReport, Signer } from "./FirmwareReport.ts";
import type { InspectOptions } from "./inspectFirmware.ts";
import { type RaucManifest, readRaucManifest } from "./raucManifest.ts";
import { readSigned } from "./readSigned.ts";
import { VERITY_BLOCK, VerityTree } from "./verityTree.ts";

const MOST_SIGNATURE_BYTES = 1024 * 1024;
const CHUNK_BYTES = 256 * VERITY_BLOCK;

interface Said {
	manifest: RaucManifest;
	signer: Signer;
}

/**
 * An update as RAUC 1.8 writes it (`bundle.c`, "verity"): a squashfs, the tree of its hashes, a signed message with the manifest and the root of
 * that tree, and eight bytes that say how long the message is. RAUC's own `info` looks at no byte of the squashfs; here all are read.
 */
export async function inspectBundle(options: InspectOptions, bytes: number): Promise<FirmwareReport> {
	const file = await open(options.file);
	try {
		const checks = new Checks();
		let said: Said | null = null;
		let payload = 0;
		let message: Buffer = Buffer.alloc(0);
		await checks.add("form", async () => {
			message = await signedMessage(file, bytes);
			payload = bytes - 8 - message.byteLength;
			return "an update bundle";
		});
		await checks.add("signature", async () => {
			const { content, signer } = await readSigned(message, {
				keyring: options.verify ? options.keyring : null,
				form: "DER",
			});
			said = { manifest: manifestOf(content), signer };
			return `by ${signer.subject}`;
		});
		const found = said as Said | null;
		const of = (group: string, key: string): string | null => found?.manifest.get(group)?.get(key) ?? null;
		if (options.verify) {
			await checks.add("machine", () => machineOf(of("update", "compatible"), options.compatible));
			await checks.add("content", () => readAll(file, { payload, of, ...options }));
		} else throwFirst(checks);
		const [, date = null, commit = null] = /^(\S+) (\S+)$/.exec(of("update", "build") ?? "") ?? [];
		return {
			file: options.file,
			kind: "update",
			version: of("update", "version"),
			compatible: of("update", "compatible"),
			date,
			commit,
			bytes,
			unpacked: null,
			sha256: null,
			parts: partsOf(found?.manifest),
			signer: found?.signer ?? null,
			checks: options.verify ? checks.list : [],
		};
	} finally {
		await file.close();
	}
}

/** @throws RoomError `firmware.truncated` */
async function signedMessage(file: FileHandle, bytes: number): Promise<Buffer> {
	const cut = new RoomError("firmware.truncated", "the file ends in the middle, or something was put after its end");
	if (bytes < 8) throw cut;
	const length = Number((await exactly(file, bytes - 8, 8)).readBigUInt64BE());
	if (length < 1 || length > MOST_SIGNATURE_BYTES || length + 8 + VERITY_BLOCK > bytes) throw cut;
	const message = await exactly(file, bytes - 8 - length, length);
	// each such message is a sequence (X.690, section 8.9): what is none is no signature that was damaged, but some other place of a longer file
	if (message[0] !== 0x30) throw cut;
	return message;
}

function manifestOf(content: string): RaucManifest {
	const manifest = readRaucManifest(content);
	if (manifest?.get("bundle")?.get("format") === "verity") return manifest;
	throw new RoomError("firmware.unknown_file", "it is no bundle of the form that devices take (verity)");
}

/** Reads each block, makes the tree anew, and holds it against the signed root and the tree in the file. */
async function readAll(
	file: FileHandle,
	options: InspectOptions & { payload: number; of: (group: string, key: string) => string | null },
): Promise<string> {
	const { payload, of, signal, progress } = options;
	const altered = (what: string) => new RoomError("firmware.altered", what);
	const treeBytes = Number(of("bundle", "verity-size"));
	const [root, salt] = [of("bundle", "verity-hash") ?? "", of("bundle", "verity-salt") ?? ""];
	const data = payload - treeBytes;
	if (!/^[0-9a-f]{64}$/.test(root) || !/^[0-9a-f]{64}$/.test(salt) || !(treeBytes >= 0))
		throw altered("its signed part does not say how to check the rest");
	if (!(data > 0) || data % VERITY_BLOCK !== 0) throw altered("it is not as long as what was signed");
	const tree = new VerityTree(Buffer.from(salt, "hex"));
	for (let at = 0; at < data; at += CHUNK_BYTES) {
		signal.throwIfAborted();
		const chunk = await exactly(file, at, Math.min(CHUNK_BYTES, data - at));
		for (let block = 0; block < chunk.byteLength; block += VERITY_BLOCK)
			tree.add(chunk.subarray(block, block + VERITY_BLOCK));
		progress(at / payload);
	}
	const made = tree.end();
	if (made.root.toString("hex") !== root) throw altered("its content is not what was signed");
	// a device reads the hashes from the file: wrong ones would stop it in the middle of the installation
	if (!made.tree.equals(await exactly(file, data, treeBytes))) throw altered("its table of hashes is damaged");
	return `all ${data / VERITY_BLOCK} blocks are as signed`;
}

async function exactly(file: FileHandle, at: number, length: number): Promise<Buffer> {
	const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
	if (bytesRead !== length) throw new RoomError("firmware.truncated", "the file ends in the middle");
	return buffer;
}

function partsOf(manifest: RaucManifest | undefined): FirmwareReport["parts"] {
	return [...(manifest ?? [])].flatMap(([group, keys]) => {
		const name = /^image\.([a-z0-9-]{1,40})$/.exec(group)?.[1];
		return name === undefined ? [] : [{ name, bytes: Number(keys.get("size") ?? 0) }];
	});
}
