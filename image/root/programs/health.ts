/**
 * Runs once at each start of the appliance: waits until the room can be used, its panel is painted and media work, or says what doesn't.
 * Exit codes: 0 healthy, 1 not (systemd then starts the machine again, and the loader counts the try), 3 not, as so often before. What it found
 * is kept for the next start, the agent and a technician: `last.json`, `failure`. It marks no slot good: that is the agent's (docs/adr/0010).
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { failureCode, judgeHealth, readHealth, type Seen, type Verdict } from "./judgeHealth.ts";
import { memoryOf } from "./memoryOf.ts";

/** A start in the slowest machine, with room to spare; then the watchdog of patience ends it. Milliseconds. */
const PATIENCE_MS = 6 * 60_000;
/** A new firmware has three starts, and the one before it three more; after that the trouble is not in the firmware. */
const MOST_FAILURES = 6;
const ANSWER_MS = 20_000;
const MEDIA_MS = 2 * 60_000;
const panel = "http://127.0.0.1:8081/healthz";

const say = (text: string): void => void process.stdout.write(`incamera: ${text}\n`);
const upSeconds = (): string => Math.round(process.uptime() + startedAt).toString();
const startedAt = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) - process.uptime();

/** A word of the kernel's command line, such as the slot. */
const bootWord = (name: string): string =>
	new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(readFileSync("/proc/cmdline", "utf8"))?.[1] ?? "";
const version = /^IMAGE_VERSION="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "";

/** Why the room program did not answer when it was last asked; for the serial line. */
let silence = "";

async function askPanel(): Promise<Pick<Seen, "room" | "painted">> {
	try {
		const response = await fetch(panel, { signal: AbortSignal.timeout(ANSWER_MS) });
		const { reason, ...seen } = readHealth(response.ok, await response.json());
		silence = reason;
		return seen;
	} catch (error) {
		const { name, message, cause } = error as Error & { cause?: { code?: string } };
		silence = cause?.code ?? `${name}: ${message}`;
		return { room: false, painted: false };
	}
}

/** The doctor's checks of GStreamer, in a process of their own: which of them is wrong, and why. */
async function askMedia(): Promise<boolean> {
	const child = fork("/usr/lib/incamera/doctor.js", [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
	const deadline = setTimeout(() => child.kill("SIGKILL"), MEDIA_MS);
	try {
		child.send({ identity: null, rendezvous: null, serialPorts: [] });
		const gone = once(child, "exit").then(([code, signal]) => {
			say(`media could not be tried: the doctor ended with ${signal ?? code}`);
			return [[]];
		});
		const [findings] = (await Promise.race([once(child, "message"), gone])) as [Finding[]];
		const wanted = findings.filter(({ id }) => id === "gstreamer.elements" || id === "codecs");
		for (const { id, status, found } of wanted) if (status === "failed") say(`${id}: ${found}`);
		return wanted.length === 2 && wanted.every(({ status }) => status !== "failed");
	} finally {
		clearTimeout(deadline);
		child.kill("SIGKILL");
	}
}

/** As the doctor sends it. */
interface Finding {
	id: string;
	status: string;
	found: string;
}

/** Starts in a row that were not healthy, of this and the other slot; on the data partition. */
const folder = process.env["STATE_DIRECTORY"] ?? ".";
function failuresBefore(): number {
	try {
		const { failures } = JSON.parse(readFileSync(join(folder, "last.json"), "utf8")) as { failures?: unknown };
		return typeof failures === "number" ? failures : 0;
	} catch {
		return 0;
	}
}

function end(verdict: Verdict): never {
	const slot = bootWord("rauc.slot");
	const missing = verdict === "healthy" ? [] : verdict.missing;
	const failures = verdict === "healthy" ? 0 : failuresBefore() + 1;
	try {
		const record = { v: 1, version, slot, at: new Date().toISOString(), missing, failures };
		writeFileSync(join(folder, "last.json"), JSON.stringify(record));
		// the agent reads it after the next start: why a new firmware was rolled back (docs/adr/0010)
		if (verdict !== "healthy") writeFileSync(join(folder, "failure"), `${failureCode(verdict)}\n`);
	} catch {
		say("what was found could not be kept");
	}
	const where = `${version} in slot ${slot}, ${upSeconds()} s`;
	if (verdict === "healthy") say(`healthy: ${where}`);
	else say(`not healthy, without ${missing.join(", ")}: ${where}${missing.includes("room") ? `, ${silence}` : ""}`);
	if (failures > MOST_FAILURES) say("stays as it is: another start would not help");
	process.exit(verdict === "healthy" ? 0 : failures > MOST_FAILURES ? 3 : 1);
}

say(`health of ${version} in slot ${bootWord("rauc.slot")}, ${upSeconds()} s`);
const deadline = Date.now() + PATIENCE_MS;
const seen: Seen = { room: false, painted: false, media: false };
while (Date.now() < deadline && !(seen.room && seen.painted)) {
	const before = { ...seen };
	Object.assign(seen, await askPanel());
	if (seen.room && !before.room) say(`room program answers, ${upSeconds()} s`);
	if (seen.painted && !before.painted) say(`panel painted, ${upSeconds()} s`);
	if (!(seen.room && seen.painted)) await later(500);
}
// last: it takes a processor for some seconds, which the panel's first picture should not wait for; a slow machine's first try may be too slow
do seen.media = seen.room && (await askMedia());
while (seen.room && !seen.media && Date.now() < deadline);
const held = ["room", "agent"].map((name) => `${name} ${memoryOf(`incamera-${name}.service`) ?? "?"} MB`);
say(`memory of ${held.join(", ")}`);
end(judgeHealth(seen));
