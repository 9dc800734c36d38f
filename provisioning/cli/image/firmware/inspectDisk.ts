import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { type DiskManifest, diskManifest } from "../../../contract/diskManifest.ts";
import { Checks, machineOf, throwFirst } from "./Checks.ts";
import type { FirmwareReport, Signer } from "./FirmwareReport.ts";
import { GPT_BYTES, type GptPartition, readGpt } from "./gpt.ts";
import type { InspectOptions } from "./inspectFirmware.ts";
import { readSigned } from "./readSigned.ts";
import { unpacked } from "./unpacked.ts";

const MOST_MANIFEST_BYTES = 64 * 1024;

/** A disk image: packed or not, partitions inside, and beside it the signed manifest that says which bytes it has. */
export async function inspectDisk(
	options: InspectOptions,
	{ bytes, packed }: { bytes: number; packed: boolean },
): Promise<FirmwareReport> {
	const { file, verify } = options;
	const checks = new Checks();
	let partitions: GptPartition[] = [];
	let said: { manifest: DiskManifest; signer: Signer } | null = null;
	await checks.add("form", async () => {
		partitions = await partitionsOf(file, packed);
		return `a disk with ${partitions.length} partitions`;
	});
	if (verify || (await stat(manifestPath(options)).catch(() => null))) {
		await checks.add("signature", async () => {
			said = await manifestOf(options);
			return `by ${said.signer.subject}`;
		});
	}
	const found = said as { manifest: DiskManifest; signer: Signer } | null;
	if (verify) {
		await checks.add("machine", () => machineOf(found?.manifest.compatible ?? null, options.compatible));
		await checks.add("content", () => readAll(options, packed, found?.manifest as DiskManifest));
	} else throwFirst(checks);
	const { version = null, compatible = null, date = null, commit = null } = found?.manifest ?? {};
	return {
		...{ file, kind: "disk", version, compatible, date, commit, bytes },
		unpacked: found?.manifest.bytes ?? (packed ? null : bytes),
		sha256: found?.manifest.sha256 ?? null,
		parts: partitions.map(({ name, bytes: size }) => ({ name, bytes: size })),
		signer: found?.signer ?? null,
		checks: verify ? checks.list : [],
	};
}

/** Its signed manifest, believed only if the keyring's authorities are behind it. Errors: as `readSigned`, and `firmware.no_manifest`. */
export async function manifestOf(options: InspectOptions): Promise<{ manifest: DiskManifest; signer: Signer }> {
	const path = manifestPath(options);
	const there = await stat(path).catch(() => null);
	if (!there) throw new RoomError("firmware.no_manifest", `the signed file that belongs to it is missing: ${path}`);
	const wrong = new RoomError("firmware.signature_wrong", "the signed file beside it is no manifest of a disk");
	if (there.size > MOST_MANIFEST_BYTES) throw wrong;
	const keyring = options.verify ? options.keyring : null;
	const { content, signer } = await readSigned(await readFile(path), { keyring, form: "PEM" });
	try {
		return { manifest: diskManifest.parse(JSON.parse(content)), signer };
	} catch {
		throw wrong;
	}
}

/** `incamera-1.2.3.img.zst` has `incamera-1.2.3.manifest` beside it. */
const manifestPath = ({ file, manifest }: InspectOptions): string =>
	manifest ?? `${file.replace(/(?:\.img)?(?:\.zst)?$/, "")}.manifest`;

async function partitionsOf(file: string, packed: boolean): Promise<GptPartition[]> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of unpacked(file, { packed })) {
		chunks.push(chunk);
		length += chunk.byteLength;
		if (length >= GPT_BYTES) break;
	}
	if (length < GPT_BYTES) throw new RoomError("firmware.truncated", "the file ends in the middle");
	const partitions = readGpt(Buffer.concat(chunks).subarray(0, GPT_BYTES));
	if (!partitions) throw new RoomError("firmware.unknown_file", "it holds no disk of ours, or its table is damaged");
	return partitions;
}

async function readAll(
	{ file, signal, progress }: InspectOptions,
	packed: boolean,
	{ bytes, sha256 }: DiskManifest,
): Promise<string> {
	const hash = createHash("sha256");
	let length = 0;
	for await (const chunk of unpacked(file, { packed })) {
		signal.throwIfAborted();
		length += chunk.byteLength;
		if (length > bytes) throw new RoomError("firmware.altered", "it is longer than what was signed");
		hash.update(chunk);
		progress(length / bytes);
	}
	if (length < bytes) throw new RoomError("firmware.truncated", "the file ends in the middle");
	if (hash.digest("hex") !== sha256) throw new RoomError("firmware.altered", "its content is not what was signed");
	return `all ${bytes} bytes are as signed`;
}
