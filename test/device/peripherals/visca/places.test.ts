import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { TrackingWay } from "../../../../device/peripherals/model/PtzCamera.ts";
import { DEAD_ZONE, thumbSpeed } from "../../../../device/peripherals/visca/thumbSpeed.ts";
import {
	modelName,
	modelRange,
	placeOf,
	stepsOf,
	usualRange,
} from "../../../../device/peripherals/visca/viscaModels.ts";
import { CameraRig } from "./CameraRig.ts";

describe("a thumb's deflection", () => {
	it("is one of the camera's speeds, none within the dead zone, and never less further out", () => {
		const deflection = fc.double({ min: -2, max: 2, noNaN: true });
		fc.assert(
			fc.property(deflection, deflection, fc.integer({ min: 1, max: 24 }), (one, other, fastest) => {
				const speed = thumbSpeed(one, fastest);
				expect(Number.isInteger(speed)).toBe(true);
				expect(Math.abs(speed)).toBeLessThanOrEqual(fastest);
				expect(speed === 0).toBe(Math.abs(one) <= DEAD_ZONE);
				expect(thumbSpeed(-one, fastest) + speed).toBe(0);
				if (Math.abs(other) >= Math.abs(one))
					expect(Math.abs(thumbSpeed(other, fastest))).toBeGreaterThanOrEqual(Math.abs(speed));
			}),
		);
		expect([thumbSpeed(1, 24), thumbSpeed(-1, 8), thumbSpeed(DEAD_ZONE + 0.001, 24)]).toEqual([24, -8, 1]);
		expect([thumbSpeed(Number.NaN, 24), thumbSpeed(Number.POSITIVE_INFINITY, 24)]).toEqual([0, 24]);
	});
});

describe("a place in a camera's steps", () => {
	const part = (min: number) => fc.double({ min, max: 1, noNaN: true });
	const ranges = [usualRange, modelRange({ vendor: 1, model: 0x0501, rom: 0, sockets: 2 })];

	it("is the same place there and back, as closely as it has steps", () => {
		fc.assert(
			fc.property(part(-1), part(-1), part(0), fc.constantFrom(...ranges), (pan, tilt, zoom, range) => {
				const there = placeOf(stepsOf({ pan, tilt, zoom }, range), range);
				expect(there.pan).toBeCloseTo(pan, 2);
				expect(there.tilt).toBeCloseTo(tilt, 2);
				expect(there.zoom).toBeCloseTo(zoom, 3);
			}),
		);
	});

	it("is at its end beyond its end", () => {
		expect(stepsOf({ pan: 5, tilt: -5, zoom: -5 }, usualRange)).toEqual({ pan: 0x8db, tilt: -0x190, zoom: 0 });
		expect(placeOf({ pan: -99_999, tilt: 99_999, zoom: 99_999 }, usualRange)).toEqual({ pan: -1, tilt: 1, zoom: 1 });
	});

	it("counts to the left with a BRC-H700, and a model that nobody knows has the usual ends and its numbers for a name", () => {
		const h700 = { vendor: 0x0001, model: 0x0501, rom: 0x0203, sockets: 2 };
		expect(stepsOf({ pan: 1, tilt: 0, zoom: 0 }, modelRange(h700)).pan).toBe(-0x8a58);
		expect(modelName(h700)).toBe("Sony BRC-H700, ROM 0203");
		const other = { vendor: 0xabcd, model: 0x0001, rom: 1, sockets: 2 };
		expect(modelRange(other)).toEqual(usualRange);
		expect(modelName(other)).toBe("VISCA abcd:0001, ROM 0001");
	});
});

describe("a camera that is sent somewhere", () => {
	let rig: CameraRig;
	afterEach(() => rig.end());

	it("is there when it says so, and says where it is", async () => {
		rig = await CameraRig.ready();
		const there = { pan: 0.25, tilt: -0.5, zoom: 0.4 };
		expect(await rig.outcome(rig.camera.goTo(there))).toBeUndefined();
		expect(rig.body.moving).toBe(false);
		expect(rig.body.position).toEqual({
			pan: expect.closeTo(0.25, 2),
			tilt: expect.closeTo(-0.5, 2),
			zoom: expect.closeTo(0.4, 3),
		});
		expect(await rig.outcome(rig.camera.position())).toEqual(rig.body.position);
	});

	it("by five digits, whose steps count to the left: right is right", async () => {
		const range = modelRange({ vendor: 1, model: 0x0501, rom: 0, sockets: 2 });
		rig = await CameraRig.ready({ panDigits: 5, range, version: { vendor: 1, model: 0x0501, rom: 0 }, haste: 100 });
		expect(await rig.outcome(rig.camera.goTo({ pan: 0.5, tilt: 0.5, zoom: 0 }))).toBeUndefined();
		expect(rig.body.place.pan).toBe(-Math.round(0x8a58 / 2));
		expect(await rig.outcome(rig.camera.position())).toMatchObject({ pan: expect.closeTo(0.5, 3) });
		rig.camera.move({ pan: 1, tilt: 0, zoom: 0 });
		await rig.until(() => rig.body.position.pan > 0.6);
	});

	it("with ends that are told, not known", async () => {
		const range = { left: -100, right: 100 };
		rig = await CameraRig.ready({ range: { ...usualRange, ...range } });
		expect(await rig.outcome(rig.camera.goTo({ pan: 1, tilt: 0, zoom: 0 }))).toBeUndefined();
		expect(rig.body.place.pan).toBe(100);
	});

	it("while a thumb moves it: it stops before", async () => {
		rig = await CameraRig.ready();
		rig.camera.move({ pan: -1, tilt: 0, zoom: 1 });
		await rig.until(() => rig.body.moving);
		rig.heard();
		expect(await rig.outcome(rig.camera.goTo({ pan: 0.1, tilt: 0, zoom: 0 }))).toBeUndefined();
		expect(rig.heard().slice(0, 2)).toEqual(["01060101010303", "01040700"]);
		expect(rig.body.position.pan).toBeCloseTo(0.1, 2);
	});

	it("and told something else before it began: the newer counts", async () => {
		rig = await CameraRig.ready({ haste: 0.05 });
		rig.camera.move({ pan: -1, tilt: 0, zoom: 0 });
		await rig.until(() => rig.body.moving);
		const first = rig.outcome(rig.camera.home());
		rig.camera.move({ pan: 1, tilt: 0, zoom: 0 });
		expect(await first).toBe("peripheral.overtaken");
		const before = rig.body.place.pan;
		await rig.pass(1000);
		expect(rig.body.place.pan).toBeGreaterThan(before);
	});

	it("and told something else while it waits for its turn: it does not go there any more", async () => {
		rig = await CameraRig.ready({ haste: 0.05, answerMs: 100 });
		await rig.pass(2000);
		const asked = rig.outcome(rig.camera.position());
		const home = rig.outcome(rig.camera.home());
		rig.camera.move({ pan: 1, tilt: 0, zoom: 0 });
		rig.camera.move({ pan: 0, tilt: 0, zoom: 0 });
		expect(await home).toBe("peripheral.overtaken");
		rig.heard();
		await asked;
		await rig.pass(1000);
		expect(rig.heard()).not.toContain("010604");
		expect(rig.body.moving).toBe(false);
	});

	it("home, and to a preset that was stored", async () => {
		rig = await CameraRig.ready();
		await rig.outcome(rig.camera.goTo({ pan: 0.2, tilt: 0.2, zoom: 0.2 }));
		const { place } = rig.body;
		expect(await rig.outcome(rig.camera.store(2))).toBeUndefined();
		expect(await rig.outcome(rig.camera.home())).toBeUndefined();
		expect(rig.body.place).toMatchObject({ pan: 0, tilt: 0 });
		expect(await rig.outcome(rig.camera.recall(2))).toBeUndefined();
		expect(rig.body.place).toEqual(place);
	});

	it("has as many presets as it is said to have, and knows which are stored", async () => {
		rig = await CameraRig.ready({ presets: 6 });
		expect(rig.camera.presets).toBe(6);
		for (const preset of [-1, 6, 1.5, Number.NaN]) {
			await expect(rig.camera.recall(preset)).rejects.toMatchObject({ code: "peripheral.no_such_preset" });
			await expect(rig.camera.store(preset)).rejects.toMatchObject({ code: "peripheral.no_such_preset" });
		}
		expect(await rig.outcome(rig.camera.recall(5))).toBe("peripheral.not_now");
	});
});

describe("a camera", () => {
	let rig: CameraRig;
	afterEach(() => rig.end());

	it("goes to standby and comes back, and takes its time for it", async () => {
		rig = await CameraRig.ready({ warmUpMs: 8000 });
		expect(await rig.outcome(rig.camera.power(false))).toBeUndefined();
		expect(rig.body.power).toBe("standby");
		expect(await rig.outcome(rig.camera.recall(0))).toBe("peripheral.not_now");
		const before = rig.clock.now();
		expect(await rig.outcome(rig.camera.power(true))).toBeUndefined();
		expect(rig.clock.now() - before).toBeGreaterThanOrEqual(8000);
		expect(rig.camera.health.state).toBe("ok");
	});

	it("focuses by itself, and by hand only where that is switched off", async () => {
		rig = await CameraRig.ready();
		expect(await rig.outcome(rig.camera.focus("near"))).toBe("peripheral.not_now");
		expect(await rig.outcome(rig.camera.focus("manual"))).toBeUndefined();
		expect(await rig.outcome(rig.camera.focus("near"))).toBeUndefined();
		expect(rig.body.focusing).toBe("near");
		rig.firmware.odd.loseCommands = 2;
		expect(await rig.outcome(rig.camera.focus("stop"))).toBeUndefined();
		expect(rig.body.focusing).toBe("stop");
		expect(await rig.outcome(rig.camera.focus("auto"))).toBeUndefined();
		expect(rig.body.focus).toBe("auto");
		expect(await rig.outcome(rig.camera.focus("stop"))).toBeUndefined();
	});

	it.each<[TrackingWay, string, string]>([
		["extended", "0a115402", "0a115403"],
		["presets", "01043f0250", "01043f0251"],
	])("follows people as its maker does it: %s", async (tracking, on, off) => {
		rig = await CameraRig.ready({ tracking, presets: 100 });
		rig.body.presets.set(80, { pan: 0, tilt: 0, zoom: 0 }).set(81, { pan: 0, tilt: 0, zoom: 0 });
		rig.heard();
		expect(await rig.outcome(rig.camera.tracking(true))).toBeUndefined();
		expect(await rig.outcome(rig.camera.tracking(false))).toBeUndefined();
		expect(rig.heard()).toEqual([on, off]);
	});

	it("that follows nobody says so", async () => {
		rig = await CameraRig.ready();
		await expect(rig.camera.tracking(true)).rejects.toMatchObject({ code: "peripheral.not_supported" });
	});
});
