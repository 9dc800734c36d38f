import { existsSync } from "node:fs";
import type { Command } from "commander";
import { RoomError } from "../../../device/core/RoomError.ts";
import { COMPATIBLE } from "../../contract/compatible.ts";
import type { Io } from "../Io.ts";
import { facts, printable } from "../table.ts";
import { type FirmwareReport, firstFault } from "./firmware/FirmwareReport.ts";
import { inspectFirmware } from "./firmware/inspectFirmware.ts";
import { ProgressLine } from "./ProgressLine.ts";

/** Where a device, and whoever installed its keyring elsewhere, has it. */
export const USUAL_KEYRING = "/etc/rauc/keyring.pem";

export interface VerifyOptions {
	keyring?: string;
	compatible: string;
	manifest?: string;
}

/** `incamera image info` and `verify`. */
export function inspectCommands(image: Command, io: Io, asJson: () => boolean): void {
	const show = (report: FirmwareReport): void => io.out(asJson() ? `${JSON.stringify(report)}\n` : draw(report));
	image
		.command("info")
		.summary("what a disk image or update is, by its own word")
		.description(
			"Reads version, kind of machine, date, partitions and signer of a .img.zst, .img or .raucb. Checks nothing.",
		)
		.argument("<file>", "a disk image or an update bundle")
		.action(async (file: string) => {
			const none = { keyring: null, compatible: COMPATIBLE, progress: () => {}, signal: io.signal };
			show(await inspectFirmware({ file, verify: false, ...none }));
		});
	verifyOptions(
		image
			.command("verify")
			.summary("whether a disk image or update is whole, and by whom")
			.description(
				"Checks form, signature, kind of machine and every byte. Exit code 7: something is wrong; then it says what, and nothing after it was looked at.",
			)
			.argument("<file>", "a disk image (its .manifest beside it) or an update bundle"),
	).action(async (file: string, options: VerifyOptions) => {
		const report = await verified(file, options, io);
		show(report);
		const wrong = firstFault(report);
		if (wrong?.code) throw new RoomError(wrong.code, wrong.said);
	});
}

export const verifyOptions = (command: Command): Command =>
	command
		.option("--keyring <pem>", `authorities whose signature counts (without: ${USUAL_KEYRING})`)
		.option("--manifest <file>", "the signed file of a disk image, if it is not beside it")
		.option("--compatible <word>", "kind of machine that it has to be for", COMPATIBLE);

/** @throws RoomError as `inspectFirmware`, and `firmware.no_keyring` */
export async function verified(
	file: string,
	{ keyring = USUAL_KEYRING, compatible, manifest }: VerifyOptions,
	io: Io,
): Promise<FirmwareReport> {
	if (!existsSync(keyring)) throw new RoomError("firmware.no_keyring", `${keyring} is not there`);
	const line = new ProgressLine(io, "checking");
	const options = { file, verify: true, keyring, compatible, manifest, signal: io.signal };
	try {
		return await inspectFirmware({ ...options, progress: (done) => line.at(done) });
	} finally {
		line.end();
	}
}

const kinds = { disk: "disk image", update: "update bundle" } as const;
const names = { form: "form", signature: "signature", machine: "machine", content: "content" } as const;
const size = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export function draw(report: FirmwareReport): string {
	const { kind, version, compatible, date, commit, bytes, unpacked, parts, signer, checks } = report;
	const unknown = "not said";
	const lines = facts([
		["what", kinds[kind]],
		["version", version ?? unknown],
		["for", compatible ?? unknown],
		["date", date ?? unknown],
		["commit", commit ?? unknown],
		["size", unpacked === null || unpacked === bytes ? size(bytes) : `${size(bytes)}, unpacked ${size(unpacked)}`],
		[
			kind === "disk" ? "partitions" : "images",
			parts.map((part) => `${part.name} ${size(part.bytes)}`).join(", ") || "none",
		],
		[
			"signed by",
			signer
				? `${signer.subject}, of ${signer.issuer}, in force until ${signer.until.slice(0, 10)}`
				: "nobody that is known",
		],
	]);
	if (checks.length === 0)
		return `${lines}\nNothing of that was checked: incamera image verify ${printable(report.file)}\n`;
	const marks = checks.map(({ name, ok, said, code }) => {
		const mark = ok === true ? "✓" : ok === false ? "✗" : "–";
		return printable(`${mark} ${names[name].padEnd(10)} ${said}${code === null ? "" : `  (${code})`}`);
	});
	return `${lines}\n${marks.join("\n")}\n`;
}
