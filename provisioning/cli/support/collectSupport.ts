import { execFile } from "node:child_process";
import { readdir, readFile, statfs } from "node:fs/promises";
import { freemem, release, totalmem, uptime } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type * as z from "zod/mini";
import { firmwareVersion } from "../../contract/jobs.ts";
import { logEntryOf } from "./logEntryOf.ts";
import { health, type SupportBundle, supportBundle, unit, unitNames, written } from "./supportBundle.ts";

/** The newest lines of this start; older ones are of no help. */
const MOST_LINES = 3000;
const MOST_OUTPUT_BYTES = 16 * 1024 ** 2;

export interface SupportOptions {
	/** Where the device's files are; `/` on a device. */
	root: string;
	/** Where `journalctl` and `systemctl` are looked for. */
	path: string;
	now: number;
}

/** Everything that helps to find out what is wrong with a device, and nothing about anybody. What can't be read is null. */
export async function collectSupport(options: SupportOptions): Promise<SupportBundle> {
	const { root, now } = options;
	const [osRelease, commandLine] = await Promise.all([
		text(join(root, "usr/lib/os-release")),
		text(join(root, "proc/cmdline")),
	]);
	const version = firmwareVersion.safeParse(/^IMAGE_VERSION=(.*)$/m.exec(osRelease)?.[1]);
	const slot = /(?:^| )rauc\.slot=([AB])(?: |$)/m.exec(commandLine)?.[1] as "A" | "B" | undefined;
	const { entries, leftOut } = await logOf(options);
	return supportBundle.parse({
		v: 1,
		made: new Date(now).toISOString(),
		firmware: { version: version.success ? version.data : null, slot: slot ?? null },
		machine: await machineOf(root),
		health: await jsonOf(join(root, "var/lib/incamera-health/last.json"), health),
		written: await jsonOf(join(root, "var/lib/incamera-agent/firmware.json"), written),
		units: await unitsOf(options),
		log: entries,
		leftOut,
	});
}

async function machineOf(root: string): Promise<SupportBundle["machine"]> {
	const megabytes = (bytes: number): number => Math.floor(bytes / 1e6);
	const disk = await statfs(join(root, "var")).catch(() => null);
	return {
		kernel: /^\d+\.\d+\.\d+(?:-\d+)?/.exec(release())?.[0] ?? null,
		upSeconds: Math.floor(uptime()),
		memoryMegabytes: { all: megabytes(totalmem()), available: megabytes(freemem()) },
		dataMegabytes: disk && { all: megabytes(disk.blocks * disk.bsize), free: megabytes(disk.bavail * disk.bsize) },
		networks: await networksOf(join(root, "sys/class/net")),
	};
}

async function networksOf(folder: string): Promise<SupportBundle["machine"]["networks"]> {
	const networks: SupportBundle["machine"]["networks"] = [];
	for (const name of (await readdir(folder).catch(() => [])).sort().slice(0, 16)) {
		if (name === "lo") continue;
		const sort = name.startsWith("e") ? "wired" : name.startsWith("wl") ? "wireless" : "other";
		networks.push({ sort, up: (await text(join(folder, name, "operstate"))).trim() === "up" });
	}
	return networks;
}

async function unitsOf(options: SupportOptions): Promise<SupportBundle["units"]> {
	const output = await run(options, "systemctl", [
		...["show", "--property=Id,ActiveState,SubState,NRestarts", ...unitNames],
	]);
	return output.split("\n\n").flatMap((block) => {
		const said = new Map(block.split("\n").map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]));
		const parsed = unit.safeParse({
			name: said.get("Id"),
			active: said.get("ActiveState"),
			sub: said.get("SubState"),
			restarts: Number(said.get("NRestarts") ?? 0),
		});
		return parsed.success ? [parsed.data] : [];
	});
}

async function logOf(options: SupportOptions): Promise<{ entries: SupportBundle["log"]; leftOut: number }> {
	const units = ["incamera-room.service", "incamera-agent.service"].flatMap((name) => ["--unit", name]);
	const output = await run(options, "journalctl", [
		...["--boot", "--output=cat", "--quiet", `--lines=${MOST_LINES}`, ...units],
	]);
	const lines = output.split("\n").filter((line) => line.trim() !== "");
	const entries = lines.flatMap((line) => logEntryOf(line) ?? []);
	return { entries, leftOut: lines.length - entries.length };
}

async function run({ path }: SupportOptions, tool: string, words: string[]): Promise<string> {
	const settings = { env: { PATH: path, LC_ALL: "C.UTF-8" }, maxBuffer: MOST_OUTPUT_BYTES };
	return promisify(execFile)(tool, words, settings).then(
		({ stdout }) => stdout,
		() => "",
	);
}

const text = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

async function jsonOf<S extends z.ZodMiniType>(path: string, form: S): Promise<z.infer<S> | null> {
	try {
		return form.parse(JSON.parse(await text(path)));
	} catch {
		return null;
	}
}
