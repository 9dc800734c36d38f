/** What `npm start` says when it can't: one line with a code and what to do, and an exit code. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePortBase } from "../../tools/building/ports.ts";

const root = join(import.meta.dirname, "..", "..");

describe("a building that can't be started", { timeout: 120_000 }, () => {
	/** Where everything of it that is a file should be. */
	let temporary: string;
	beforeAll(async () => {
		temporary = await mkdtemp(join(tmpdir(), "start-"));
	});
	afterAll(() => rm(temporary, { recursive: true }));

	async function start(environment: Record<string, string>): Promise<{ exitCode: number; said: string[] }> {
		const child = spawn(process.execPath, ["tools/building.ts"], {
			cwd: root,
			env: { ...process.env, TMPDIR: temporary, ...environment },
			stdio: ["ignore", "ignore", "pipe"],
		});
		const [said, [exitCode]] = await Promise.all([text(child.stderr), once(child, "exit")]);
		return { exitCode, said: said.trim().split("\n") };
	}

	it("says which port is taken, here the last one that it needs, and how to choose others", async () => {
		const base = await freePortBase();
		const holder = createServer().listen(base + 3, "127.0.0.1");
		await once(holder, "listening");
		const { exitCode, said } = await start({ INCAMERA_PORT_BASE: String(base) });
		holder.close();
		expect(said).toEqual([
			expect.stringMatching(new RegExp(`^start\\.port_busy: port ${base + 3} .*INCAMERA_PORT_BASE=\\d+ npm start$`)),
		]);
		expect(exitCode).toBe(1);
		expect(await readdir(temporary)).toEqual([]);
	});

	it.each(["berlin", "80"])("refuses the port base '%s'", async (base) => {
		const { exitCode, said } = await start({ INCAMERA_PORT_BASE: base });
		expect(said).toEqual(["start.port_invalid: INCAMERA_PORT_BASE must be a number from 1024 to 65000."]);
		expect(exitCode).toBe(2);
	});

	it("names the elements of GStreamer that aren't installed, and the packages that have them, before it starts anything", async () => {
		const { exitCode, said } = await start({
			INCAMERA_PORT_BASE: String(await freePortBase()),
			GST_PLUGIN_SYSTEM_PATH_1_0: temporary,
			GST_PLUGIN_PATH_1_0: temporary,
			GST_REGISTRY_1_0: join(temporary, "registry"),
		});
		expect(said).toEqual([
			expect.stringMatching(/^doctor\.element_missing: .*webrtcbin.* apt-get install .*gstreamer1\.0-plugins-bad/),
		]);
		expect(exitCode).toBe(1);
		await rm(join(temporary, "registry"), { force: true });
		expect(await readdir(temporary)).toEqual([]);
	});
});
