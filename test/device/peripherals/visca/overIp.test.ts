import { afterEach, describe, expect, it } from "vitest";
import { CameraRig } from "./CameraRig.ts";

let rig: CameraRig;
afterEach(() => rig.end());

const still = { pan: 0, tilt: 0, zoom: 0 };
const slow = { over: "datagrams", haste: 0.05 } as const;
const over = "datagrams";

/** Loses what the pattern marks, from now on: `x` is lost; after its end nothing is. */
function losing(pattern: string): () => boolean {
	let at = 0;
	return () => pattern[at++] === "x";
}

/** Loses so large a part, always the same datagrams. */
function lossy(part: number, seed: number): () => boolean {
	let state = seed;
	return () => {
		state = (state * 48_271) % 0x7fffffff;
		return state / 0x7fffffff < part;
	};
}

describe("VISCA over IP", () => {
	it("begins with its count set to nothing, and no message to all, which the manual forbids", async () => {
		rig = await CameraRig.ready({ over });
		expect(rig.datagrams.resets).toBe(1);
		expect(rig.datagrams.worked).toEqual(rig.datagrams.worked.map((_, index) => index + 1));
		expect(rig.heard()).toEqual(["010001", "01060101010303", "01040700", "01040800"]);
	});

	it("sends what got lost again under its number: it is done once", async () => {
		rig = await CameraRig.ready({ over });
		rig.heard();
		rig.datagrams.loses.in = losing("xx");
		expect(await rig.outcome(rig.camera.store(1))).toBeUndefined();
		expect(rig.heard()).toEqual(["01043f0101"]);
		expect(rig.datagrams.refused).toBe(0);
	});

	it("does not do twice what was done and not heard of; only that it is done is never said", async () => {
		rig = await CameraRig.ready({ over });
		rig.heard();
		rig.datagrams.loses.out = losing("xx");
		expect(await rig.outcome(rig.camera.home())).toBe("peripheral.timeout");
		expect(rig.heard()).toEqual(["010604"]);
		expect(rig.datagrams.resets).toBe(1);
	});

	it("and asks anew for an answer that was not heard", async () => {
		rig = await CameraRig.ready({ over });
		rig.datagrams.loses.out = losing("x");
		expect(await rig.outcome(rig.camera.position())).toMatchObject({ pan: 0 });
		expect(rig.datagrams.refused).toBe(1);
	});

	it("an acknowledgement that got lost is not needed to hear that it is done", async () => {
		rig = await CameraRig.ready({ over });
		rig.datagrams.loses.out = losing("x");
		expect(await rig.outcome(rig.camera.goTo({ pan: 0.5, tilt: 0, zoom: 0 }))).toBeUndefined();
		expect(rig.body.position.pan).toBeCloseTo(0.5, 2);
	});

	it("begins to count anew when the camera counts differently, and does what was asked", async () => {
		rig = await CameraRig.ready({ over });
		rig.datagrams.losePlace();
		expect(await rig.outcome(rig.camera.store(1))).toBeUndefined();
		expect(rig.body.presets.has(1)).toBe(true);
		expect(rig.datagrams.resets).toBe(2);
		rig.datagrams.losePlace();
		expect(await rig.outcome(rig.camera.position())).toMatchObject({ pan: 0 });
	});

	it("stops all the same when the camera counts differently", async () => {
		rig = await CameraRig.ready(slow);
		rig.camera.move({ pan: 1, tilt: 1, zoom: 1 });
		await rig.until(() => rig.body.moving);
		await rig.pass(100);
		rig.datagrams.losePlace();
		rig.camera.move(still);
		await rig.until(() => !rig.body.moving, 300);
	});

	it.each([
		["in", "x"],
		["in", "xxx"],
		["in", "xxxxxx"],
		["out", "x"],
		["out", "xxxxxx"],
		["in", ".x.x.x"],
	] as const)("stops when datagrams get lost: %s %s", async (direction, pattern) => {
		rig = await CameraRig.ready(slow);
		rig.camera.move({ pan: 1, tilt: 1, zoom: 1 });
		await rig.until(() => rig.body.moving);
		await rig.pass(100);
		rig.datagrams.loses[direction] = losing(pattern);
		rig.camera.move(still);
		await rig.until(() => !rig.body.moving, 2000);
		await rig.pass(3000);
		expect(rig.body.moving).toBe(false);
	});

	it.each([1, 2, 3, 4, 5, 6, 7, 8])(
		"stands after a storm on a line that loses every third datagram: %i",
		async (seed) => {
			rig = await CameraRig.ready(slow);
			rig.datagrams.loses = { in: lossy(0.3, seed), out: lossy(0.3, seed * 7) };
			for (let i = 0; i < 300; i++) {
				rig.camera.move({ pan: Math.sin(i + seed), tilt: Math.cos(i), zoom: Math.sin(i * 2) });
				if (i % 10 === 0) rig.camera.move(still);
				await rig.pass(10);
			}
			rig.camera.move(still);
			await rig.pass(6000);
			rig.datagrams.loses = { in: () => false, out: () => false };
			await rig.until(() => rig.camera.health.state === "ok");
			await rig.pass(2000);
			expect(rig.body.moving).toBe(false);
			// No number was worked on twice.
			expect(new Set(rig.datagrams.worked).size).toBe(rig.datagrams.worked.length);
		},
	);

	it("hears answers that come late under their own number only", async () => {
		rig = await CameraRig.ready({ over });
		rig.body.drive(5, 0);
		rig.firmware.odd.lateMs = 800;
		expect(await rig.outcome(rig.camera.position())).toBe("peripheral.timeout");
		rig.firmware.odd.lateMs = 0;
		const asked = rig.body.position.pan;
		expect(await rig.outcome(rig.camera.position())).toMatchObject({
			pan: expect.toSatisfy((pan: number) => pan >= asked),
		});
	});

	it("is not moved by datagrams that are none, or another's", async () => {
		rig = await CameraRig.ready({ over });
		const stored = rig.outcome(rig.camera.store(1));
		for (const hex of [
			"",
			"00",
			"0111000300000099904 1ff",
			"01110003ffffffff9041ff",
			"0201000200000001 0f01",
			"9041ff",
		])
			rig.link.receive(Buffer.from(hex.replace(" ", ""), "hex"));
		expect(await stored).toBeUndefined();
		expect(rig.body.presets.has(1)).toBe(true);
	});

	it("is lost when nobody answers, and found again", async () => {
		rig = await CameraRig.ready({ over });
		rig.datagrams.loses.in = () => true;
		await rig.until(() => rig.camera.health.state === "lost", 15_000);
		rig.datagrams.loses.in = () => false;
		rig.datagrams.losePlace();
		rig.link.up();
		await rig.until(() => rig.camera.health.state === "ok");
		expect(rig.healths).toEqual(["ok", "link.silent", "ok"]);
	});
});
