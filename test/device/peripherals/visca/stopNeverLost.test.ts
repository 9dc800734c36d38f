import { afterEach, describe, expect, it } from "vitest";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { CameraRig } from "./CameraRig.ts";

let rig: CameraRig;
afterEach(() => rig.end());

const still = { pan: 0, tilt: 0, zoom: 0 };
const aside = { pan: 0.5, tilt: -0.3, zoom: 0.4 };
/** A camera that would take minutes to its ends: if it stands, it was stopped. */
const slow = { haste: 0.05 };

interface Trouble {
	begin(rig: CameraRig): void;
	/** Milliseconds in which the camera stands all the same. Default 700. */
	within?: number;
}

const troubles: Record<string, Trouble> = {
	"nothing is the matter": { begin() {}, within: 100 },
	"it gets lost once": {
		begin({ firmware }) {
			firmware.odd.loseCommands = 1;
		},
	},
	"it gets lost five times": {
		begin({ firmware }) {
			firmware.odd.loseCommands = 5;
		},
		within: 3000,
	},
	"the camera acknowledges it and does nothing": {
		begin({ firmware }) {
			firmware.odd.ignores = 2;
		},
	},
	"the camera says nothing for two seconds": {
		begin({ firmware, clock }) {
			firmware.odd.mute = true;
			clock.after(2000, () => {
				firmware.odd.mute = false;
			});
		},
	},
	"the camera hears nothing for two seconds": {
		begin({ firmware, clock }) {
			firmware.odd.deaf = true;
			clock.after(2000, () => {
				firmware.odd.deaf = false;
			});
		},
		within: 2700,
	},
	"the line carries nothing back any more": {
		begin({ firmware }) {
			firmware.odd.mute = true;
		},
	},
	"answers come late": {
		begin({ firmware }) {
			firmware.odd.lateMs = 700;
		},
	},
	"everything is said twice": {
		begin({ firmware }) {
			firmware.odd.doubled = true;
		},
	},
	"everything is said twice, and it gets lost": {
		begin({ firmware }) {
			firmware.odd.doubled = true;
			firmware.odd.loseCommands = 2;
		},
		within: 1500,
	},
	"nothing is said to be done": {
		begin({ firmware }) {
			firmware.odd.noCompletion = true;
		},
		within: 100,
	},
	"something is said to be done that nobody asked for": {
		begin({ firmware }) {
			firmware.odd.emptySocket = true;
		},
		within: 100,
	},
	"what is done is said in the wrong order": {
		begin({ firmware }) {
			firmware.odd.overlapping = true;
		},
		within: 100,
	},
	"garbage stands between replies": {
		begin({ firmware }) {
			firmware.odd.garbage = [0x00, 0xff, 0x90, 0x12, 0x41];
		},
		within: 100,
	},
	"other cameras answer": {
		begin({ firmware }) {
			firmware.odd.strangers = true;
		},
		within: 100,
	},
	"replies come byte for byte": {
		begin({ firmware }) {
			firmware.odd.inPieces = true;
		},
		within: 100,
	},
	"a reply breaks off": {
		begin({ firmware }) {
			firmware.odd.breaksOff = 2;
		},
	},
	"it is no message to the camera three times": {
		begin({ firmware }) {
			firmware.odd.refuse = { code: 0x02, times: 3 };
		},
	},
	"the camera has no room four times": {
		begin({ firmware }) {
			firmware.odd.refuse = { code: 0x03, times: 4 };
		},
	},
	"the camera can't seven times": {
		begin({ firmware }) {
			firmware.odd.refuse = { code: 0x41, times: 7 };
		},
		within: 3000,
	},
	"the camera refuses for a reason of its own": {
		begin({ firmware }) {
			firmware.odd.refuse = { code: 0x7a, times: 3 };
		},
	},
	"the line breaks and comes back": {
		begin({ link, clock }) {
			link.down("link.lost");
			clock.after(3000, () => link.up());
		},
		within: 3200,
	},
	"the line takes nothing for a second": {
		begin({ link, clock }) {
			link.sendFails = new RoomError("link.congested", "slow");
			clock.after(1000, () => {
				link.sendFails = null;
			});
		},
		within: 1200,
	},
	"the chain changed": {
		begin({ firmware, say, body }) {
			firmware.changeNetwork(say);
			// Not every camera stops when another one is put into the chain.
			body.drive(5, 5);
		},
		within: 1000,
	},
	"somebody wants everything of it at once": {
		begin({ camera }) {
			for (let i = 0; i < 40; i++) camera.position().catch(() => {});
			camera.home().catch(() => {});
		},
	},
};

describe("a stop is never lost", () => {
	it.each(Object.entries(troubles))("%s", async (_name, { begin, within = 700 }) => {
		rig = await CameraRig.ready(slow);
		rig.camera.move(aside);
		await rig.until(() => rig.body.moving);
		await rig.pass(100);
		begin(rig);
		rig.camera.move(still);
		await rig.until(() => !rig.body.moving, within);
		const { place } = rig.body;
		await rig.pass(5000);
		expect(rig.body.place).toEqual(place);
	});

	it.each(Object.entries(troubles))(
		"nor one that comes with its motion: %s",
		async (_name, { begin, within = 700 }) => {
			rig = await CameraRig.ready(slow);
			begin(rig);
			rig.camera.move(aside);
			await rig.pass(10);
			rig.camera.move(still);
			await rig.pass(within + 1500);
			expect(rig.body.moving).toBe(false);
			const { place } = rig.body;
			await rig.pass(5000);
			expect(rig.body.place).toEqual(place);
		},
	);

	it("by a camera whose sockets are both taken by what takes long: they are taken from it", async () => {
		rig = await CameraRig.ready(slow);
		rig.body.presets.set(3, { pan: -2000, tilt: 0, zoom: 0 });
		await rig.pass(1000);
		const say = () => {};
		for (const hex of ["8101043f0203ff", "8101044704000000ff"])
			rig.firmware.hear(Uint8Array.from(Buffer.from(hex, "hex")), say);
		rig.heard();
		rig.camera.move(still);
		await rig.pass(300);
		expect(rig.body.moving).toBe(true);
		// It stands as far as we know: nobody asked it to move. Whoever moves it has to be able to stop it.
		rig.camera.move(aside);
		rig.camera.move(still);
		await rig.until(() => !rig.body.moving, 700);
		expect(rig.heard()).toEqual(expect.arrayContaining(["21", "22"]));
	});

	it("on the way to a preset, also by a camera that says nothing more of it", async () => {
		rig = await CameraRig.ready(slow);
		rig.body.presets.set(3, { pan: -2000, tilt: 0, zoom: 0x4000 });
		const recalled = rig.outcome(rig.camera.recall(3));
		await rig.until(() => rig.body.moving);
		rig.camera.move(still);
		await rig.until(() => !rig.body.moving, 200);
		// It says that it is done with what it was stopped at.
		expect(await recalled).toBeUndefined();
	});

	it("by the program that ends", async () => {
		rig = await CameraRig.ready(slow);
		rig.camera.move(aside);
		await rig.until(() => rig.body.moving);
		await rig.end();
		expect(rig.body.moving).toBe(false);
		expect(rig.link.state.name).toBe("down");
	});

	it("by the program that ends, unless the camera is not there: that is not waited for", async () => {
		rig = await CameraRig.ready(slow);
		rig.camera.move(aside);
		await rig.until(() => rig.body.moving);
		rig.firmware.odd.deaf = true;
		const before = rig.clock.now();
		await rig.end();
		expect(rig.clock.now() - before).toBeLessThan(2500);
		expect(rig.link.state.name).toBe("down");
	});

	it("by a lens that focuses, when the line breaks", async () => {
		rig = await CameraRig.ready();
		await rig.outcome(rig.camera.focus("manual"));
		await rig.outcome(rig.camera.focus("far"));
		expect(rig.body.focusing).toBe("far");
		rig.link.down("link.lost");
		rig.link.up();
		await rig.until(() => rig.camera.health.state === "ok");
		expect(rig.body.focusing).toBe("stop");
	});

	it("after ten thousand movements of a thumb", async () => {
		rig = await CameraRig.ready(slow);
		let seed = 1;
		const random = (): number => {
			seed = (seed * 48_271) % 0x7fffffff;
			return seed / 0x7fffffff;
		};
		rig.heard();
		const began = rig.clock.now();
		for (let i = 0; i < 10_000; i++) {
			const rests = random() < 0.1;
			rig.camera.move(rests ? still : { pan: random() * 2 - 1, tilt: random() * 2 - 1, zoom: random() * 2 - 1 });
			if (i % 20 === 0) await rig.pass(10);
		}
		rig.camera.move(still);
		await rig.until(() => !rig.body.moving, 200);
		await rig.pass(1000);
		expect(rig.body.moving).toBe(false);
		// One answer takes 20 ms: there were no more commands than answers.
		expect(rig.heard().length).toBeLessThanOrEqual((rig.clock.now() - began) / 20 + 1);
		expect(rig.refused).toEqual([]);
	});

	it("by two who move one camera: the newest of both counts, and when both let go it stands", async () => {
		rig = await CameraRig.ready(slow);
		for (let i = 0; i < 50; i++) {
			rig.camera.move({ pan: 1, tilt: 0, zoom: 0 });
			if (i % 3 === 0) rig.camera.move(still);
			rig.camera.move({ pan: -1, tilt: 1, zoom: 0.5 });
			await rig.pass(10);
		}
		rig.heard();
		rig.camera.move({ pan: 0, tilt: 1, zoom: 0 });
		await rig.pass(100);
		expect(rig.body.moving).toBe(true);
		expect(rig.heard()).toContain("01060101140301");
		rig.camera.move(still);
		rig.camera.move(still);
		await rig.until(() => !rig.body.moving, 200);
		await rig.pass(3000);
		expect(rig.body.moving).toBe(false);
	});

	it("by one who recalls a preset while the other holds it, and lets go later", async () => {
		rig = await CameraRig.ready();
		rig.body.presets.set(3, { pan: 100, tilt: 0, zoom: 0 });
		rig.camera.move(aside);
		await rig.until(() => rig.body.moving);
		const recalled = rig.outcome(rig.camera.recall(3));
		await rig.pass(300);
		expect(rig.body.place.pan).toBe(100);
		expect(await recalled).toBeUndefined();
		rig.camera.move(still);
		await rig.pass(1000);
		expect(rig.body.moving).toBe(false);
	});
});
