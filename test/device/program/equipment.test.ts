import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RoomConfig, roomConfig } from "../../../device/config/RoomConfig.ts";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
import { systemClock } from "../../../device/core/clock.ts";
import { silentLog } from "../../../device/core/log.ts";
import { openSerial } from "../../../device/peripherals/link/openSerial.ts";
import { RoomProgram } from "../../../device/program/RoomProgram.ts";
import { type FleetCa, openCa } from "../../../provisioning/service/ca/FleetCa.ts";
import { freePort } from "../../../provisioning/service/child/freePort.ts";
import { buildPage } from "../../../tools/build-ui.ts";
import { PanelDriver } from "../../e2e/PanelDriver.ts";
import { CameraFirmware } from "../../sim/camera/CameraFirmware.ts";
import { CameraOnSerial } from "../../sim/camera/CameraOnSerial.ts";
import { SimulatedCamera } from "../../sim/camera/SimulatedCamera.ts";
import { DisplayModel } from "../../sim/display/DisplayModel.ts";
import { mdcVoice } from "../../sim/display/mdcVoice.ts";
import { SimulatedDisplay } from "../../sim/display/SimulatedDisplay.ts";
import { SimulatedAgent, unclaimed } from "../../sim/fleet/SimulatedAgent.ts";
import { berlinDoc, claimed } from "../../sim/fleet/twin.ts";
import { PtyPair } from "../../sim/line/PtyPair.ts";
import { PanelBusSimulator } from "../../sim/panel-bus/PanelBusSimulator.ts";
import { makeNative } from "../media/native/built.ts";

/** The whole room program with its real engine, and simulated devices on real ports. */
let home: string;
let ca: FleetCa;
let folder: string;
let agent: SimulatedAgent;
let sign: PanelBusSimulator;
let body: SimulatedCamera;
let firmware: CameraFirmware;
let camera: CameraOnSerial;
let display: SimulatedDisplay;
let displayCable: PtyPair;
let program: RoomProgram | null = null;
let panel: PanelDriver;
let url: string;

beforeAll(async () => {
	makeNative();
	await Promise.all([buildPage("panel"), buildPage("tv")]);
	home = await mkdtemp(join(tmpdir(), "incamera-equipment-"));
	ca = await openCa(join(home, "ca"), { development: true });
}, 300_000);
afterAll(() => rm(home, { recursive: true, force: true }));

beforeEach(async () => {
	folder = await mkdtemp(join(home, "device-"));
	agent = await SimulatedAgent.start(join(folder, "agent.sock"));
	body = new SimulatedCamera({ clock: systemClock });
	firmware = new CameraFirmware(body, { clock: systemClock });
	const model = new DisplayModel({ clock: systemClock });
	display = new SimulatedDisplay({ clock: systemClock, model, voice: () => mdcVoice(model) });
	[sign, camera, displayCable] = await Promise.all([
		PanelBusSimulator.open(),
		CameraOnSerial.start(firmware),
		PtyPair.open(),
	]);
	await display.attach(displayCable.farPath);
});
afterEach(async () => {
	panel?.close();
	await program?.stop();
	program = null;
	await Promise.all([agent.stop(), sign.close(), camera.close(), display.close()]);
	await displayCable.close();
});

const state = () => join(folder, "state");
const shows = (test: (snapshot: Snapshot) => boolean, what: string) => panel.until(test, what);
const touch = (intent: Parameters<PanelDriver["touch"]>[0]) => panel.touch(intent);
const shown = (name: string) => panel.snapshot.peripherals.devices.find(({ id }) => id === name);
const ok = (name: string) => shows(() => shown(name)?.state === "ok", `${name} is well`);

/** A room in service with these devices, and a panel that is connected to it. */
async function inService(change: Record<string, unknown> = {}): Promise<void> {
	const peripherals = {
		camera: { driver: "visca", serial: camera.path, presets: { 1: "Table" } },
		sign: { driver: "panel-bus", serial: sign.path },
		tv: { driver: "samsung-mdc", serial: displayCable.path, input: "hdmi2" },
		...change,
	};
	const port = await freePort("127.0.0.1");
	const devices = { camera: "synthetic", microphone: "synthetic", speaker: "none", display: "none" };
	const config: RoomConfig = roomConfig.parse({
		...{ panel: { port }, agent: agent.path, devices, state: state(), peripherals, farControl: "ask" },
	});
	agent.claim(await claimed(ca, { folder, deviceId: "room-berlin" }));
	agent.twin(1, berlinDoc);
	program = new RoomProgram(config, { version: "0.1.0", log: silentLog, over: () => {} });
	await program.start();
	url = `http://127.0.0.1:${port}`;
	panel = await PanelDriver.connect(url);
	await shows(({ screen, can }) => screen.name === "resting" && can.meetNow, "a room at rest");
}
/** On the way into a meeting that nobody is in: a call as far as the equipment is concerned. */
async function joined(): Promise<void> {
	expect(await touch({ type: "panel.meet_now" })).toBe("ack");
	await shows(({ media }) => media.camera.state === "open" && media.microphone.state === "open", "open sources");
}
const leave = () => touch({ type: "panel.cancel" });

describe("one tap", () => {
	test("switches the display on, lights the sign, opens the shutter and turns the camera home; to mute and to leave are seen at the door", async () => {
		await inService();
		await Promise.all([ok("camera"), ok("sign"), ok("tv")]);
		await expect.poll(() => sign.device.light).toBe("free");
		body.recall({ pan: 300, tilt: 50, zoom: 0 }, () => {});
		await expect.poll(() => body.moving).toBe(false);
		await joined();
		await expect.poll(() => [sign.device.light, sign.device.muteLamp]).toEqual(["busy", false]);
		await expect.poll(() => body.place).toMatchObject({ pan: 0, tilt: 0 });
		await expect.poll(() => [display.model.power, display.model.input]).toEqual(["on", "hdmi2"]);
		await shows(({ peripherals }) => peripherals.display?.power === "on", "the display on");
		expect(panel.snapshot.peripherals.hardware.shutterClosed).toBe(false);
		await touch({ type: "panel.microphone", on: false });
		await expect.poll(() => [sign.device.light, sign.device.muteLamp]).toEqual(["muted", true]);
		await touch({ type: "panel.microphone", on: true });
		await expect.poll(() => [sign.device.light, sign.device.muteLamp]).toEqual(["busy", false]);
		await leave();
		await expect.poll(() => sign.device.light).toBe("free");
		await shows(({ peripherals }) => peripherals.hardware.shutterClosed === true, "the shutter closed");
	});

	test("is not held up by devices that never answer, or aren't there", async () => {
		firmware.odd.mute = true;
		await inService({ tv: { driver: "samsung-mdc", serial: join(folder, "nothing") } });
		expect(await touch({ type: "panel.meet_now" })).toBe("ack");
		await shows(({ screen }) => screen.name === "joining", "joining");
		await expect.poll(() => sign.device.light).toBe("busy");
		await shows(() => shown("tv")?.failure === "link.absent", "no display");
		await shows(() => shown("camera")?.failure === "link.silent", "a silent camera");
		expect(panel.snapshot.screen.name).toBe("joining");
		expect(panel.snapshot.can).toMatchObject({ steer: false, display: false });
		expect(await touch({ type: "panel.camera_home" })).toBe("panel.not_now");
	});
});

test("a device that is unplugged in a call is one line, and shows what it is to show when it is back", async () => {
	await inService();
	await Promise.all([ok("camera"), ok("sign")]);
	await joined();
	await expect.poll(() => sign.device.light).toBe("busy");
	await sign.unplug();
	await shows(() => shown("sign")?.state === "lost", "the sign lost");
	expect(shown("sign")?.failure).toMatch(/^link\.(absent|lost)$/);
	expect(panel.snapshot).toMatchObject({ screen: { name: "joining" }, can: { steer: true } });
	expect(panel.snapshot.peripherals.hardware).toEqual({ muteKey: null, shutterClosed: null, occupied: null });
	await touch({ type: "panel.microphone", on: false });
	// it closes by itself when it hears of no room any more
	await expect.poll(() => sign.device.state.shutterClosed, { timeout: 5000 }).toBe(true);
	await sign.replug();
	await ok("sign");
	await expect.poll(() => sign.device.light).toBe("muted");
	// and does not open because a plug was put in
	expect(panel.snapshot).toMatchObject({
		screen: { name: "joining" },
		peripherals: { hardware: { shutterClosed: true } },
	});
});

describe("a thumb", () => {
	const move = (hold: string) => ({ type: "panel.camera_move", hold, pan: 0.3, tilt: 0, zoom: 0 }) as const;

	test("turns the camera only in a call, and it stands when the thumb is lifted, its panel goes, or the call is over", async () => {
		await inService();
		await ok("camera");
		expect(await touch(move("before"))).toBe("panel.not_now");
		await joined();
		await shows(({ can }) => can.steer, "to steer");
		await expect.poll(() => body.moving).toBe(false);
		const rev = panel.snapshot.rev;
		for (let word = 0; word < 50; word++) expect(await touch(move("a"))).toBe("ack");
		await expect.poll(() => body.moving).toBe(true);
		expect(await touch({ type: "panel.camera_stop", hold: "a" })).toBe("ack");
		await expect.poll(() => body.moving).toBe(false);
		expect(body.place.pan).toBeGreaterThan(0);
		// nothing is drawn anew for a thumb; other things may change meanwhile
		expect(panel.snapshot.rev - rev).toBeLessThan(10);

		const other = await PanelDriver.connect(url);
		await other.touch(move("b"));
		await expect.poll(() => body.moving).toBe(true);
		other.close();
		await expect.poll(() => body.moving).toBe(false);

		await touch(move("c"));
		await expect.poll(() => body.moving).toBe(true);
		await leave();
		await expect.poll(() => body.moving).toBe(false);
		expect(await touch(move("c"))).toBe("panel.not_now");
	});

	test("that is down when the program ends leaves no camera turning", async () => {
		await inService();
		await ok("camera");
		await joined();
		await touch(move("a"));
		await expect.poll(() => body.moving).toBe(true);
		await program?.stop();
		program = null;
		expect(body.moving).toBe(false);
	});
});

test("a preset has the picture of what the camera saw; it is for this room's panels, and goes with the room", async () => {
	await inService();
	await ok("camera");
	await joined();
	await shows(({ can }) => can.steer, "to steer");
	expect(await touch({ type: "panel.preset_store", number: 1 })).toBe("ack");
	const { peripherals } = await shows(
		({ peripherals }) => peripherals.camera?.presets[0]?.picture != null,
		"the preset's picture",
	);
	const [preset] = peripherals.camera?.presets ?? [];
	expect(preset).toMatchObject({ number: 1, name: "Table" });
	const path = `${url}/preset/1.jpg?v=${preset?.picture}`;
	const answer = await fetch(path);
	const jpeg = Buffer.from(await answer.arrayBuffer());
	expect([answer.status, jpeg.subarray(0, 2).toString("hex")]).toEqual([200, "ffd8"]);
	expect(jpeg.length).toBeLessThan(64 * 1024);
	expect((await stat(join(state(), "presets", "1.jpg"))).mode & 0o777).toBe(0o600);
	agent.claim(unclaimed());
	await shows(({ screen }) => screen.name === "unclaimed" && screen.step === "code", "a device that is nobody's");
	expect((await fetch(path)).status).toBe(404);
	await expect
		.poll(() =>
			stat(join(state(), "presets", "1.jpg")).then(
				() => "there",
				() => "gone",
			),
		)
		.toBe("gone");
	expect(panel.snapshot.peripherals.devices).toEqual([]);
	// its ports are free for whoever comes next
	for (const path of [sign.path, camera.path, displayCable.path]) {
		const line = await openSerial({ path, baudRate: 9600 })({ bytes() {}, ended() {} }, new AbortController().signal);
		await line.close();
	}
});

test("the display is switched by the panel at any time, and has a volume of its own", async () => {
	await inService();
	await ok("tv");
	await shows(({ can, peripherals }) => can.display && peripherals.display?.volume === 20, "a display to switch");
	expect(await touch({ type: "panel.display_power", on: true })).toBe("ack");
	await expect.poll(() => display.model.told).toEqual(["on", "input hdmi2"]);
	expect(await touch({ type: "panel.display_volume", level: 33 })).toBe("ack");
	await shows(({ peripherals }) => peripherals.display?.volume === 33, "the new volume");
	await touch({ type: "panel.display_power", on: false });
	await shows(({ peripherals }) => peripherals.display?.power === "off", "the display off");
});

test("the mute key is above the panel", async () => {
	await inService();
	await ok("sign");
	await joined();
	sign.device.pressMuteKey(true);
	await shows(
		({ peripherals, media }) => peripherals.hardware.muteKey === true && media.microphone.state === "off",
		"muted",
	);
	await expect.poll(() => sign.device.light).toBe("muted");
	expect(await touch({ type: "panel.microphone", on: true })).toBe("panel.not_now");
	sign.device.pressMuteKey(false);
	await shows(({ media }) => media.microphone.state === "open", "heard again");
});

test("the doctor says which of the devices' ports is at fault, from afar too", async () => {
	await inService({ tv: { driver: "samsung-mdc", serial: join(folder, "nothing") } });
	await Promise.all([ok("sign"), shows(() => shown("tv")?.failure === "link.absent", "no display")]);
	const { status, checks = [] } = await agent.command({ op: "doctor", args: {} });
	expect(status).toBe(200);
	const of = (name: string) => checks.find((check) => check.name === `serial.${name}`);
	expect([of("sign")?.status, of("camera")?.status]).toEqual(["ok", "ok"]);
	expect(of("tv")).toMatchObject({ status: "warning", code: "doctor.serial_absent" });
	expect(JSON.stringify(checks)).not.toContain(folder);
});

test("somebody who comes and goes is told to the fleet, and nothing else of them", async () => {
	await inService();
	await ok("sign");
	sign.device.occupy(true);
	await agent.heard("status", ({ occupied }) => occupied === true);
	sign.device.occupy(false);
	await agent.heard("status", ({ occupied }) => occupied === false);
});
