import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { freePortBase } from "../../tools/building/ports.ts";

const root = join(import.meta.dirname, "..", "..");
let building: ChildProcess | null = null;
/** What it printed for people. */
let said = "";
/** Its log, and why it ended. */
let logged = "";
/** Where everything of a building that is a file should be. */
let temporary: string;
beforeEach(async () => {
	temporary = await mkdtemp(join(tmpdir(), "orphans-"));
	// database and broker give root's rights up and must still reach their own files below
	await chmod(temporary, 0o711);
});
afterEach(async () => {
	building?.kill("SIGKILL");
	await rm(temporary, { recursive: true, force: true });
});

/** All processes below one, as far down as they go. */
function descendants(pid: number): number[] {
	const direct = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
		.trim()
		.split(" ")
		.filter(Boolean)
		.map(Number);
	return [...direct, ...direct.flatMap(descendants)];
}
const alive = (pid: number) =>
	existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";

async function launch(): Promise<{ pid: number; base: number }> {
	const base = await freePortBase();
	building = spawn(process.execPath, ["tools/building.ts"], {
		cwd: root,
		env: {
			...process.env,
			INCAMERA_PORT_BASE: String(base),
			INCAMERA_LOG: "debug",
			TMPDIR: temporary,
			NODE_COMPILE_CACHE: join(root, "build", "node-cache"),
		},
		stdio: ["ignore", "pipe", "pipe"],
	});
	[said, logged] = ["", ""];
	building.stdout?.on("data", (chunk) => {
		said += String(chunk);
	});
	building.stderr?.on("data", (chunk) => {
		logged = (logged + String(chunk)).slice(-4000);
	});
	return { pid: building.pid as number, base };
}

async function start(): Promise<{ pids: number[]; base: number }> {
	const { pid, base } = await launch();
	for (const port of [base, base + 1, base + 2]) {
		const outcome = async () => {
			// nobody waits for what has ended
			if (building?.exitCode !== null) return `ended with ${building?.exitCode}: ${said}${logged}`;
			return (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null))?.ok ? "usable" : null;
		};
		await expect.poll(outcome, { timeout: 120_000 }).not.toBeNull();
		expect(await outcome()).toBe("usable");
	}
	const pids = descendants(pid);
	// two rooms with an engine and an agent each, two brokers, a database
	expect(pids.length).toBeGreaterThanOrEqual(9);
	return { pids, base };
}

it("prints where everything is, and it is there; Ctrl-C ends every process of a building, and leaves no file", {
	timeout: 180_000,
}, async () => {
	const { pids, base } = await start();
	await expect.poll(() => said).toContain("Ctrl-C ends everything");
	const addresses = said.match(/https?:\/\/\S+/g) ?? [];
	const here = `http://127.0.0.1:${base}`;
	expect(addresses).toEqual(
		expect.arrayContaining([
			...[1, 2, 3].map((place) => `http://127.0.0.1:${base + place}`),
			...[1, 2].map((place) => `http://127.0.0.1:${base + place}/tv`),
			...[here, `http://localhost:${base}/console/`],
			expect.stringMatching(new RegExp(`^${here}/j/[\\w-]+#1\\.`)),
			expect.stringMatching(new RegExp(`^http://localhost:${base}/console/#`)),
		]),
	);
	// a service has no page at its root
	for (const address of addresses.filter((one) => one !== here)) expect((await fetch(address)).status).toBe(200);
	const ended = new Promise((resolve) => building?.once("exit", resolve));
	building?.kill("SIGINT");
	expect(await ended).toBe(0);
	await expect.poll(() => pids.filter(alive)).toEqual([]);
	expect(await readdir(temporary)).toEqual([]);
});

it.each([0, 1, 3, 5, 8, 11])(
	"Ctrl-C while it starts, with its process number %i there, leaves nobody and no file",
	{ timeout: 300_000 },
	async (count) => {
		const { pid } = await launch();
		const pids = new Set<number>();
		const started = () => {
			for (const one of descendants(pid)) pids.add(one);
			return said.includes("Plugging in") && pids.size >= count;
		};
		await expect.poll(started, { interval: 5, timeout: 120_000 }).toBe(true);
		let code: number | null = null;
		building?.once("exit", (of) => {
			code = of ?? -1;
		});
		building?.kill("SIGINT");
		// those that it still starts count too
		await expect
			.poll(
				() => {
					if (code === null) started();
					return code;
				},
				{ timeout: 120_000 },
			)
			.toBe(0);
		await expect.poll(() => [...pids].filter(alive)).toEqual([]);
		expect(await readdir(temporary)).toEqual([]);
	},
);

it("a building that is killed takes every process with it, although nobody reads their lines any more", {
	timeout: 180_000,
}, async () => {
	const { pids } = await start();
	for (const stream of [building?.stdout, building?.stderr]) stream?.destroy();
	building?.kill("SIGKILL");
	await expect.poll(() => pids.filter(alive)).toEqual([]);
});

it.each([1, 3, 5, 8, 11])(
	"a building that is killed while it starts, with its process number %i there, leaves nobody",
	{ timeout: 180_000 },
	async (count) => {
		const { pid } = await launch();
		let pids: number[] = [];
		await expect
			.poll(
				() => {
					pids = descendants(pid);
					return pids.length;
				},
				{ interval: 5, timeout: 120_000 },
			)
			.toBeGreaterThanOrEqual(count);
		building?.kill("SIGKILL");
		await expect.poll(() => pids.filter(alive)).toEqual([]);
	},
);
