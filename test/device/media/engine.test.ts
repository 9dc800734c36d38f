import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Backoff } from "../../../device/core/backoff.ts";
import { ManualClock } from "../../../device/core/clock.ts";
import { EngineClient } from "../../../device/media/EngineClient.ts";
import { forwardLogLine } from "../../../device/media/EngineProcess.ts";
import { Pipeline } from "../../../device/media/gst/index.ts";
import { callScene, isColour, join, openFiles, seen, startEngine, until } from "./engines.ts";
import { makeNative } from "./native/built.ts";

beforeAll(() => makeNative(), 300_000);

/** A short clip: half a second of green with a tone. */
async function makeClip(): Promise<string> {
	const folder = mkdtempSync(path(tmpdir(), "incamera-clip-"));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const file = path(folder, "clip.mkv");
	const pipeline = new Pipeline(
		"videotestsrc pattern=green num-buffers=8 ! video/x-raw,width=320,height=180,framerate=15/1 ! jpegenc ! matroskamux name=mux ! " +
			`filesink location="${file}"`,
	);
	const ended = new Promise((resolve) => pipeline.onMessage(resolve, ["eos", "error"]));
	await pipeline.play(0);
	await ended;
	await pipeline.dispose();
	return file;
}

describe("sources", { timeout: 60_000 }, () => {
	it("are closed until they are opened, flow, and are released when closed", async () => {
		const clip = await makeClip();
		const { engine, told } = await startEngine({ camera: `file:${clip}` });
		await until(() => told.sources?.camera.state === "closed" && told.sources.microphone.state === "closed");
		expect(openFiles(engine.pid ?? 0)).not.toContain(clip);
		await engine.setSources({ microphone: true, camera: true });
		await until(() => told.sources?.camera.flowing && told.sources.microphone.flowing);
		expect(openFiles(engine.pid ?? 0)).toContain(clip);
		await engine.setSources({ microphone: false, camera: false });
		// At once, not some time later: the call that resolved says that the device is free.
		expect(openFiles(engine.pid ?? 0)).not.toContain(clip);
		await until(
			() => told.sources?.camera.state === "closed" && !told.sources.camera.flowing && !told.sources.microphone.flowing,
		);
	});

	it("play a file over and over", async () => {
		const clip = await makeClip();
		const { engine, told } = await startEngine({ camera: `file:${clip}` });
		await engine.setSources({ microphone: false, camera: true });
		await until(() => told.sources?.camera.flowing);
		// The clip lasts half a second; what is seen 25 pictures later is a later round.
		let pictures = 0;
		const stop = engine.preview("self", () => (pictures += 1));
		await until(() => pictures > 25);
		stop();
		await seen(engine, "self", (picture) => isColour(picture, "green"));
	});

	it("that do not exist are absent, and the other one still opens", async () => {
		const { engine, told } = await startEngine({ camera: "device:v4l2:/dev/video250" });
		await engine.setSources({ microphone: true, camera: true });
		await until(() => told.sources?.camera.state === "absent" && told.sources.microphone.flowing);
		expect(told.sources?.camera.flowing).toBe(false);
	});

	it("are seen small, too, whoever else looks", async () => {
		const { engine } = await startEngine({ camera: "synthetic:red" });
		await engine.setSources({ microphone: false, camera: true });
		const stop = engine.preview("self", () => {});
		const { width, height } = await seen(engine, "small", (picture) => isColour(picture, "red"));
		expect([width, height]).toEqual([320, 180]);
		stop();
		await seen(engine, "small", (picture) => isColour(picture, "red"));
	});

	it("give no preview of ourselves while the camera is closed", async () => {
		const { engine, told } = await startEngine({ camera: "synthetic:red" });
		let pictures = 0;
		const stop = engine.preview("self", () => (pictures += 1));
		await engine.setSources({ microphone: false, camera: true });
		await until(() => pictures > 2);
		await engine.setSources({ microphone: false, camera: false });
		await until(() => told.sources?.camera.flowing === false);
		pictures = 0;
		// The TV's own pictures go on, and are a clock by which nothing of ours comes.
		let tv = 0;
		const stopTv = engine.preview("tv", () => (tv += 1));
		await until(() => tv > 10);
		expect(pictures).toBe(0);
		stop();
		stopTv();
	});
});

describe("the TV", { timeout: 60_000 }, () => {
	it("draws the scene: a dark ground at rest, the room's own picture alone, and survives every change of scene", async () => {
		const { engine } = await startEngine({ camera: "synthetic:red" });
		await seen(engine, "tv", (picture) => picture.at(0.05, 0.05).every((value) => value < 70));
		await engine.setSources({ microphone: false, camera: true });
		await engine.setTv({ ...callScene, layout: "alone", name: "<&", status: "x" });
		await seen(engine, "tv", (picture) => isColour(picture, "red"));
		for (const layout of ["joining", "call", "resting", "alone", "resting", "call"] as const) {
			await engine.setTv({
				...callScene,
				layout,
				name: layout,
				status: layout,
				locked: layout === "call",
				selfView: true,
			});
		}
		// In a call without a far end: our own picture in its corner, the ground in the middle.
		await seen(engine, "tv", (picture) => isColour(picture, "red", 0.87, 0.87) && !isColour(picture, "red"));
	});
});

describe("those who look at the TV", { timeout: 60_000 }, () => {
	it("may come and go as they like: the camera goes on, and each of them sees it", async () => {
		const { engine, told } = await startEngine();
		await engine.setSources({ microphone: false, camera: true });
		await engine.setTv({ ...callScene, layout: "alone" });
		// A picture with something in it, not the dark ground.
		for (let viewer = 0; viewer < 12; viewer++)
			await seen(engine, "tv", (picture) => (picture.at(0.1, 0.3)[0] ?? 0) > 120);
		await until(() => told.sources?.camera.flowing);
	});

	it("get no more pictures than they should, however long the engine runs", async () => {
		const { engine } = await startEngine({ previewFps: 10, picture: { width: 320, height: 180, fps: 30 } });
		let levels = 0;
		engine.events.on("levels", () => (levels += 1));
		await engine.setSources({ microphone: false, camera: true });
		// Ten levels a second are the clock. What the engine's age gives to catch up with would come at once.
		await until(() => levels >= 30);
		const pictures = { tv: 0, self: 0 };
		const stops = (["tv", "self"] as const).map((view) => engine.preview(view, () => (pictures[view] += 1)));
		levels = 0;
		await until(() => levels >= 10);
		for (const stop of stops) stop();
		expect(pictures.tv).toBeLessThan(20);
		expect(pictures.self).toBeLessThan(20);
	});
});

describe("the synthetic camera", { timeout: 60_000 }, () => {
	it("shows a lit room, whatever the room's name", async () => {
		const { engine } = await startEngine({ camera: "synthetic", roomName: '<b>"Köln" & \\ %Y' });
		await engine.setSources({ microphone: false, camera: true });
		// The lamp on the right, the dark screen in the middle.
		await seen(
			engine,
			"self",
			(picture) => (picture.at(0.89, 0.36)[0] ?? 0) > 200 && (picture.at(0.35, 0.2)[0] ?? 255) < 80,
		);
	});
});

describe("the engine's process", { timeout: 60_000 }, () => {
	it("killed in a call: peers are lost, a new one comes up closed, and what was muted is muted", async () => {
		const [one, other] = await Promise.all([startEngine(), startEngine()]);
		await one.engine.setMuted({ microphone: true, camera: false });
		await Promise.all([one, other].map(({ engine }) => engine.setSources({ microphone: true, camera: true })));
		const { events } = await join(one.engine, other.engine);
		await until(() => other.told.farPictures[0]);
		const pid = one.engine.pid ?? 0;
		process.kill(pid, "SIGKILL");
		await until(() => one.told.up === 2);
		expect(events.a).toContain("lost");
		expect(one.told.down).toHaveLength(1);
		expect(one.engine.pid).not.toBe(pid);
		expect(one.told.sources).toMatchObject({ camera: { state: "closed" }, microphone: { state: "closed" } });
		await one.engine.setSources({ microphone: true, camera: true });
		await until(() => one.told.sources?.microphone.state === "off" && one.told.sources.camera.flowing);
		expect(one.told.sources?.microphone.flowing).toBe(false);
		// And a call works again.
		const again = await join(one.engine, other.engine);
		await until(() => again.events.a.includes("connected") && again.events.b.includes("connected"));
	});

	it("refuses what is asked while it is down, and waits longer with each crash", async () => {
		const { engine, told } = await startEngine({ backoff: new Backoff({ baseMs: 50, capMs: 1_000, random: () => 1 }) });
		for (let crash = 1; crash <= 3; crash++) {
			process.kill(engine.pid ?? 0, "SIGKILL");
			await until(() => told.down.length === crash);
			await expect(engine.setSources({ microphone: true, camera: true })).rejects.toMatchObject({
				code: "media.engine_failed",
			});
			await until(() => told.up === crash + 1);
		}
		expect(told.down).toEqual([50, 100, 200]);
	});

	it("is started anew on request, at once also where it was waiting, and comes up closed", async () => {
		const { engine, told } = await startEngine({
			backoff: new Backoff({ baseMs: 600_000, capMs: 600_000, random: () => 1 }),
		});
		await engine.setSources({ microphone: true, camera: true });
		await until(() => told.sources?.camera.flowing);
		engine.restart();
		await until(() => told.down.length === 1);
		engine.restart();
		await until(() => told.up === 2);
		expect(told.sources).toMatchObject({ camera: { state: "closed" }, microphone: { state: "closed" } });
		await engine.stop();
		engine.restart();
		expect(engine.pid).toBeNull();
	});

	it("keeps a mute that was asked for while it was down", async () => {
		const { engine, told } = await startEngine();
		process.kill(engine.pid ?? 0, "SIGKILL");
		await until(() => told.down.length === 1);
		await engine.setMuted({ microphone: true, camera: true });
		await until(() => told.up === 2);
		await engine.setSources({ microphone: true, camera: true });
		await until(() => told.sources?.microphone.state === "off" && told.sources.camera.state === "off");
		expect(told.sources).toMatchObject({ microphone: { flowing: false }, camera: { flowing: false } });
	});

	it("shows previews again after a crash to those who still look", async () => {
		const { engine, told } = await startEngine();
		let pictures = 0;
		const stop = engine.preview("tv", () => (pictures += 1));
		await until(() => pictures > 0);
		process.kill(engine.pid ?? 0, "SIGKILL");
		await until(() => told.up === 2);
		pictures = 0;
		await until(() => pictures > 0);
		stop();
	});

	it("ends with the room program and takes its sources with it", async () => {
		const { engine } = await startEngine();
		await engine.setSources({ microphone: true, camera: true });
		const pid = engine.pid ?? 0;
		await engine.stop();
		expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
		await expect(engine.setVolume(50)).resolves.toBeUndefined();
		await expect(engine.setSources({ microphone: true, camera: true })).rejects.toMatchObject({
			code: "media.engine_failed",
		});
	});

	it("says what is wrong when it cannot work at all", async () => {
		const engine = new EngineClient({ env: { INCAMERA_NATIVE: "nowhere" } });
		await expect(engine.start()).rejects.toMatchObject({ code: "media.native_missing" });
		await engine.stop();
	});

	it("that hangs before it can answer is ended: nothing waits for it for ever", async () => {
		const clock = new ManualClock();
		const engine = new EngineClient({ clock });
		const outcome = expect(engine.start()).rejects.toMatchObject({ code: "media.engine_timeout" });
		const pid = engine.pid as number;
		process.kill(pid, "SIGSTOP");
		clock.advance(30_000);
		await outcome;
		expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
	});

	it("explains itself to someone who starts it by hand", () => {
		const { status, stderr } = spawnSync(
			process.execPath,
			[fileURLToPath(new URL("../../../device/media/engine.ts", import.meta.url))],
			{
				encoding: "utf8",
			},
		);
		expect(status).toBe(2);
		expect(stderr).toContain("npm start");
	});

	it("refuses a volume that is none", async () => {
		await expect(new EngineClient().setVolume(101)).rejects.toMatchObject({ code: "media.argument" });
	});
});

describe("the engine's log", () => {
	it("passes declared fields only, and nothing of free text", () => {
		const written: unknown[] = [];
		const take = (line: string): boolean =>
			forwardLogLine(line, (event, level, fields) => written.push([event, level, fields]));
		expect(
			take(
				'{"level":"warn","event":"engine.warning","code":"media.camera_busy","element":"camera-device","name":"Frau Meier"}',
			),
		).toBe(true);
		expect(take("0:00:01 ERROR v4l2src: Could not open /dev/video0 of Frau Meier")).toBe(false);
		expect(take('{"level":"loud","event":"engine.warning"}')).toBe(false);
		expect(take('{"level":"info","event":"call.state","state":"Frau Meier"}')).toBe(false);
		expect(take("null")).toBe(false);
		expect(written).toEqual([["engine.warning", "warn", { code: "media.camera_busy", element: "camera-device" }]]);
	});
});
