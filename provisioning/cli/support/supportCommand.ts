import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Io } from "../Io.ts";
import { facts } from "../table.ts";
import { collectSupport } from "./collectSupport.ts";
import type { SupportBundle } from "./supportBundle.ts";

/** `incamera support-bundle`: what helps to find out what is wrong with a device. */
export function supportCommand(program: Command, io: Io): void {
	program
		.command("support-bundle")
		.summary("what helps to find out what is wrong with this device")
		.description(
			"On a device. Collects versions, slots, health, units and our programs' log of this start, each in a form that is listed; no name, link, title, token, address or serial number can be among it, and what is of another form is left out and counted. Without --to it is only shown: what is shown is what would be written, JSON.",
		)
		.option("--to <file>", "write it into a new file")
		.option("--root <folder>", "where the device's files are", "/")
		.action(async ({ to, root }: { to?: string; root: string }) => {
			const path = `${io.env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`;
			const bundle = await collectSupport({ root, path, now: systemClock.now() });
			const json = `${JSON.stringify(bundle, null, "\t")}\n`;
			if (to === undefined) {
				io.out(json);
				return;
			}
			io.err(contents(bundle));
			await writeNew(to, json);
			io.out(`Written to ${to}. It is plain text: look at it before you send it.\n`);
		});
}

function contents({ firmware, health, units, log, leftOut, written }: SupportBundle): string {
	const there = (what: unknown): string => (what === null ? "could not be read" : "yes");
	return facts([
		["firmware", `${firmware.version ?? "unknown"}, slot ${firmware.slot ?? "unknown"}`],
		["last health check", there(health)],
		["what was written", there(written)],
		["units", String(units.length)],
		["lines of the log", `${log.length}, ${leftOut} left out`],
		["names, links, addresses", "none"],
	]);
}

async function writeNew(path: string, json: string): Promise<void> {
	try {
		await writeFile(path, json, { flag: "wx", mode: 0o600 });
	} catch (cause) {
		const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
		throw exists
			? new RoomError("cli.file_exists", "the file is there already, and is not overwritten", { cause })
			: new RoomError("cli.file_unwritable", "the file can't be written", { cause });
	}
}
