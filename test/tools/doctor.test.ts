/** `npm run doctor` as a script reads it: a JSON object a line, and an exit code. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FleetCa } from "../../provisioning/service/ca/FleetCa.ts";
import { freePortBase } from "../../tools/building/ports.ts";

const root = join(import.meta.dirname, "..", "..");

describe("the doctor", { timeout: 120_000 }, () => {
	let folder: string;
	let config: string;
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "incamera-doctor-"));
		config = join(folder, "room.yaml");
		const room = { panel: { port: await freePortBase() }, agent: "agent.sock", state: "state" };
		await writeFile(config, JSON.stringify(room));
	});
	afterAll(() => rm(folder, { recursive: true }));

	/** A folder with a device's key and certificate, and the authority of this or another fleet. */
	async function identity(name: string, { foreign = false } = {}): Promise<string> {
		const at = join(folder, name);
		await mkdir(at);
		const ca = await FleetCa.open(join(at, "own"), { development: true });
		const believed = foreign ? await FleetCa.open(join(at, "other"), { development: true }) : ca;
		const { key, certificate } = await ca.issueDevice("room-berlin");
		for (const [file, pem] of Object.entries({ key, certificate, ca: believed.certificate }))
			await writeFile(join(at, `${file}.pem`), pem);
		return at;
	}

	async function doctor(...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
		const child = spawn(process.execPath, ["tools/doctor.ts", ...args], {
			cwd: root,
			stdio: ["ignore", "pipe", "pipe"],
		});
		const [out, err, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
		return { exitCode, out, err };
	}
	const examined = (out: string) =>
		out
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as { id: string; status: string; code: string | null; advice: string | null });

	it("prints what it found as JSON, a check a line, and ends with 0 when nothing failed", async () => {
		const { exitCode, out } = await doctor("--json", "--config", config, "--identity", await identity("well"));
		const found = examined(out);
		expect(found.map(({ id }) => id)).toEqual(
			expect.arrayContaining(["gstreamer.elements", "certificate", expect.stringMatching(/^port/)]),
		);
		for (const one of found) {
			expect(one).toEqual({
				id: expect.any(String),
				title: expect.any(String),
				status: expect.stringMatching(/^(ok|care)$/),
				code: one.status === "ok" ? null : expect.stringMatching(/^doctor\.[a-z_]+$/),
				found: expect.any(String),
				advice: one.status === "ok" ? null : expect.any(String),
				ms: expect.any(Number),
			});
		}
		expect(exitCode).toBe(0);
	});

	it("ends with 1 when something failed, here a certificate of another fleet, and has advice for it", async () => {
		const strange = await identity("strange", { foreign: true });
		const { exitCode, out } = await doctor("--json", "--config", config, "--identity", strange);
		expect(examined(out).filter(({ status }) => status === "failed")).toMatchObject([
			{ id: "certificate", code: "doctor.certificate_foreign", advice: expect.stringContaining("ca.pem") },
		]);
		expect(exitCode).toBe(1);
	});

	it.each([
		[["--jsn"], /^doctor\.arguments: .*--jsn/],
		[["--config", "/nonexistent/room.yaml"], /^config\.unreadable: /],
	])("ends with 2 for %j, and one line that says why", async (args, line) => {
		const { exitCode, out, err } = await doctor(...args);
		expect(err.trim()).toMatch(line);
		expect(err.trim().split("\n")).toHaveLength(1);
		expect([exitCode, out]).toEqual([2, ""]);
	});
});
