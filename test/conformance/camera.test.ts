/**
 * What the room expects of a camera, over each way there is, held against the simulator, and against a real one:
 * `INCAMERA_SERIAL_PORT=<path> INCAMERA_SERIAL_DEVICE=visca` (`INCAMERA_SERIAL_SPEED`, default 9600). A real one is turned, and nothing in its memory is changed.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../device/core/clock.ts";
import { silentLog } from "../../device/core/log.ts";
import type { LinkAddress } from "../../device/peripherals/link/openLink.ts";
import type { CameraMotion, CameraPosition } from "../../device/peripherals/model/PtzCamera.ts";
import { openViscaCamera } from "../../device/peripherals/visca/openViscaCamera.ts";
import type { ViscaCamera } from "../../device/peripherals/visca/ViscaCamera.ts";
import { CameraFirmware } from "../sim/camera/CameraFirmware.ts";
import { CameraOnSerial } from "../sim/camera/CameraOnSerial.ts";
import { CameraOnTcp } from "../sim/camera/CameraOnTcp.ts";
import { CameraOnUdp } from "../sim/camera/CameraOnUdp.ts";
import { SimulatedCamera } from "../sim/camera/SimulatedCamera.ts";

interface Subject {
	at: LinkAddress;
	/** Null: it is a real one, and only what it says can be seen of it. */
	simulated: { body: SimulatedCamera; firmware: CameraFirmware } | null;
	/** Pulls its cable; what it returns puts it in again. */
	unplug(): Promise<() => Promise<void>>;
	close(): Promise<void>;
}

const clock = systemClock;
const host = "127.0.0.1";

function simulated() {
	const body = new SimulatedCamera({ clock, haste: 2, warmUpMs: 200 });
	return { body, firmware: new CameraFirmware(body, { clock, answerMs: 1 }) };
}

const subjects: Record<string, () => Promise<Subject>> = {
	"VISCA over a serial line": async () => {
		const both = simulated();
		const camera = await CameraOnSerial.start(both.firmware);
		const at = { by: "serial", path: camera.path, baudRate: 9600 } as const;
		return { at, simulated: both, unplug: () => camera.unplug(), close: () => camera.close() };
	},
	"VISCA over TCP": async () => {
		const both = simulated();
		const camera = await CameraOnTcp.start(both.firmware);
		const at = { by: "tcp", host, port: camera.port } as const;
		return { at, simulated: both, unplug: () => camera.unplug(), close: () => camera.close() };
	},
	"VISCA over IP": async () => {
		const both = simulated();
		const camera = await CameraOnUdp.start(both.firmware);
		const at = { by: "udp", host, port: camera.port } as const;
		return { at, simulated: both, unplug: () => camera.unplug(), close: () => camera.close() };
	},
};
const port = process.env["INCAMERA_SERIAL_PORT"];
if (port && process.env["INCAMERA_SERIAL_DEVICE"] === "visca") {
	const baudRate = Number(process.env["INCAMERA_SERIAL_SPEED"] ?? 9600);
	subjects["the camera at the port"] = async () => ({
		at: { by: "serial", path: port, baudRate },
		simulated: null,
		unplug: async () => async () => {},
		close: async () => {},
	});
}

const still: CameraMotion = { pan: 0, tilt: 0, zoom: 0 };

describe.each(Object.entries(subjects))("a camera: %s", (name, open) => {
	const real = name === "the camera at the port";
	let subject: Subject;
	let camera: ViscaCamera;
	beforeAll(async () => {
		subject = await open();
		camera = openViscaCamera(subject.at, { clock, log: silentLog, presets: 16, tracking: "extended" });
		const there = new Promise<void>((resolve) => {
			camera.onHealth(({ state }) => state === "ok" && resolve());
		});
		camera.start();
		await there;
	}, 20_000);
	afterAll(async () => {
		await camera.stop();
		await subject.close();
	});
	beforeEach(() => camera.home());

	/** Waits until the camera says that it is somewhere. */
	const sees = (expected: (position: CameraPosition) => boolean) =>
		expect.poll(async () => expected(await camera.position()), { timeout: 10_000 }).toBe(true);
	const isClose = (a: number, b: number): boolean => Math.abs(a - b) < 0.02;

	it("says what it is, and how it is", () => {
		expect(camera.health).toMatchObject({ state: "ok", failure: null, model: expect.stringMatching(/./) });
		expect(camera.counters).toMatchObject({ badBytes: 0 });
	});

	it("looks to the middle when it is sent home", async () => {
		await sees(({ pan, tilt }) => isClose(pan, 0) && Math.abs(tilt) < 0.6);
	});

	it.each<[string, CameraMotion, (now: CameraPosition, before: CameraPosition) => boolean]>([
		["to the right", { pan: 0.6, tilt: 0, zoom: 0 }, (now, before) => now.pan > before.pan],
		["to the left", { pan: -0.6, tilt: 0, zoom: 0 }, (now, before) => now.pan < before.pan],
		["up", { pan: 0, tilt: 0.6, zoom: 0 }, (now, before) => now.tilt > before.tilt],
		["down", { pan: 0, tilt: -0.6, zoom: 0 }, (now, before) => now.tilt < before.tilt],
		["closer", { pan: 0, tilt: 0, zoom: 0.6 }, (now, before) => now.zoom > before.zoom],
		["away", { pan: 0, tilt: 0, zoom: -0.6 }, (now, before) => now.zoom < before.zoom],
		[
			"up, to the left and closer at once",
			{ pan: -0.5, tilt: 0.5, zoom: 0.5 },
			(now, before) => now.pan < before.pan && now.tilt > before.tilt && now.zoom > before.zoom,
		],
	])("moves %s by thumb, and stands when it lets go", async (_where, motion, moved) => {
		if (motion.zoom < 0) await camera.goTo({ pan: 0, tilt: 0, zoom: 0.5 });
		const before = await camera.position();
		camera.move(motion);
		await sees((now) => moved(now, before));
		camera.move(still);
		await stands();
	});

	/** Says twice in a row that it is where it was. */
	async function stands(): Promise<void> {
		let last = await camera.position();
		await sees((now) => {
			const same = now.pan === last.pan && now.tilt === last.tilt && now.zoom === last.zoom;
			last = now;
			return same;
		});
		if (subject.simulated) expect(subject.simulated.body.moving).toBe(false);
	}

	it("follows the newest of many, and stands at the end of them", async () => {
		for (let i = 0; i < 500; i++) {
			camera.move({ pan: Math.sin(i / 7), tilt: Math.cos(i / 5), zoom: Math.sin(i / 3) });
			if (i % 50 === 0) await camera.position();
		}
		camera.move(still);
		await expect.poll(() => subject.simulated?.body.moving ?? false, { timeout: 10_000 }).toBe(false);
		await stands();
	});

	it("goes where it is sent, and says that it is there", async () => {
		const there = { pan: 0.2, tilt: -0.4, zoom: 0.3 };
		await camera.goTo(there);
		await sees(({ pan, tilt, zoom }) => isClose(pan, 0.2) && isClose(tilt, -0.4) && isClose(zoom, 0.3));
	});

	it("answers while it is on its way", async () => {
		const going = camera.goTo({ pan: -0.3, tilt: 0, zoom: 0 });
		await camera.position();
		await going;
		await sees(({ pan }) => isClose(pan, -0.3));
	});

	it("focuses by hand and by itself", async () => {
		await camera.focus("manual");
		await camera.focus("near");
		await camera.focus("stop");
		await camera.focus("auto");
	});

	it.skipIf(real)("has a memory", async () => {
		await camera.goTo({ pan: 0.3, tilt: 0.1, zoom: 0.2 });
		await camera.store(3);
		await camera.home();
		await camera.recall(3);
		await sees(({ pan, zoom }) => isClose(pan, 0.3) && isClose(zoom, 0.2));
		await expect(camera.recall(9)).rejects.toMatchObject({ code: "peripheral.not_now" });
	});

	it.skipIf(real)("goes to standby and comes back", async () => {
		await camera.power(false);
		await expect(camera.home()).rejects.toMatchObject({ code: "peripheral.not_now" });
		await camera.power(true);
		await camera.home();
	});

	it.skipIf(real)("follows people, and no longer", async () => {
		await camera.tracking(true);
		expect(subject.simulated?.body.tracking).toBe(true);
		await camera.tracking(false);
		expect(subject.simulated?.body.tracking).toBe(false);
	});

	it.skipIf(real)("is stopped first thing when its cable is in again", async () => {
		camera.move({ pan: 0.2, tilt: 0.2, zoom: 0 });
		await expect.poll(() => subject.simulated?.body.moving).toBe(true);
		const replug = await subject.unplug();
		// A datagram that is sent nowhere says so at the next question only.
		await expect.poll(() => camera.health.state, { timeout: 20_000 }).toBe("lost");
		expect(subject.simulated?.body.moving).toBe(true);
		await replug();
		await expect.poll(() => camera.health.state, { timeout: 20_000 }).toBe("ok");
		expect(subject.simulated?.body.moving).toBe(false);
	});
});
