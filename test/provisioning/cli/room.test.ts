import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../device/core/clock.ts";
import { runProgram } from "../../../provisioning/cli/program.ts";
import { CameraFirmware } from "../../sim/camera/CameraFirmware.ts";
import { MessageSplitter } from "../../sim/camera/MessageSplitter.ts";
import { SimulatedCamera } from "../../sim/camera/SimulatedCamera.ts";
import { PtyDevice } from "../../sim/line/PtyDevice.ts";
import { PtyPair } from "../../sim/line/PtyPair.ts";

let home: string;
let out: string;
let err: string;
let abort: AbortController;
let pty: PtyPair;
let camera: PtyDevice;

beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), "incamera-cli-"));
	[out, err, abort] = ["", "", new AbortController()];
	pty = await PtyPair.open();
	const clock = systemClock;
	const firmware = new CameraFirmware(new SimulatedCamera({ clock }), { clock });
	const messages = new MessageSplitter();
	camera = await PtyDevice.attach(pty.farPath, (bytes, say) => {
		for (const message of messages.push(bytes)) firmware.hear(message, say);
	});
});
afterEach(async () => {
	await camera.detach();
	await pty.close();
	await rm(home, { recursive: true, force: true });
});

/** Runs `incamera` with these words. */
function run(...words: string[]): Promise<number> {
	return runProgram(words, {
		io: {
			out: (text) => {
				out += text;
			},
			err: (text) => {
				err += text;
			},
			env: { HOME: home },
			terminal: false,
			columns: 80,
			signal: abort.signal,
		},
		connect: () => () => Promise.reject(new Error("no fleet is needed")),
		readInput: async () => "",
		version: "0.1.0",
	});
}

describe("room probe", () => {
	test("says in a table and as a configuration what is there, and needs no fleet", async () => {
		expect(await run("room", "probe", "--port", pty.path)).toBe(0);
		expect(out).toMatch(/^PLACE +SPEED +DRIVER +WHAT\n/);
		expect(out).toContain(
			`peripherals:\n  # Sony SRG-300SE, ROM 0102\n  camera:\n    driver: visca\n    serial: ${pty.path}\n`,
		);
	});

	test("tells a program the same", async () => {
		expect(await run("--json", "room", "probe", "--port", pty.path)).toBe(0);
		expect(JSON.parse(out)).toMatchObject({
			places: [{ place: pty.path, state: "found", sightings: [{ driver: "visca", at: { baudRate: 9600 } }] }],
			configuration: expect.stringContaining("driver: visca"),
		});
	});

	test("writes the configuration into a new file, and over no old one", async () => {
		const file = join(home, "found.yaml");
		expect(await run("room", "probe", "--port", pty.path, "--write", file)).toBe(0);
		expect(await readFile(file, "utf8")).toMatch(/^peripherals:\n/);
		expect(await run("room", "probe", "--port", pty.path, "--write", file)).toBe(6);
		expect(err).toContain("cli.file_exists");
	});

	test("says by its exit code that nothing is there", async () => {
		expect(await run("room", "probe", "--port", join(home, "nothing"))).toBe(5);
		expect(out).toContain("no such port or host");
		expect(err).toContain("probe.nothing_found");
	});

	test("ends when it is told to", async () => {
		await camera.detach();
		const running = run("room", "probe", "--port", pty.path);
		abort.abort();
		expect(await running).toBe(130);
	});
});
