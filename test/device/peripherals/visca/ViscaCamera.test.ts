import { afterEach, describe, expect, it } from "vitest";
import type { LinkFailure } from "../../../../device/peripherals/link/FrameLink.ts";
import { CameraRig } from "./CameraRig.ts";

let rig: CameraRig;
afterEach(() => rig.end());

const STOP = "01060101010303";
const ZOOM_STOP = "01040700";
const FOCUS_STOP = "01040800";
const still = { pan: 0, tilt: 0, zoom: 0 };
const toTheRight = { pan: 1, tilt: 0, zoom: 0 };

describe("a camera that comes up", () => {
	it("is given its number, cleared, and stopped before anything else", async () => {
		rig = await CameraRig.ready();
		expect(rig.heard()).toEqual(["3001", "010001", STOP, ZOOM_STOP, FOCUS_STOP]);
		expect(rig.camera.health).toMatchObject({ state: "ok", failure: null, model: "Sony SRG-300SE, ROM 0102" });
		expect(rig.healths).toEqual(["ok"]);
	});

	it("may turn on its own account, as one that a program left that died: it is stopped", async () => {
		rig = new CameraRig();
		rig.body.drive(5, 0);
		rig.body.driveZoom(1);
		rig.camera.start();
		await rig.until(() => rig.camera.health.state === "ok");
		expect(rig.body.moving).toBe(false);
	});

	it("is lost while it says nothing, and found when it does", async () => {
		rig = new CameraRig();
		rig.firmware.odd.deaf = true;
		rig.camera.start();
		await rig.until(() => rig.camera.health.state === "lost");
		expect(rig.camera.health.failure).toBe("link.silent");
		await expect(rig.camera.position()).rejects.toMatchObject({ code: "peripheral.not_ready" });
		rig.firmware.odd.deaf = false;
		await rig.until(() => rig.camera.health.state === "ok");
		expect(rig.healths).toEqual(["link.silent", "ok"]);
	});

	it("may have its number from a switch, and answer no message to all", async () => {
		rig = new CameraRig();
		rig.firmware.odd.ownNumber = true;
		rig.camera.start();
		await rig.until(() => rig.camera.health.state === "ok");
		rig.camera.move(toTheRight);
		await rig.until(() => rig.body.moving);
	});

	it("may be the third of a chain", async () => {
		rig = await CameraRig.ready({ before: 2, address: 3 });
		rig.camera.move(toTheRight);
		await rig.until(() => rig.body.moving);
	});

	it("may not know what it is, how fast it is, or where", async () => {
		rig = new CameraRig();
		for (const about of ["version", "fastest", "pan_tilt"] as const) rig.firmware.odd.unknown.add(about);
		rig.camera.start();
		await rig.until(() => rig.camera.health.state === "ok");
		expect(rig.camera.health.model).toBe("VISCA");
		expect(await rig.outcome(rig.camera.position())).toBe("peripheral.not_supported");
		rig.camera.move(toTheRight);
		await rig.pass(100);
		rig.camera.move(still);
		await rig.until(() => !rig.body.moving);
		expect(await rig.outcome(rig.camera.home())).toBeUndefined();
	});

	it("may be in standby, which a stop does not mend", async () => {
		rig = new CameraRig();
		rig.body.switchOff();
		rig.camera.start();
		await rig.until(() => rig.camera.health.state === "ok");
		expect(await rig.outcome(rig.camera.home())).toBe("peripheral.not_now");
		expect(await rig.outcome(rig.camera.power(true))).toBeUndefined();
		expect(await rig.outcome(rig.camera.home())).toBeUndefined();
	});

	it.each<LinkFailure>(["link.absent", "link.busy", "link.denied", "link.unreachable"])(
		"is lost as long as its line is: %s",
		async (failure) => {
			rig = new CameraRig();
			rig.link.down(failure);
			rig.camera.start();
			expect(rig.camera.health).toMatchObject({ state: "lost", failure });
			rig.link.up();
			await rig.until(() => rig.camera.health.state === "ok");
		},
	);
});

describe("a thumb", () => {
	it("turns it faster the further it is out, no faster than it can, and not at all in the middle", async () => {
		rig = await CameraRig.ready();
		rig.heard();
		for (const [pan, tilt] of [
			[1, 1],
			[-1, -1],
			[0.1, -0.1],
			[0.05, 0.5],
		] as const) {
			rig.camera.move({ pan, tilt, zoom: 0 });
			await rig.pass(100);
		}
		expect(rig.heard()).toEqual(["01060118140201", "01060118140102", "01060102010202", "010601010a0301"]);
	});

	it("zooms beside, and each is told only what is new to it", async () => {
		rig = await CameraRig.ready();
		rig.heard();
		rig.camera.move({ pan: 1, tilt: 0, zoom: 1 });
		await rig.pass(100);
		rig.camera.move({ pan: 1, tilt: 0, zoom: -0.3 });
		rig.camera.move({ pan: 1, tilt: 0, zoom: -0.3 });
		await rig.pass(100);
		rig.camera.move({ pan: 1, tilt: 0, zoom: 0 });
		await rig.pass(100);
		expect(rig.heard()).toEqual(["01060118010203", "01040727", "01040732", ZOOM_STOP]);
		rig.camera.move(still);
		await rig.until(() => !rig.body.moving);
		expect(rig.heard()).toEqual([STOP]);
	});

	it("is followed as fast as the camera acknowledges, with its newest place", async () => {
		rig = await CameraRig.ready({ answerMs: 100 });
		rig.heard();
		for (let step = 1; step <= 100; step++) {
			rig.camera.move({ pan: step / 100, tilt: 0, zoom: 0 });
			await rig.pass(10);
		}
		await rig.pass(200);
		const heard = rig.heard();
		expect(heard.length).toBeLessThanOrEqual(12);
		expect(heard.length).toBeGreaterThanOrEqual(10);
		expect(heard.at(-1)).toBe("01060118010203");
	});

	it("that lets go is heard before all that waits", async () => {
		rig = await CameraRig.ready({ answerMs: 100 });
		rig.camera.move(toTheRight);
		await rig.pass(150);
		const asked = Array.from({ length: 8 }, () => rig.camera.position());
		for (const one of asked) one.catch(() => {});
		rig.link.sent.length = 0;
		rig.camera.move(still);
		await rig.pass(110);
		expect(Buffer.from(rig.link.sent[0] ?? []).toString("hex")).toBe(`81${STOP}ff`);
		await rig.until(() => !rig.body.moving);
	});

	it("that comes down as before while its stop is on its way is heard without a second word", async () => {
		rig = await CameraRig.ready({ answerMs: 100 });
		rig.camera.move(toTheRight);
		await rig.until(() => rig.body.moving);
		await rig.pass(150);
		rig.camera.move(still);
		await rig.until(() => !rig.body.moving);
		// the camera stands, and its word for it is still under way
		rig.camera.move(toTheRight);
		await rig.until(() => rig.body.moving, 1_000);
	});

	it("that pushes against a refusal is refused twice a second, and heard when it is no longer refused", async () => {
		rig = await CameraRig.ready();
		rig.body.switchOff();
		rig.heard();
		for (let step = 0; step < 100; step++) {
			rig.camera.move({ pan: 0.5 + step / 200, tilt: 0, zoom: 0 });
			await rig.pass(20);
		}
		expect(rig.heard().length).toBeLessThanOrEqual(5);
		expect(rig.refused.every((code) => code === "peripheral.not_now")).toBe(true);
		rig.body.switchOn(() => {});
		await rig.until(() => rig.body.moving);
		rig.camera.move(still);
		await rig.until(() => !rig.body.moving);
	});

	it("moves nothing while the camera is not there, nor when it is back", async () => {
		rig = await CameraRig.ready();
		rig.link.down("link.lost");
		rig.camera.move(toTheRight);
		rig.link.up();
		await rig.until(() => rig.camera.health.state === "ok");
		await rig.pass(1000);
		expect(rig.body.place.pan).toBe(0);
	});
});
