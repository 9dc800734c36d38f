import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Intent, intent } from "../../../../device/contract/intents.ts";
import type { Equipment, Hardware } from "../../../../device/contract/peripherals.ts";
import type { LogEvents } from "../../../../device/core/log.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { DeviceSetup } from "../../../../device/peripherals/equipment/DeviceSetup.ts";
import { isForEquipment, RoomEquipment } from "../../../../device/peripherals/equipment/RoomEquipment.ts";
import type { Display, DisplayStatus } from "../../../../device/peripherals/model/Display.ts";
import type { PanelBus } from "../../../../device/peripherals/model/PanelBus.ts";
import { PresetPictures } from "../../../../device/peripherals/presets/PresetPictures.ts";
import { CameraRig } from "../visca/CameraRig.ts";

const serial = (path: string) => ({ by: "serial", path, baudRate: 9600 }) as const;
const cameraSetup: DeviceSetup = {
	name: "camera",
	driver: "visca",
	at: serial("/dev/serial/by-id/usb-camera"),
	address: 1,
	presets: [
		{ number: 1, name: "Table" },
		{ number: 2, name: "Door" },
	],
	tracking: "extended",
};
const tvSetup: DeviceSetup = {
	name: "tv",
	driver: "samsung-mdc",
	at: { by: "tcp", host: "192.0.2.7", port: 1515 },
	id: 1,
	input: "hdmi2",
};
const signSetup: DeviceSetup = { name: "sign", driver: "panel-bus", at: serial("/dev/ttyUSB1") };
const jpeg = new Uint8Array([0xff, 0xd8, 7, 0xff, 0xd9]);

/** A display, or a device of the panel bus, of which a test says how it is: their drivers have tests of their own. */
class SaidDevice {
	readonly counters = { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0, badBytes: 0, opened: 0, timeouts: 0 };
	health: Display["health"] = { state: "starting", since: 0, failure: null, model: null };
	readonly asked: string[] = [];
	stopped = false;
	/** What the next asking comes to. */
	answer: () => Promise<void> = async () => {};
	readonly #healths = new Set<(health: Display["health"]) => void>();
	readonly #statuses = new Set<(status: never) => void>();

	onHealth(callback: (health: Display["health"]) => void): () => void {
		this.#healths.add(callback);
		return () => this.#healths.delete(callback);
	}
	onStatus(callback: (status: never) => void): () => void {
		this.#statuses.add(callback);
		return () => this.#statuses.delete(callback);
	}
	start(): void {}
	async stop(): Promise<void> {
		this.stopped = true;
	}
	be(health: Partial<Display["health"]>): void {
		this.health = { ...this.health, ...health };
		for (const callback of this.#healths) callback(this.health);
	}
	tell(): void {
		for (const callback of this.#statuses) callback(undefined as never);
	}
	protected ask(what: string): Promise<void> {
		this.asked.push(what);
		return this.answer();
	}
}
class SaidDisplay extends SaidDevice implements Display {
	readonly kind = "display";
	status: DisplayStatus = { power: "off", input: null, volume: 20, muted: false };
	power = (on: boolean) => this.ask(on ? "on" : "off");
	select = (input: string) => this.ask(input);
	volume = (level: number) => this.ask(`volume ${level}`);
	mute = (on: boolean) => this.ask(on ? "mute" : "unmute");
}
class SaidBus extends SaidDevice implements PanelBus {
	readonly kind = "panel-bus";
	status: Hardware = { muteKey: null, shutterClosed: null, occupied: null };
	light = (light: string) => this.ask(light);
	shutter = (closed: boolean) => this.ask(closed ? "shut" : "opened");
	muteLamp = (on: boolean) => this.ask(on ? "lamp" : "no lamp");
	says(status: Partial<Hardware>): void {
		this.status = { ...this.status, ...status };
		this.tell();
	}
}

let home: string;
let rig: CameraRig;
let tv: SaidDisplay;
let signs: Map<string, SaidBus>;
let pictures: PresetPictures;
let equipment: RoomEquipment;
let views: Equipment[];
let hardware: Hardware[];
let logged: { event: string; fields: unknown }[];
let picture: Uint8Array | null;

beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), "incamera-equipment-"));
	rig = new CameraRig({ tracking: "extended" });
	tv = new SaidDisplay();
	signs = new Map();
	pictures = new PresetPictures(join(home, "presets"));
	picture = jpeg;
	[views, hardware, logged] = [[], [], []];
});
afterEach(async () => {
	await rig.outcome(equipment.stop());
	await rm(home, { recursive: true, force: true });
});

async function open(setups: DeviceSetup[], farControl: "never" | "ask" = "never"): Promise<void> {
	equipment = await RoomEquipment.open({
		setups,
		farControl,
		pictures,
		takePicture: async () => picture,
		clock: rig.clock,
		log: { write: (_, event, fields) => logged.push({ event, fields }) },
		drive(setup) {
			if (setup.driver === "visca") return rig.camera;
			if (setup.driver === "panel-bus") {
				const sign = new SaidBus();
				signs.set(setup.name, sign);
				return sign;
			}
			if (setup.driver === "samsung-mdc") return tv;
			throw new RoomError("peripheral.not_supported", "no such driver");
		},
	});
	equipment.events.on("equipment", (view) => views.push(view));
	equipment.events.on("hardware", (says) => hardware.push(says));
	equipment.start();
}
async function openAll(farControl: "never" | "ask" = "never"): Promise<void> {
	await open([cameraSetup, tvSetup, signSetup], farControl);
	for (const device of [tv, ...signs.values()]) device.be({ state: "ok", model: "A model" });
	await rig.until(() => rig.camera.health.state === "ok");
	await rig.pass(50);
	rig.heard();
}
const refusals = () =>
	logged
		.filter(({ event }) => event === "peripheral.refused")
		.map(({ fields }) => fields as LogEvents["peripheral.refused"]);
const move = (hold: string, pan: number) => equipment.touch({ type: "panel.camera_move", hold, pan, tilt: 0, zoom: 0 });

describe("the view", () => {
	test("is each device by its name and place, and what the panel can do with them", async () => {
		await openAll();
		expect(views.at(-1)).toEqual(equipment.view);
		expect(equipment.view).toMatchObject({
			camera: {
				presets: [
					{ number: 1, name: "Table", picture: null },
					{ number: 2, name: "Door", picture: null },
				],
				tracking: false,
				farControl: null,
			},
			display: { power: "off", volume: 20, muted: false },
			devices: [
				{ id: "camera", kind: "camera", at: "serial usb-camera", state: "ok", failure: null },
				{ id: "tv", kind: "display", at: "TCP 192.0.2.7", state: "ok", model: "A model" },
				{ id: "sign", kind: "panel-bus", at: "serial ttyUSB1", state: "ok" },
			],
		});
	});

	test("a device that is lost is a line in it, and the rest goes on; back it is what it was", async () => {
		await openAll();
		rig.link.down("link.lost");
		tv.be({ state: "lost", failure: "link.silent" });
		await rig.pass(50);
		expect(views.at(-1)).toMatchObject({ camera: null, display: null });
		expect(views.at(-1)?.devices.map(({ state, failure }) => failure ?? state)).toEqual([
			...["link.lost", "link.silent", "ok"],
		]);
		rig.link.up();
		await rig.until(() => rig.camera.health.state === "ok");
		await rig.pass(50);
		expect(views.at(-1)?.camera?.presets).toHaveLength(2);
		const states = logged.filter(({ event }) => event === "peripheral.state").map(({ fields }) => fields);
		expect(states).toContainEqual({ kind: "display", state: "lost", failure: "link.silent" });
	});

	test("is told once for what happens at once, and not for what changes nothing", async () => {
		await openAll();
		const told = views.length;
		for (let volume = 0; volume < 100; volume++) {
			tv.status = { ...tv.status, volume };
			tv.tell();
		}
		await rig.pass(50);
		expect(views).toHaveLength(told + 1);
		expect(views.at(-1)?.display?.volume).toBe(99);
		tv.tell();
		await rig.pass(50);
		expect(views).toHaveLength(told + 1);
	});

	test("a device whose driver can't be made is lost from the beginning", async () => {
		await open([{ name: "beamer", driver: "pjlink", at: { by: "tcp", host: "192.0.2.8", port: 4352 }, input: null }]);
		await rig.pass(50);
		expect(views.at(-1)?.devices).toMatchObject([{ id: "beamer", state: "lost", failure: "peripheral.fault" }]);
		equipment.touch({ type: "panel.display_power", on: true });
		expect(refusals()).toEqual([{ kind: "display", code: "peripheral.not_supported" }]);
	});

	test("a camera whose presets nobody named offers a few to begin with, and those that have a picture", async () => {
		await pictures.keep(0, jpeg);
		await pictures.keep(200, jpeg);
		await open([{ ...cameraSetup, presets: [], tracking: "none" } as DeviceSetup]);
		await rig.until(() => rig.camera.health.state === "ok");
		const camera = equipment.view.camera;
		expect(camera?.presets.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5]);
		expect(camera?.presets[0]?.picture).toBe(pictures.version(0));
		expect(camera?.tracking).toBeNull();
	});
});

describe("keys, shutter, sensor", () => {
	test("are told at once, each change and in order", async () => {
		await openAll();
		const sign = signs.get("sign") as SaidBus;
		sign.says({ muteKey: false, shutterClosed: false, occupied: true });
		sign.says({ muteKey: true });
		sign.says({ muteKey: false });
		sign.tell();
		expect(hardware.map(({ muteKey }) => muteKey)).toEqual([false, true, false]);
	});

	test("of two devices: one that is pressed decides, and one that fell silent is not taken for released", async () => {
		await open([signSetup, { ...signSetup, name: "table" }]);
		const [one, other] = [...signs.values()] as [SaidBus, SaidBus];
		one.says({ muteKey: false });
		other.says({ muteKey: false, occupied: false });
		expect(hardware.at(-1)).toEqual({ muteKey: false, shutterClosed: null, occupied: false });
		one.says({ muteKey: true });
		expect(hardware.at(-1)?.muteKey).toBe(true);
		one.says({ muteKey: null });
		expect(hardware.at(-1)?.muteKey).toBeNull();
		other.says({ muteKey: true });
		other.says({ muteKey: false });
		expect(hardware.at(-1)?.muteKey).toBeNull();
		one.says({ muteKey: false });
		expect(hardware.at(-1)?.muteKey).toBe(false);
	});
});

describe("a thumb on the camera", () => {
	test("turns it, and it stands still when the thumb lets go, is silent, or the call is over", async () => {
		await openAll();
		const ends = [() => equipment.touch({ type: "panel.camera_stop", hold: "0" }), () => {}, () => equipment.letGo()];
		for (const [thumb, end] of ends.entries()) {
			move(String(thumb), thumb % 2 === 0 ? 0.4 : -0.4);
			await rig.until(() => rig.body.moving);
			end();
			await rig.until(() => !rig.body.moving, 1500);
		}
	});

	test("whose line breaks has to be put down anew", async () => {
		await openAll();
		move("a", 1);
		await rig.until(() => rig.body.moving);
		rig.link.down("link.lost");
		rig.link.up();
		await rig.until(() => rig.camera.health.state === "ok" && !rig.body.moving);
		move("a", 1);
		await rig.pass(300);
		expect(rig.body.moving).toBe(false);
		move("b", 1);
		await rig.until(() => rig.body.moving);
	});

	test("stops the camera when the program ends in the middle of it", async () => {
		await openAll();
		move("a", 1);
		await rig.until(() => rig.body.moving);
		await rig.outcome(equipment.stop());
		expect(rig.body.moving).toBe(false);
		expect(tv.stopped).toBe(true);
	});

	test("a device that does not end holds up the end of the program for no more than a moment", async () => {
		await openAll();
		tv.stop = () => new Promise(() => {});
		const before = rig.clock.now();
		await rig.outcome(equipment.stop());
		expect(rig.clock.now() - before).toBeLessThanOrEqual(1600);
	});
});

describe("presets", () => {
	/** A disk takes real time. */
	const version = (number: number) => async () => {
		await rig.pass(10);
		return pictures.version(number);
	};

	test("are stored with what the camera sees at the touch, and recalled", async () => {
		await openAll();
		move("a", 1);
		await rig.pass(300);
		equipment.touch({ type: "panel.camera_stop", hold: "a" });
		await rig.until(() => !rig.body.moving);
		equipment.touch({ type: "panel.preset_store", number: 2 });
		picture = null;
		await expect.poll(version(2)).not.toBeNull();
		await rig.pass(50);
		expect(views.at(-1)?.camera?.presets[1]).toEqual({ number: 2, name: "Door", picture: pictures.version(2) });
		const place = rig.body.place;
		equipment.touch({ type: "panel.camera_home" });
		await rig.until(() => rig.body.place.pan === 0);
		equipment.touch({ type: "panel.preset_recall", number: 2 });
		await rig.until(() => rig.body.place.pan === place.pan);
		expect(refusals()).toEqual([]);
	});

	test("stored while the camera is closed lose the picture of where it looked before", async () => {
		await openAll();
		await pictures.keep(1, jpeg);
		picture = null;
		equipment.touch({ type: "panel.preset_store", number: 1 });
		await expect.poll(version(1)).toBeNull();
	});

	test("that the camera doesn't take keep their picture", async () => {
		await openAll();
		await pictures.keep(1, jpeg);
		equipment.touch({ type: "panel.preset_store", number: 99 });
		await rig.pass(100);
		expect(refusals()).toEqual([{ kind: "camera", code: "peripheral.no_such_preset" }]);
		expect(pictures.numbers).toEqual([1]);
	});
});

describe("the far end", () => {
	const farMove = { do: "move", hold: "a", pan: 0.3, tilt: 0, zoom: 0 } as const;

	test("turns nothing in a room whose configuration says never", async () => {
		await openAll("never");
		expect(equipment.view.camera?.farControl).toBeNull();
		equipment.turnFromFar(farMove);
		equipment.turnFromFar({ do: "recall", preset: 1 });
		await rig.pass(300);
		expect(rig.body.moving).toBe(false);
		expect(rig.heard()).toEqual([]);
	});

	test("turns the camera while it holds, and no longer than a second after its last word", async () => {
		await openAll("ask");
		expect(equipment.view.camera?.farControl).toBe(false);
		equipment.turnFromFar(farMove);
		await rig.until(() => rig.body.moving);
		equipment.turnFromFar({ do: "stop", hold: "a" });
		await rig.until(() => !rig.body.moving);
		equipment.turnFromFar({ ...farMove, hold: "b" });
		await rig.until(() => rig.body.moving);
		await rig.until(() => !rig.body.moving);
		equipment.turnFromFar({ ...farMove, hold: "c" });
		await rig.until(() => rig.body.moving);
		equipment.turnFromFar({ do: "release" });
		await rig.until(() => !rig.body.moving);
		equipment.turnFromFar({ ...farMove, hold: "c" });
		await rig.pass(300);
		expect(rig.body.moving).toBe(false);
	});

	test("comes second: a thumb in this room takes the camera out of its hand, until that is put down anew", async () => {
		await openAll("ask");
		equipment.turnFromFar(farMove);
		await rig.until(() => rig.body.moving);
		move("a", -0.4);
		await rig.pass(500);
		expect(rig.body.place.pan).toBeLessThan(0);
		// its stop is none of this thumb's, and neither is a new one, nor a preset
		equipment.turnFromFar({ do: "stop", hold: "a" });
		equipment.turnFromFar({ ...farMove, hold: "b" });
		equipment.turnFromFar({ do: "recall", preset: 1 });
		move("a", -0.4);
		await rig.pass(300);
		expect(rig.body.moving).toBe(true);
		expect(rig.body.place.pan).toBeLessThan(0);
		equipment.touch({ type: "panel.camera_stop", hold: "a" });
		await rig.until(() => !rig.body.moving);
		for (const hold of ["a", "b"]) equipment.turnFromFar({ ...farMove, hold });
		await rig.pass(300);
		expect(rig.body.moving).toBe(false);
		equipment.turnFromFar({ ...farMove, hold: "c" });
		await rig.until(() => rig.body.moving);
		// the call is over
		equipment.letGo();
		await rig.until(() => !rig.body.moving);
	});

	test("goes only to presets that are shown", async () => {
		await openAll("ask");
		equipment.turnFromFar({ do: "recall", preset: 9 });
		await rig.pass(300);
		expect(refusals()).toEqual([]);
		expect(rig.heard()).toEqual([]);
	});
});

describe("the display", () => {
	test("that is switched on by the panel shows this room; its volume is its own", async () => {
		await openAll();
		equipment.touch({ type: "panel.display_power", on: true });
		await rig.pass(10);
		equipment.touch({ type: "panel.display_power", on: false });
		equipment.touch({ type: "panel.display_volume", level: 35 });
		await rig.pass(10);
		expect(tv.asked).toEqual(["on", "hdmi2", "off", "volume 35"]);
		tv.answer = () => Promise.reject(new RoomError("peripheral.not_now", "warming"));
		equipment.touch({ type: "panel.display_volume", level: 40 });
		await rig.pass(10);
		expect(refusals()).toEqual([{ kind: "display", code: "peripheral.not_now" }]);
	});
});

test("what moves, shows or switches is for the equipment; sound and picture of the call are for the room", () => {
	const forEquipment = intent.def.options
		.map(({ shape }) => shape.type.def.values[0] as Intent["type"])
		.filter((type) => isForEquipment({ type } as Intent));
	expect(forEquipment.sort()).toEqual([
		...["panel.camera_home", "panel.camera_move", "panel.camera_stop", "panel.camera_tracking"],
		...["panel.display_power", "panel.display_volume", "panel.preset_recall", "panel.preset_store"],
	]);
});
