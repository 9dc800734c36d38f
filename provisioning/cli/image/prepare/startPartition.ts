import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { buffer, text } from "node:stream/consumers";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { GPT_BYTES, type GptPartition, readGpt } from "../firmware/gpt.ts";

/** Ours on the start partition. */
const FOLDER = "::/incamera";
/** Where the device looks for it. */
const FILE = `${FOLDER}/setup.yaml`;

/**
 * Writes the set-up file onto the start partition (FAT) of a disk or an image of one, and reads it back. Nothing is mounted: mtools finds the partition by its place.
 * @throws RoomError `prepare.no_disk`, `prepare.no_mtools`, `prepare.failed`
 */
export async function writeSetUp(disk: string, content: string): Promise<void> {
	const drive = `${disk}@@${await startOf(disk)}`;
	// there already on our images
	await mtools("mmd", ["-D", "s", "-i", drive, FOLDER]).catch(onlyMissing);
	await mtools("mcopy", ["-o", "-i", drive, "-", FILE], content);
	const back = await mtools("mtype", ["-i", drive, FILE]);
	if (back.toString("utf8") !== content)
		throw new RoomError("prepare.failed", "the disk does not give back what was written");
}

/**
 * A file of our folder there; null if there is none.
 * @throws RoomError `prepare.no_disk`, `prepare.no_mtools`, `prepare.failed`: it holds no files that can be read
 */
export async function readFromStart(disk: string, name: string): Promise<Buffer | null> {
	const drive = `${disk}@@${await startOf(disk)}`;
	return await mtools("mtype", ["-i", drive, `${FOLDER}/${name}`]).catch((error: unknown) => {
		if (error instanceof RoomError && /not found/.test(error.message)) return null;
		throw error;
	});
}

/** @throws RoomError `prepare.no_disk`, `flash.denied` */
export async function partitionsOf(disk: string): Promise<GptPartition[]> {
	const file = await open(disk).catch((cause: NodeJS.ErrnoException) => {
		if (cause.code === "EACCES") throw new RoomError("flash.denied", `this account may not read ${disk}`, { cause });
		throw new RoomError("prepare.no_disk", `${disk} can't be read`, { cause });
	});
	try {
		const { buffer: head, bytesRead } = await file.read(Buffer.alloc(GPT_BYTES), 0, GPT_BYTES, 0);
		return readGpt(head.subarray(0, bytesRead)) ?? [];
	} finally {
		await file.close();
	}
}

async function startOf(disk: string): Promise<number> {
	const start = (await partitionsOf(disk)).find(({ efi }) => efi)?.start;
	if (start === undefined) throw new RoomError("prepare.no_disk", `${disk} has no start partition`);
	return start;
}

function onlyMissing(error: unknown): void {
	if (error instanceof RoomError && error.code === "prepare.no_mtools") throw error;
}

async function mtools(tool: string, words: readonly string[], input = ""): Promise<Buffer> {
	const child = spawn(tool, words, { env: { ...process.env, LC_ALL: "C.UTF-8", MTOOLSRC: "/dev/null" } });
	child.stdin.on("error", () => {});
	child.stdin.end(input);
	const [output, said] = [buffer(child.stdout), text(child.stderr)];
	const code = await new Promise<number | null>((resolve, reject) => {
		child.once("error", (cause) =>
			reject(new RoomError("prepare.no_mtools", `the program ${tool} can't be started`, { cause })),
		);
		child.once("close", resolve);
	});
	if (code === 0) return output;
	throw new RoomError("prepare.failed", `${tool}: ${(await said).trim().split("\n")[0] ?? ""}`);
}
