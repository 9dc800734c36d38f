import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Io } from "../Io.ts";
import { printable, table } from "../table.ts";
import { askRoomProgram } from "./askRoomProgram.ts";

/** What the device's program tells (device/program/probeMain.ts). */
type Said =
	| { asking: { place: string; driver: string; speed?: number } }
	| { reports: Report[]; configuration: string | null };

interface Report {
	place: string;
	state: string;
	sightings: {
		driver: string;
		model: string | null;
		at: { by: string; baudRate?: number; port?: number };
		note?: string;
	}[];
}

interface Options {
	port?: string[];
	host?: string[];
	write?: string;
}

/** Why a place could not be asked, for people. */
const states: Readonly<Record<string, string>> = {
	silent: "nobody answers",
	"link.absent": "no such port or host",
	"link.busy": "another program holds it; is the room's program running?",
	"link.denied": "this account may not open it (group dialout)",
	"link.unreachable": "nobody listens there",
	"peripheral.tool_missing": "cec-ctl is missing: install Debian's package v4l-utils",
};

const all = (value: string, others: string[] = []): string[] => [...others, value];

export function probe(room: Command, io: Io, asJson: () => boolean): void {
	room
		.command("probe")
		.summary("find out what is connected to this device")
		.description(
			`Asks at each serial port of an adapter, in each protocol and at each of its usual speeds, and over each HDMI cable what is there, and prints the block for the room's configuration. It asks only what changes nothing.
Displays are asked as number 1, as they leave the factory, those of Samsung also as 0; some are silent in standby, so switch them on.
Ports that the room's program holds are busy: stop it first (systemctl stop incamera-room). Exit code 5: nobody answered; 6: nobody answered, and a port was busy.`,
		)
		.option("--port <path>", "a serial port to ask at, also a built-in one: /dev/ttyS0; can be repeated", all)
		.option("--host <address>", "a device in the network to ask; can be repeated", all)
		.option("--write <file>", "write the configuration block into a new file")
		.action(async ({ port = [], host = [], write }: Options) => {
			let result: Extract<Said, { reports: Report[] }> | undefined;
			await askRoomProgram<Said>("probeMain", { ports: port, hosts: host }, io, (said) => {
				if ("reports" in said) result = said;
				else progress(io, said.asking);
			});
			if (io.terminal) io.err("\r\u001b[2K");
			io.signal.throwIfAborted();
			const { reports, configuration } = result ?? { reports: [], configuration: null };
			if (configuration && write) await writeNew(write, configuration);
			io.out(
				asJson() ? `${JSON.stringify({ places: reports, configuration })}\n` : draw(reports, configuration, write),
			);
			if (configuration === null) throw nothingFound(reports);
		});
}

function progress(io: Io, { place, driver, speed }: { place: string; driver: string; speed?: number }): void {
	if (!io.terminal) return;
	const text = printable(`asking at ${place}: ${driver}${speed ? ` at ${speed}` : ""}`);
	io.err(`\r\u001b[2K${text.slice(0, io.columns - 1)}`);
}

function draw(reports: readonly Report[], configuration: string | null, write: string | undefined): string {
	if (reports.length === 0) return "No adapter's serial port is here. A built-in one: --port /dev/ttyS0\n";
	const rows = reports.flatMap(({ place, state, sightings }) =>
		sightings.length === 0
			? [{ place, way: "", driver: "", what: states[state] ?? state }]
			: sightings.map(({ at, driver, model, note }) => ({
					place,
					way: at.by === "serial" ? String(at.baudRate) : at.by === "cec" ? "HDMI" : `${at.by} ${at.port}`,
					driver,
					what: [model, note].filter(Boolean).join("; "),
				})),
	);
	const drawn = table(rows, [
		{ title: "PLACE", of: (row) => row.place },
		{ title: "SPEED", of: (row) => row.way },
		{ title: "DRIVER", of: (row) => row.driver },
		{ title: "WHAT", of: (row) => row.what },
	]);
	if (configuration === null) return drawn;
	return `${drawn}\n${write ? `Written to ${write}; put it into the room's configuration.\n` : `For the room's configuration:\n\n${configuration}`}`;
}

async function writeNew(path: string, text: string): Promise<void> {
	try {
		await writeFile(path, text, { flag: "wx" });
	} catch (cause) {
		const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
		throw exists
			? new RoomError("cli.file_exists", "the file is there already, and is not overwritten", { cause })
			: new RoomError("cli.file_unwritable", "the file can't be written", { cause });
	}
}

function nothingFound(reports: readonly Report[]): RoomError {
	const busy = reports.some(({ state }) => state === "link.busy");
	return busy
		? new RoomError("probe.port_busy", "nobody answered, and a port is held by another program")
		: new RoomError("probe.nothing_found", "nobody answered");
}
