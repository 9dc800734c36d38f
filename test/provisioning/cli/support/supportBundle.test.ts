import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jsonLog } from "../../../../device/core/log.ts";
import { collectSupport } from "../../../../provisioning/cli/support/collectSupport.ts";
import { logEntryOf } from "../../../../provisioning/cli/support/logEntryOf.ts";
import { CommandLine } from "../../../sim/image/CommandLine.ts";

let root: string;
beforeAll(async () => {
	root = await mkdtemp(join(tmpdir(), "incamera-support-"));
	// what systemd's programs would print, by programs that print it
	for (const tool of ["journalctl", "systemctl"]) {
		await put(`bin/${tool}`, `#!/bin/sh\nexec /bin/cat ${join(root, `${tool}.out`)}\n`);
		await chmod(join(root, "bin", tool), 0o755);
	}
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function put(path: string, content: string): Promise<void> {
	await mkdir(dirname(join(root, path)), { recursive: true });
	await writeFile(join(root, path), content);
}
const collect = () => collectSupport({ root, path: join(root, "bin"), now: 0 });
const health = (over: object = {}) => ({
	...{ v: 1, version: "1.4.0", slot: "A", at: "2026-06-01T08:00:00.000Z", missing: ["painted"], failures: 2 },
	...over,
});
const show = (said: Record<string, string>) =>
	Object.entries(said)
		.map(([key, value]) => `${key}=${value}\n`)
		.join("");
const room = { Id: "incamera-room.service", ActiveState: "failed", SubState: "failed", NRestarts: "3" };

test("a bundle has what helps", async () => {
	await put("usr/lib/os-release", "ID=debian\nIMAGE_VERSION=1.4.0\n");
	await put("proc/cmdline", "quiet rauc.slot=B panic=10\n");
	await put("var/lib/incamera-health/last.json", JSON.stringify(health()));
	const slots = { A: { version: "1.3.0", digest: "ab".repeat(32), identity: "x" }, B: null };
	await put("var/lib/incamera-agent/firmware.json", JSON.stringify({ slots, trial: null, floor: "1.3.0" }));
	await put("sys/class/net/enp3s0/operstate", "up\n");
	await put("systemctl.out", show(room));
	const lines: string[] = [];
	const log = jsonLog({ write: (line) => lines.push(line), now: () => 0 });
	log.write("info", "process.started", { program: "room", version: "0.1.0" });
	log.write("warn", "engine.exited", { code: 139, signal: "SIGSEGV", inCall: true });
	log.write("info", "job.state", { state: "ROLLED_BACK", code: "update.panel_not_painted" });
	await put("journalctl.out", `${lines.join("")}Warning: something of somebody else\n`);
	const bundle = await collect();
	expect(bundle).toMatchObject({
		firmware: { version: "1.4.0", slot: "B" },
		health: { missing: ["painted"], failures: 2 },
		written: { slots: { A: { version: "1.3.0" }, B: null }, floor: "1.3.0" },
		units: [{ name: "incamera-room.service", active: "failed", restarts: 3 }],
		leftOut: 1,
	});
	expect(bundle.machine.networks).toEqual([{ sort: "wired", up: true }]);
	expect(bundle.log.map(({ event, fields }) => [event, fields])).toEqual([
		["process.started", { program: "room" }],
		["engine.exited", { code: 139, signal: "SIGSEGV", inCall: true }],
		["job.state", { state: "ROLLED_BACK", code: "update.panel_not_painted" }],
	]);
});

/** What must not get out, of each sort, with something by which it is found again. */
const secret = fc
	.tuple(
		fc.constantFrom(
			(mark: string) => `https://meet.example/j/${mark}#1.${mark}${mark}.ca`,
			(mark: string) => `Karla ${mark}`,
			(mark: string) => `${mark}@example.org`,
			(mark: string) => `ict_${mark}`,
			(mark: string) => `Kündigung ${mark} besprechen`,
			(mark: string) => `-----BEGIN PRIVATE KEY-----\n${mark}\n-----END PRIVATE KEY-----`,
			(mark: string) => `192.0.2.7 ${mark}`,
			(mark: string) => mark,
			(mark: string) => mark.toUpperCase(),
			(mark: string) => `update.x ${mark}`,
			(mark: string) => `secret.${mark}`,
		),
		fc.stringMatching(/^zq[a-f]{10}$/),
	)
	.map(([form, mark]) => ({ text: form(mark), mark }));

test("nothing that was planted anywhere gets out", async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.nat(), async (secrets, seed) => {
			const at = (turn: number): string => secrets[(seed + turn) % secrets.length]?.text ?? "";
			const flat = (turn: number): string => at(turn).replaceAll("\n", " ");
			await put("usr/lib/os-release", `NAME=${flat(0)}\nIMAGE_VERSION=${seed % 2 ? "1.4.0" : flat(1)}\n`);
			await put("proc/cmdline", `${flat(2)} rauc.slot=${flat(3)}\n`);
			await put(
				"var/lib/incamera-health/last.json",
				JSON.stringify(
					[health({ note: at(0) }), health({ missing: [at(1)] }), health({ version: at(2) }), { [at(3)]: 1 }][seed % 4],
				),
			);
			const slots = { A: { version: "1.3.0", digest: at(1), identity: at(2), [at(3)]: 1 }, B: null };
			await put(
				"var/lib/incamera-agent/firmware.json",
				JSON.stringify({ slots, trial: null, floor: null, own: at(0) }),
			);
			await put(
				"systemctl.out",
				`${show({ ...room, Description: flat(0) })}\n${show({ ...room, Id: flat(1) })}\n${show({ ...room, SubState: flat(2) })}`,
			);
			const own = {
				ts: "2026-06-01T08:00:00.000Z",
				level: "info",
				event: "job.state",
				state: at(0),
				code: at(1),
				[at(2)]: at(3),
			};
			const lines = [
				...[own, { ...own, event: at(0) }, { ...own, level: at(1) }, { ...own, ts: at(2) }, { ...own, name: at(3) }],
				...[{ ...own, code: { deep: at(0) } }, [at(1)], at(2), { ...own, event: "call.state", state: [at(3)] }],
			].map((line) => JSON.stringify(line));
			await put("journalctl.out", `${lines.join("\n")}\n${at(0)}\n`);
			const text = JSON.stringify(await collect()).toLowerCase();
			for (const { mark } of secrets) expect(text).not.toContain(mark);
		}),
		{ numRuns: 60 },
	);
});

test("a line of any sort is taken by its form, or not at all", () => {
	fc.assert(
		fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
			expect(logEntryOf(line)).toBeNull();
		}),
	);
});

test("it is shown before it is written, for this user only, and over nothing", async () => {
	const command = new CommandLine();
	expect(await command.run("support-bundle", "--root", root)).toBe(0);
	expect(JSON.parse(command.out)).toMatchObject({ v: 1, firmware: {}, log: expect.any(Array) });
	const file = join(root, "bundle.json");
	expect(await command.run("support-bundle", "--root", root, "--to", file)).toBe(0);
	expect(command.err).toContain("left out");
	expect((await stat(file)).mode & 0o077).toBe(0);
	expect(JSON.parse(await readFile(file, "utf8")).v).toBe(1);
	expect(await command.run("support-bundle", "--root", root, "--to", file)).toBe(6);
});
