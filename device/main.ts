/**
 * The room program's entry: `node device/main.ts --config room.yaml`.
 *
 * Exit codes: 0 told to stop, 1 could not start or broke (systemd starts it again), 2 wrong arguments or configuration, 3 the fleet
 * asked for a restart. Under a parent with an IPC channel it says `{ready: true}` or `{failed: {code, message}}`, and ends when the
 * parent is gone.
 */
import { parseArgs } from "node:util";
import { loadRoomConfig } from "./config/loadRoomConfig.ts";
import { jsonLog, type LogLevel } from "./core/log.ts";
import { onParentGone } from "./core/onParentGone.ts";
import { RoomError } from "./core/RoomError.ts";
import { RoomProgram } from "./program/RoomProgram.ts";

const level = process.env["INCAMERA_LOG"];
// A reader of our lines that went away must not bring us down, and least of all keep us from ending.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
const log = jsonLog({
	write: (line) => process.stderr.write(line),
	level: level && ["debug", "info", "warn", "error"].includes(level) ? (level as LogLevel) : "info",
});

function fail(thrown: unknown, exitCode: number): never {
	const { code, message } = RoomError.from(thrown, "room.unexpected");
	// a parent that listens says it itself; without one this is the only line there is
	if (!process.send) process.stderr.write(`${code}: ${message}\n`);
	else process.send({ failed: { code, message } });
	process.exit(exitCode);
}

const { values } = parseArgs({ options: { config: { type: "string" } } });
if (!values.config) {
	process.stderr.write("usage: node device/main.ts --config room.yaml\n");
	process.exit(2);
}
const config = await loadRoomConfig(values.config).catch((thrown) => fail(thrown, 2));

const version = "0.1.0";
/** Longer than any step of an orderly end; after it the end is not orderly, but it comes: camera and microphone go with us. */
const mostStopMs = 4000;
let stopping = false;
async function stop(signal: string, exitCode: number): Promise<void> {
	if (stopping) return;
	stopping = true;
	log.write("info", "process.stopping", { program: "room", signal });
	setTimeout(() => process.exit(exitCode || 1), mostStopMs);
	await program.stop().catch(() => {});
	process.exit(exitCode);
}
let started = false;
const program = new RoomProgram(config, {
	version,
	log,
	over(why, error) {
		// what keeps it from starting is said below
		if (error && started) process.stderr.write(`${error.code}: ${error.message}\n`);
		if (!error || started) void stop(why, why === "restart" ? 3 : 1);
	},
});
process.on("SIGINT", () => void stop("SIGINT", 0));
process.on("SIGTERM", () => void stop("SIGTERM", 0));
onParentGone(() => void stop("disconnect", 0));
// an error nobody caught leaves the program in a state nobody thought of: end in order, be started anew
process.on("uncaughtException", (thrown) => {
	log.write("error", "error.unexpected", { code: RoomError.from(thrown, "room.unexpected").code });
	if (level === "debug") process.stderr.write(`${thrown.stack}\n`);
	void stop("uncaught", 1);
});

try {
	await program.start();
	started = true;
} catch (thrown) {
	await program.stop();
	fail(thrown, 1);
}
log.write("info", "process.started", { program: "room", version });
process.send?.({ ready: true });
