import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { type Command, Option } from "commander";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Io } from "../Io.ts";
import { printable } from "../table.ts";
import { askRoomProgram } from "./askRoomProgram.ts";

/** What the device's program tells (device/program/recordMain.ts). */
type Said = { by: "room" | "command" } | { line: string };

interface Options {
	config: string;
	to?: string;
	megabytes: string;
}

export function record(room: Command, io: Io, asJson: () => boolean): void {
	room
		.command("record")
		.summary("record what passes on a device's line")
		.description(
			`Shows or writes down each byte to and from a device, with the time, until Ctrl-C. Where the room's program runs it goes on driving the device and lets us listen; otherwise the device is driven from here meanwhile.
A recording is JSON lines, with bytes as hexadecimal digits: {"at":…,"is":"out","hex":"81090002ff"}. Tests can play it to a driver. It holds what devices say, and no word of a call.
Exit code 4: this account may not listen; 5: the room has no such device; 6: a program that is no room's program holds the port.`,
		)
		.argument("<device>", "what the room's configuration calls it")
		.addOption(new Option("--config <file>", "the room's configuration").default("/etc/incamera/room.yaml"))
		.option("--to <file>", "write the recording into a new file")
		.addOption(new Option("--megabytes <n>", "how long it may become").default("16"))
		.action(async (device: string, { config, to, megabytes }: Options) => {
			const mostBytes = Number(megabytes) * 1e6;
			if (!(mostBytes >= 2000 && mostBytes <= 1e9)) {
				throw new RoomError("cli.usage", "--megabytes must be a number from 0.002 to 1000");
			}
			const file = to === undefined ? null : await newFile(to);
			// a disk that is full ends it
			const broken = new AbortController();
			file?.on("error", () => broken.abort());
			const signal = AbortSignal.any([io.signal, broken.signal]);
			// what is drawn is for people: whoever reads us through a pipe, or asked for JSON, gets the recording itself
			const write = (line: string): void => {
				if (file) file.write(line);
				else io.out(io.terminal && !asJson() ? draw(line) : line);
			};
			try {
				await askRoomProgram<Said>("recordMain", { config, device, mostBytes }, { ...io, signal }, (said) => {
					if ("line" in said) write(said.line);
					else if (io.terminal) io.err(`${driving[said.by]} Ctrl-C ends.\n`);
				});
			} finally {
				if (file) await finished(file.end()).catch(unwritable);
			}
			if (to && io.terminal) io.err(`Recorded in ${to}.\n`);
		});
}

const driving = {
	room: "The room's program drives it.",
	command: "No room's program runs here; the device is driven from here.",
} as const;

async function newFile(path: string): Promise<WriteStream> {
	const file = createWriteStream(path, { flags: "wx", mode: 0o600 });
	try {
		await once(file, "open");
	} catch (cause) {
		const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
		if (exists) throw new RoomError("cli.file_exists", "the file is there already, and is not overwritten", { cause });
		unwritable(cause);
	}
	return file;
}

function unwritable(cause: unknown): never {
	throw new RoomError("cli.file_unwritable", "the file can't be written", { cause });
}

const arrows: Readonly<Record<string, string>> = { out: "→", in: "←" };

/** A line of a recording as a person reads it: when, which way, bytes, and as text where it is some. */
function draw(line: string): string {
	const entry = JSON.parse(line) as { at: number; is?: string; hex?: string; why?: string; entries?: number };
	if (entry.is === undefined) return "";
	const time = new Date(entry.at).toISOString().slice(11, 23);
	if (entry.hex === undefined) {
		return printable(`${time} – ${entry.is} ${entry.why ?? entry.entries ?? ""}`)
			.trimEnd()
			.concat("\n");
	}
	const bytes = Buffer.from(entry.hex, "hex");
	const words = bytes.toString("latin1");
	const text = /^[\r\n\x20-\x7e]+$/.test(words) ? `  ${JSON.stringify(words)}` : "";
	return `${time} ${arrows[entry.is] ?? entry.is} ${bytes.toString("hex").replaceAll(/..(?=.)/g, "$& ")}${text}\n`;
}
