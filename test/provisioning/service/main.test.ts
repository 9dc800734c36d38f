import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../../../provisioning/service/child/freePort.ts";
import { readServiceConfig } from "../../../provisioning/service/config.ts";

const program = new URL("../../../provisioning/service/main.ts", import.meta.url).pathname;
let folder: string;
let child: ChildProcess | null;
beforeEach(async () => {
	child = null;
	folder = await mkdtemp(join(tmpdir(), "incamera-main-test-"));
	await mkdir(join(folder, "guest", "assets"), { recursive: true });
	await writeFile(join(folder, "guest", "index.html"), "<!doctype html>");
});
afterEach(async () => {
	if (child && child.exitCode === null && child.signalCode === null) {
		const gone = once(child, "exit");
		child.kill("SIGKILL");
		await gone;
	}
	await rm(folder, { recursive: true, force: true });
});
async function config(text: string): Promise<string> {
	const file = join(folder, "service.yaml");
	await writeFile(file, text);
	return file;
}
const minimal = (port: number) => `port: ${port}\nguestFolder: ${folder}/guest\nstateFolder: ${folder}/state\n`;

test("runs from a file, says when it is there, and ends in order", async () => {
	const port = await freePort("127.0.0.1");
	const file = await config(`${minimal(port)}broker:\n  port: 0\nturn:\n  loopback: true\n`);
	child = spawn(process.execPath, [program, "--config", file], { stdio: ["ignore", "pipe", "inherit"] });
	const lines = createInterface({ input: child.stdout! });
	const [first] = (await once(lines, "line")) as [string];
	expect(JSON.parse(first)).toMatchObject({ event: "process.started", program: "incamera-service" });
	const response = await fetch(`http://127.0.0.1:${port}/healthz`);
	expect(await response.json()).toEqual({ status: "ok" });
	expect((await stat(join(folder, "state", "ca", "ca.key.pem"))).mode & 0o777).toBe(0o600);
	const exited = once(child, "exit");
	child.kill("SIGTERM");
	expect(await exited).toEqual([0, null]);
	await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
});

test("with a fleet: database, broker, worker and API are there, and a link waits for the first admin", async () => {
	const port = await freePort("127.0.0.1");
	const file = await config(
		`${minimal(port)}broker:\n  port: 0\n  bootstrap: { port: 0 }\n` +
			`fleet:\n  origin: http://localhost:${port}\n  rendezvous: http://127.0.0.1:${port}\n  workers: 2\n  metrics: loopback\n  consoleFolder: ${folder}/console\n`,
	);
	await mkdir(join(folder, "console", "assets"), { recursive: true });
	await writeFile(join(folder, "console", "index.html"), "<!doctype html>The console");
	child = spawn(process.execPath, [program, "--config", file], { stdio: ["ignore", "pipe", "inherit"] });
	const lines: string[] = [];
	createInterface({ input: child.stdout! }).on("line", (line) => lines.push(line));
	await expect.poll(() => lines.join("\n")).toContain("process.started");
	const health = async () => (await fetch(`http://127.0.0.1:${port}/healthz/fleet`)).json();
	await expect.poll(health).toEqual({ broker: true, database: true });
	expect((await fetch(`http://127.0.0.1:${port}/api/1/devices`)).status).toBe(401);
	expect((await stat(join(folder, "state", "first-admin.url"))).mode & 0o777).toBe(0o600);
	expect(await (await fetch(`http://127.0.0.1:${port}/console`)).text()).toBe("<!doctype html>The console");
	expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain("incamera_database_up 1");
	const cli = new URL("../../../provisioning/cli/main.ts", import.meta.url).pathname;
	const words = ["--json", "fleet", "invite", "--local", join(folder, "state")];
	const { stdout } = await promisify(execFile)(process.execPath, [cli, ...words]);
	expect(JSON.parse(stdout)).toMatchObject({
		url: expect.stringContaining(`http://localhost:${port}/console/#/invite/`),
	});
	// One of the two workers leads.
	await expect.poll(() => lines.filter((line) => line.includes('"leads":true')).length).toBe(1);
	await expect.poll(() => lines.filter((line) => line.includes('"state":"connected"')).length).toBe(2);
	const exited = once(child, "exit");
	child.kill("SIGTERM");
	expect(await exited).toEqual([0, null]);
});

test("metrics for this machine alone are refused behind a proxy, which is this machine", async () => {
	const file = await config(
		`${minimal(0)}behindProxy: true\nbroker:\n  port: 0\nfleet:\n  origin: http://localhost:1\n  rendezvous: http://127.0.0.1:1\n` +
			"  metrics: loopback\n",
	);
	child = spawn(process.execPath, [program, "--config", file], { stdio: ["ignore", "pipe", "inherit"] });
	const said: string[] = [];
	for await (const line of createInterface({ input: child.stdout! })) said.push(line);
	expect(said.map((line) => JSON.parse(line))).toMatchObject([{ level: "error", code: "config.unusable" }]);
});

test("says in one line why it can't start, and ends with 1", async () => {
	const file = await config(`${minimal(0)}turn:\n  urls: ["turn:x"]\n  secretFile: ${folder}/none\n`);
	child = spawn(process.execPath, [program, "--config", file], { stdio: ["ignore", "pipe", "inherit"] });
	const exited = once(child, "exit");
	const said: string[] = [];
	for await (const line of createInterface({ input: child.stdout! })) said.push(line);
	expect(await exited).toEqual([1, null]);
	expect(said.map((line) => JSON.parse(line))).toMatchObject([{ level: "error", code: "config.unreadable" }]);
});

test.each<[string, number, string]>([
	["port: 8080\nguestFolder: g\nstateFolder: s\nprot: 1\n", 4, "prot"],
	["port: 80800\nguestFolder: g\nstateFolder: s\n", 1, "port"],
	["host: 127.0.0.1\nport: 1\nguestFolder: g\nstateFolder: s\nbroker:\n  port: 1\n  nmaes: []\n", 7, "broker.nmaes"],
	["port: 1\nguestFolder: g\nstateFolder: s\ntls:\n  key: k\n", 5, "tls.certificate"],
	// plain HTTP over a network, which no room takes
	[
		"port: 1\nguestFolder: g\nstateFolder: s\nbroker:\n  port: 1\nfleet:\n  origin: https://f.example\n  rendezvous: http://f.example\n",
		8,
		"fleet.rendezvous",
	],
	["port: 1\nguestFolder: [\n", 3, ""],
	["", 1, ""],
])("a wrong configuration is named with its line (%#)", async (text, line, key) => {
	await expect(readServiceConfig(await config(text))).rejects.toMatchObject({
		code: "config.refused",
		context: { line, key },
	});
});

test("JSON is a configuration too, with defaults", async () => {
	const file = await config(JSON.stringify({ port: 8080, guestFolder: "g", stateFolder: "s" }));
	expect(await readServiceConfig(file)).toEqual({
		host: "127.0.0.1",
		port: 8080,
		behindProxy: false,
		guestFolder: "g",
		stateFolder: "s",
	});
});
