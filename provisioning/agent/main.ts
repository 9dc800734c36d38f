/**
 * The agent's entry: `node provisioning/agent/main.ts --config agent.yaml`.
 *
 * Exit codes: 0 told to stop (or restarted by the simulated firmware), 1 could not start or broke (systemd starts it again), 2 wrong arguments or
 * configuration. Under a parent with an IPC channel it says `{ready: true}` or `{failed: {code, message}}`, and ends when the parent is gone.
 */
import { parseArgs } from "node:util";
import { systemClock } from "../../device/core/clock.ts";
import { jsonLog, type LogLevel } from "../../device/core/log.ts";
import { onParentGone } from "../../device/core/onParentGone.ts";
import { RoomError } from "../../device/core/RoomError.ts";
import { Agent, VERSION } from "./Agent.ts";
import { readAgentConfig } from "./AgentConfig.ts";
import { Notifier } from "./systemd/Notifier.ts";

const level = process.env["INCAMERA_LOG"];
// A reader of our lines that went away must not bring us down.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
const log = jsonLog({
	write: (line) => process.stderr.write(line),
	level: level && ["debug", "info", "warn", "error"].includes(level) ? (level as LogLevel) : "info",
});

function fail(thrown: unknown, exitCode: number): never {
	const { code, message } = RoomError.from(thrown, "agent.unexpected");
	if (!process.send) process.stderr.write(`${code}: ${message}\n`);
	else process.send({ failed: { code, message } });
	process.exit(exitCode);
}

const { values } = parseArgs({ options: { config: { type: "string" } } });
if (!values.config) {
	process.stderr.write("usage: node provisioning/agent/main.ts --config agent.yaml\n");
	process.exit(2);
}
const config = await readAgentConfig(values.config).catch((thrown) => fail(thrown, 2));

const notifier = new Notifier({ environment: process.env, clock: systemClock });
/** Longer than any step of an orderly end. */
const mostStopMs = 8000;
let stopping = false;
async function stop(signal: string, exitCode: number): Promise<void> {
	if (stopping) return;
	stopping = true;
	log.write("info", "process.stopping", { program: "agent", signal });
	setTimeout(() => process.exit(exitCode || 1), mostStopMs);
	await notifier.stopping();
	await agent?.close().catch(() => {});
	process.exit(exitCode);
}
process.on("SIGINT", () => void stop("SIGINT", 0));
process.on("SIGTERM", () => void stop("SIGTERM", 0));
onParentGone(() => void stop("disconnect", 0));
process.on("uncaughtException", (thrown) => {
	log.write("error", "error.unexpected", { code: RoomError.from(thrown, "agent.unexpected").code });
	if (level === "debug") process.stderr.write(`${thrown.stack}\n`);
	void stop("uncaught", 1);
});

let agent: Agent | null = null;
try {
	agent = await Agent.start({
		config,
		log,
		broken: (code) => {
			log.write("error", "error.unexpected", { code });
			void stop("broken", 1);
		},
		restart: () => void stop("restart", 0),
	});
} catch (thrown) {
	fail(thrown, 1);
}
const running = agent;
notifier.ready(() => running.isWell);
log.write("info", "process.started", { program: "agent", version: VERSION });
process.send?.({ ready: true });
