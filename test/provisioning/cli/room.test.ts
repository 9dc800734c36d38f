import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SerialPort } from "serialport";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../device/core/clock.ts";
import { LineTap } from "../../../device/peripherals/link/LineTap.ts";
import { RecordingDoor } from "../../../device/peripherals/recording/RecordingDoor.ts";
import { parseRecording } from "../../../device/peripherals/recording/recording.ts";
import { recordingDoorPath } from "../../../device/program/roomState.ts";
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
let terminal: boolean;
let pty: PtyPair;
let camera: PtyDevice;

beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), "incamera-cli-"));
	[out, err, abort, terminal] = ["", "", new AbortController(), false];
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
			terminal,
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

describe("room record", () => {
	let config: string;
	beforeEach(async () => {
		config = join(home, "room.yaml");
		await writeFile(
			config,
			`panel: { port: 8081 }\nstate: state\nperipherals: { camera: { driver: visca, serial: ${pty.path} } }\n`,
		);
	});
	/** Records until the recording holds this. */
	async function recordUntil(wanted: string, ...words: string[]): Promise<number> {
		const running = run("room", "record", "camera", "--config", config, ...words);
		await expect.poll(() => out + err).toContain(wanted);
		abort.abort();
		return running;
	}

	test("drives the device itself where no room's program runs, and gives its port back", async () => {
		expect(await recordUntil('"is":"in"')).toBe(0);
		const { device, entries } = parseRecording(Buffer.from(out));
		expect(device).toBe("camera");
		expect(entries[0]).toMatchObject({ is: "opened" });
		expect(entries.filter((entry) => entry.is === "out")[0]).toMatchObject({ hex: "883001ff" });
		const port = new SerialPort({ path: pty.path, baudRate: 9600, autoOpen: false });
		await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
		await new Promise((resolve) => port.close(resolve));
	});

	test("listens at the door of a room's program that runs", async () => {
		const tap = new LineTap();
		const door = new RecordingDoor({ taps: () => new Map([["camera", tap]]), clock: systemClock });
		await door.listen(recordingDoorPath(join(home, "state")));
		try {
			const running = recordUntil('"hex":"90"');
			let say: (bytes: Uint8Array) => void = () => {};
			const open = tap.around(async (events) => {
				say = events.bytes;
				return { async write() {}, async close() {} };
			}, systemClock);
			await open({ bytes() {}, ended() {} }, new AbortController().signal);
			await expect.poll(() => out).toContain('"v":1');
			say(Uint8Array.of(0x90));
			expect(await running).toBe(0);
			expect(parseRecording(Buffer.from(out)).entries).toMatchObject([{ is: "in", hex: "90" }]);
			[out, abort] = ["", new AbortController()];
			expect(await run("room", "record", "tv", "--config", config)).toBe(5);
			expect(err).toContain("camera");
		} finally {
			await door.close();
		}
	});

	test("writes into a new file that only this user can read, and over no old one", async () => {
		const file = join(home, "line.jsonl");
		const running = run("room", "record", "camera", "--config", config, "--to", file);
		await expect.poll(() => readFile(file, "utf8").catch(() => "")).toContain('"is":"in"');
		abort.abort();
		expect(await running).toBe(0);
		expect((await stat(file)).mode & 0o777).toBe(0o600);
		expect(parseRecording(await readFile(file)).device).toBe("camera");
		abort = new AbortController();
		expect(await run("room", "record", "camera", "--config", config, "--to", file)).toBe(6);
	});

	test("says by its exit code why it could not", async () => {
		expect(await run("room", "record", "tv", "--config", config)).toBe(5);
		expect(await run("room", "record", "camera", "--config", join(home, "none.yaml"))).toBe(2);
		expect(await run("room", "record", "camera", "--config", config, "--megabytes", "0")).toBe(2);
		const holder = new SerialPort({ path: pty.path, baudRate: 9600, autoOpen: false });
		await new Promise((resolve) => holder.open(resolve));
		expect(await run("room", "record", "camera", "--config", config)).toBe(6);
		expect(err).toContain("recording.port_busy");
		await new Promise((resolve) => holder.close(resolve));
	});

	test("draws for people at a terminal", async () => {
		terminal = true;
		expect(await recordUntil("→ 88 30 01 ff\n")).toBe(0);
		expect(out).toMatch(/^\d\d:\d\d:\d\d\.\d\d\d – opened\n/);
		expect(err).toContain("driven from here");
	});
});
