import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Command } from "commander";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { Io } from "../../Io.ts";
import { facts, printable, table } from "../../table.ts";
import { type FirmwareReport, firstFault } from "../firmware/FirmwareReport.ts";
import { unpacked } from "../firmware/unpacked.ts";
import { type VerifyOptions, verified, verifyOptions } from "../inspectCommands.ts";
import { ProgressLine } from "../ProgressLine.ts";
import { setUpOptions } from "../prepare/prepareCommand.ts";
import { type SetUpOptions, setUpOf } from "../prepare/setUpOf.ts";
import { writeSetUp } from "../prepare/startPartition.ts";
import { type FlashTarget, lookAtTarget, refuseTarget } from "./FlashTarget.ts";
import { flashDisk } from "./flashDisk.ts";

/** What the data partition needs at least (image/root/overlay/usr/lib/repart.d). */
const DATA_BYTES = 512 * 1024 ** 2;

interface Options extends VerifyOptions, SetUpOptions {
	device: string;
	yes?: string;
}

/** `incamera image flash`: a new device's disk. */
export function flashCommand(image: Command, io: Io, asJson: () => boolean): void {
	const flash = verifyOptions(
		image
			.command("flash")
			.summary("write a disk image to a disk")
			.description(
				"Checks the image (as `verify`), shows what is on the disk, asks for the disk's name, writes, and reads everything back. A plain file that is as long as a disk can stand for one. A disk that is mounted, or that this machine runs from, is never written.",
			)
			.argument("<file>", "a .img.zst or .img, its .manifest beside it")
			.requiredOption("--device <path>", "the whole disk: /dev/sdb")
			.option("--yes <name>", "for scripts: the disk's name, instead of asking for it"),
	);
	setUpOptions(flash).action(async (file: string, options: Options) => {
		const { setup, fleet, enrolmentCode, authority, recoveryKey } = options;
		const told = setup ?? fleet ?? enrolmentCode ?? authority ?? recoveryKey;
		const setUp = told === undefined ? null : await setUpOf(options);
		const target = await lookAtTarget(options.device);
		// before minutes of checking
		refuse(target, 0);
		const { bytes, sha256, report } = await imageFor(file, options, io);
		refuse(target, bytes + (target.kind === "disk" ? DATA_BYTES : 0));
		io.err(draw(target, report));
		await confirm(target, options.yes, io);
		const [writing, reading] = ["writing", "reading back"].map((name) => new ProgressLine(io, name, { bytes }));
		try {
			await flashDisk({
				...{ target, bytes, sha256, signal: io.signal },
				image: unpacked(file, { packed: report.bytes !== bytes }),
				progress: { written: (done) => writing?.at(done), read: (done) => reading?.at(done) },
			});
		} finally {
			writing?.end();
		}
		if (setUp !== null) await writeSetUp(target.path, setUp);
		const ejected = await letGo(target);
		const { version } = report;
		const outcome = { device: target.path, version, bytes, sha256, prepared: setUp !== null, ejected };
		if (asJson()) io.out(`${JSON.stringify(outcome)}\n`);
		else
			io.out(
				`${target.name} has ${version} now, and every byte was read back.${ejected ? " It can be taken out." : ""}\n`,
			);
	});
}

function refuse(target: FlashTarget, leastBytes: number): void {
	const refused = refuseTarget(target, leastBytes);
	if (refused) throw refused;
}

async function imageFor(
	file: string,
	options: VerifyOptions,
	io: Io,
): Promise<{ bytes: number; sha256: string; report: FirmwareReport }> {
	const report = await verified(file, options, io);
	const wrong = firstFault(report);
	if (wrong?.code) throw new RoomError(wrong.code, wrong.said);
	const { unpacked: bytes, sha256 } = report;
	if (bytes === null || sha256 === null) throw new RoomError("flash.no_disk_image", `${file} is no image of a disk`);
	return { bytes, sha256, report };
}

function draw(target: FlashTarget, { version }: FirmwareReport): string {
	const { path, model, bytes, removable, parts } = target;
	const lines = facts([
		["disk", path],
		["model", model ?? "unknown"],
		["size", `${(bytes / 1e9).toFixed(1)} GB`],
		["removable", removable ? "yes" : "no"],
		["gets", `firmware ${version}`],
	]);
	if (parts.length === 0) return `\n${lines}Nothing that is known is on it.\n`;
	const on = table(parts, [
		{ title: "PART", of: ({ name }) => name },
		{ title: "LABEL", of: ({ label }) => label ?? "" },
		{ title: "FORM", of: ({ form }) => form ?? "" },
		{ title: "GB", of: (part) => (part.bytes / 1e9).toFixed(1), right: true },
	]);
	return `\n${lines}All of this will be erased:\n${on}`;
}

async function confirm({ name }: FlashTarget, said: string | undefined, { ask }: Io): Promise<void> {
	const typed = said ?? (await ask?.(`Type ${printable(name)} to erase it: `));
	if (typed?.trim() !== name)
		throw new RoomError("flash.not_confirmed", `nothing was written: the disk is called ${printable(name)}`);
}

/** The kernel looks at the new partitions; what can be taken out is let go. Neither matters to what was written. */
async function letGo({ path, kind, removable }: FlashTarget): Promise<boolean> {
	if (kind === "file") return false;
	const run = promisify(execFile);
	await run("blockdev", ["--rereadpt", path]).catch(() => {});
	if (!removable) return false;
	return run("eject", [path]).then(
		() => true,
		() => false,
	);
}
