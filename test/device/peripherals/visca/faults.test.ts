import { afterEach, describe, expect, it } from "vitest";
import { CameraRig } from "./CameraRig.ts";
import { fromHex } from "./vectors.ts";

let rig: CameraRig;
afterEach(() => rig.end());

const still = { pan: 0, tilt: 0, zoom: 0 };
const slow = { haste: 0.05 };
const GREETING = ["3001", "010001"];
const STOPS = ["01060101010303", "01040700", "01040800"];

describe("what a camera refuses", () => {
	it.each([
		[0x01, "peripheral.not_supported"],
		[0x02, "peripheral.not_supported"],
		// Nobody cancelled anything: that is no answer.
		[0x04, "peripheral.timeout"],
		[0x05, "peripheral.timeout"],
		[0x41, "peripheral.not_now"],
		[0x7a, "peripheral.refused"],
	])("with %i is said with the code %s, and the next works", async (code, expected) => {
		rig = await CameraRig.ready();
		rig.firmware.odd.refuse = { code, times: 1 };
		expect(await rig.outcome(rig.camera.home())).toBe(expected);
		expect(await rig.outcome(rig.camera.home())).toBeUndefined();
	});

	it("with 3, a full buffer, is asked again, and given up when it stays full", async () => {
		rig = await CameraRig.ready();
		rig.firmware.odd.refuse = { code: 0x03, times: 3 };
		expect(await rig.outcome(rig.camera.store(1))).toBeUndefined();
		expect(rig.body.presets.has(1)).toBe(true);
		rig.firmware.odd.refuse = { code: 0x03, times: 100 };
		expect(await rig.outcome(rig.camera.store(2))).toBe("peripheral.busy");
	});

	it("since it works on two commands already: the third has its turn when one is done", async () => {
		rig = await CameraRig.ready();
		const going = rig.outcome(rig.camera.goTo({ pan: 0.1, tilt: 0.1, zoom: 0.05 }));
		await rig.until(() => rig.body.moving);
		expect(await rig.outcome(rig.camera.store(1))).toBeUndefined();
		expect(await going).toBeUndefined();
	});

	it("since another controller cancelled it is said", async () => {
		rig = await CameraRig.ready(slow);
		rig.body.presets.set(1, { pan: 2000, tilt: 0, zoom: 0 });
		const recalled = rig.outcome(rig.camera.recall(1));
		await rig.until(() => rig.body.moving);
		rig.firmware.hear(fromHex("81 22 FF"), rig.say);
		rig.firmware.hear(fromHex("81 21 FF"), rig.say);
		expect(await recalled).toBe("peripheral.cancelled");
		expect(await rig.outcome(rig.camera.store(1))).toBeUndefined();
	});

	it("since it is a motion is logged, and the thumb goes on", async () => {
		rig = await CameraRig.ready(slow);
		rig.firmware.odd.refuse = { code: 0x41, times: 1 };
		rig.camera.move({ pan: 1, tilt: 0, zoom: 0 });
		await rig.until(() => rig.body.moving, 1000);
		expect(rig.refused).toEqual(["peripheral.not_now"]);
	});

	it("is nothing to a question that it answers", async () => {
		rig = await CameraRig.ready();
		rig.firmware.odd.unknown.add("zoom");
		expect(await rig.outcome(rig.camera.position())).toBe("peripheral.not_supported");
	});
});

describe("a command that is acknowledged and never done", () => {
	it("fails after half a minute, and holds nobody up until then", async () => {
		rig = await CameraRig.ready();
		rig.firmware.odd.noCompletion = true;
		const began = rig.clock.now();
		const lost = rig.outcome(rig.camera.home());
		await rig.pass(100);
		expect(await rig.outcome(rig.camera.position())).toMatchObject({ pan: 0 });
		rig.firmware.odd.noCompletion = false;
		expect(await rig.outcome(rig.camera.store(1))).toBeUndefined();
		expect(rig.clock.now() - began).toBeLessThan(500);
		expect(await lost).toBe("peripheral.timeout");
		expect(rig.clock.now() - began).toBeGreaterThanOrEqual(30_000);
		expect(rig.camera.health.state).toBe("ok");
	});

	it("is not done by what is said of its socket when that was given to another", async () => {
		rig = await CameraRig.ready(slow);
		rig.firmware.odd.noCompletion = true;
		let homeDone = false;
		void rig.camera.home().then(
			() => {
				homeDone = true;
			},
			() => {},
		);
		await rig.pass(100);
		rig.firmware.odd.noCompletion = false;
		// Its socket was free again without a word.
		expect(await rig.outcome(rig.camera.store(1))).toBeUndefined();
		expect(homeDone).toBe(false);
	});
});

describe("answers in disorder", () => {
	it("one that comes late is not taken for the answer to what was asked next", async () => {
		rig = await CameraRig.ready(slow);
		rig.camera.move({ pan: 1, tilt: 0, zoom: 0 });
		await rig.until(() => rig.body.place.pan > 5);
		rig.firmware.odd.lateMs = 700;
		const [late, next] = [rig.camera.position(), rig.camera.position()].map((asked) => rig.outcome(asked));
		expect(await late).toBe("peripheral.timeout");
		rig.firmware.odd.lateMs = 300;
		const before = rig.body.position.pan;
		await next;
		expect(await rig.outcome(rig.camera.position())).toMatchObject({
			pan: expect.toSatisfy((pan: number) => pan >= before),
		});
	});

	it("nor is its late acknowledgement that of the next command", async () => {
		rig = await CameraRig.ready();
		await rig.pass(1000);
		rig.firmware.odd.lateMs = 700;
		const late = rig.outcome(rig.camera.store(1));
		rig.firmware.odd.lateMs = 0;
		rig.firmware.odd.loseCommands = 1;
		const lost = rig.outcome(rig.camera.store(2));
		expect(await late).toBe("peripheral.timeout");
		expect(await lost).toBe("peripheral.timeout");
		expect(rig.body.presets.has(2)).toBe(false);
	});

	it("of another camera of the chain is nobody's", async () => {
		rig = await CameraRig.ready();
		const asked = rig.outcome(rig.camera.position());
		rig.say(fromHex("A0 50 00 01 00 00 00 01 00 00 FF"));
		rig.say(fromHex("A0 60 41 FF"));
		expect(await asked).toMatchObject({ pan: 0 });
		const home = rig.outcome(rig.camera.home());
		rig.say(fromHex("A0 60 41 FF"));
		expect(await home).toBeUndefined();
	});

	it("of a camera with another number is its own over TCP, where there is one", async () => {
		rig = new CameraRig({ over: "tcp" });
		rig.firmware.odd.answersAs = 2;
		rig.camera.start();
		await rig.until(() => rig.camera.health.state === "ok");
		expect(rig.heard()).toEqual(["010001", ...STOPS]);
		expect(await rig.outcome(rig.camera.home())).toBeUndefined();
	});

	it("that something is done in an empty socket ends nothing", async () => {
		rig = await CameraRig.ready();
		rig.firmware.odd.loseCommands = 1;
		const stored = rig.outcome(rig.camera.store(1));
		rig.say(fromHex("90 52 FF"));
		rig.say(fromHex("90 51 FF"));
		expect(await stored).toBe("peripheral.timeout");
	});

	it("that commands are done in another order than they were given", async () => {
		rig = await CameraRig.ready();
		rig.firmware.odd.overlapping = true;
		const all = [rig.camera.store(1), rig.camera.store(2), rig.camera.focus("manual")].map((one) => rig.outcome(one));
		expect(await Promise.all(all)).toEqual([undefined, undefined, undefined]);
	});

	it("that come twice answer once", async () => {
		rig = await CameraRig.ready();
		rig.firmware.odd.doubled = true;
		rig.body.drive(24, 0);
		for (let i = 0; i < 10; i++) {
			const before = rig.body.position.pan;
			expect(await rig.outcome(rig.camera.position())).toMatchObject({
				pan: expect.toSatisfy((pan: number) => pan >= before),
			});
		}
		expect(await rig.outcome(rig.camera.home())).toBeUndefined();
	});

	it("without an acknowledgement, as some cameras say that they are done", async () => {
		rig = await CameraRig.ready();
		rig.firmware.odd.loseCommands = 1;
		const stored = rig.outcome(rig.camera.store(1));
		rig.say(fromHex("90 50 FF"));
		expect(await stored).toBeUndefined();
	});
});

describe("half a reply", () => {
	it.each(Array.from({ length: 11 }, (_, bytes) => bytes))("of %i bytes costs its question only", async (breaksOff) => {
		rig = await CameraRig.ready();
		rig.firmware.odd.breaksOff = breaksOff;
		const asked = await rig.outcome(rig.camera.position());
		expect(asked).toBe("peripheral.timeout");
		expect(await rig.outcome(rig.camera.position())).toMatchObject({ pan: 0 });
		expect(await rig.outcome(rig.camera.home())).toBeUndefined();
		expect(rig.camera.health.state).toBe("ok");
	});

	it.each(Array.from({ length: 3 }, (_, bytes) => bytes))(
		"to a command, of %i bytes, costs that only",
		async (breaksOff) => {
			rig = await CameraRig.ready();
			rig.firmware.odd.breaksOff = breaksOff;
			expect(await rig.outcome(rig.camera.store(1))).toBe("peripheral.timeout");
			expect(await rig.outcome(rig.camera.store(1))).toBeUndefined();
		},
	);
});

describe("a chain that changes", () => {
	it("is numbered again, and the camera stopped", async () => {
		rig = await CameraRig.ready(slow);
		rig.camera.move({ pan: 1, tilt: 0, zoom: 0 });
		await rig.until(() => rig.body.moving);
		rig.heard();
		rig.firmware.changeNetwork(rig.say);
		await rig.until(() => rig.camera.health.state === "ok" && rig.firmware.address === 1);
		expect(rig.heard()).toEqual([...GREETING, ...STOPS]);
		expect(rig.healths).toEqual(["ok", "starting", "ok"]);
		rig.camera.move({ pan: 1, tilt: 0, zoom: 0 });
		await rig.until(() => rig.body.moving);
	});

	it("without a word, as when the camera was switched off at the plug: it is found again", async () => {
		rig = await CameraRig.ready();
		rig.firmware.odd.mute = true;
		rig.firmware.changeNetwork(rig.say);
		rig.firmware.odd.mute = false;
		expect(rig.firmware.address).toBeNull();
		await rig.until(() => rig.camera.health.state === "lost");
		await rig.until(() => rig.camera.health.state === "ok");
		expect(rig.healths).toEqual(["ok", "link.silent", "ok"]);
		expect(await rig.outcome(rig.camera.home())).toBeUndefined();
	});
});

describe("a camera that takes bytes and says nothing", () => {
	it("is lost within ten seconds, and its line opened anew now and then", async () => {
		rig = await CameraRig.ready();
		rig.firmware.odd.deaf = true;
		await rig.until(() => rig.camera.health.state === "lost", 10_000);
		expect(rig.camera.health.failure).toBe("link.silent");
		await rig.until(() => rig.link.resets.length > 0, 120_000);
		rig.firmware.odd.deaf = false;
		rig.link.up();
		await rig.until(() => rig.camera.health.state === "ok");
	});

	it("since it speaks at another speed is lost as well, and what it says is counted", async () => {
		rig = new CameraRig();
		rig.firmware.odd.mute = true;
		rig.camera.start();
		const babble = Array.from({ length: 40 }, (_, i) => (i * 89) % 251);
		for (let i = 0; i < 20; i++) {
			rig.link.receive([...babble, 0xff]);
			await rig.pass(100);
		}
		await rig.until(() => rig.camera.health.state === "lost");
		expect(rig.refused).toEqual(["peripheral.unreadable"]);
	});
});

/** Where the conversation is when the cable is pulled. */
const states: Record<string, (rig: CameraRig) => Promise<unknown>> = {
	"before anything was said": async () => {},
	"while it is greeted": async (rig) => {
		rig.camera.start();
		await rig.pass(10);
	},
	"while it is asked who it is": async (rig) => {
		rig.camera.start();
		await rig.until(() => rig.firmware.heard.length === 3);
	},
	"while it is stopped": async (rig) => {
		rig.camera.start();
		await rig.until(() => rig.firmware.heard.length === 4);
	},
	"while it is asked how fast it is": async (rig) => {
		rig.camera.start();
		await rig.until(() => rig.firmware.heard.length === 7);
	},
	"at rest": async (rig) => ready(rig),
	"while it moves": async (rig) => {
		await ready(rig);
		rig.camera.move({ pan: 1, tilt: 1, zoom: 1 });
		await rig.until(() => rig.body.moving);
		await rig.pass(100);
	},
	"before a motion is acknowledged": async (rig) => {
		await ready(rig);
		rig.camera.move({ pan: 1, tilt: 1, zoom: 1 });
		await rig.pass(10);
	},
	"before a stop is acknowledged": async (rig) => {
		await ready(rig);
		rig.camera.move({ pan: 1, tilt: 1, zoom: 1 });
		await rig.pass(100);
		rig.camera.move(still);
		await rig.pass(10);
	},
	"on the way to a preset": async (rig) => {
		await ready(rig);
		rig.body.presets.set(1, { pan: 1000, tilt: 100, zoom: 1000 });
		rig.camera.recall(1).catch(() => {});
		await rig.until(() => rig.body.moving);
	},
	"while it warms up": async (rig) => {
		await ready(rig);
		await rig.outcome(rig.camera.power(false));
		rig.camera.power(true).catch(() => {});
		await rig.pass(100);
	},
	"while the room asks whether it is still there": async (rig) => {
		await ready(rig);
		const before = rig.firmware.heard.length;
		await rig.until(() => rig.firmware.heard.length > before);
	},
	"while it is looked at whether it stands": async (rig) => {
		await ready(rig);
		rig.camera.move({ pan: 1, tilt: 1, zoom: 1 });
		await rig.pass(100);
		rig.camera.move(still);
		await rig.pass(150);
	},
	"while it is lost": async (rig) => {
		await ready(rig);
		rig.firmware.odd.deaf = true;
		await rig.until(() => rig.camera.health.state === "lost");
		rig.firmware.odd.deaf = false;
	},
	"after it was lost, found and lost again": async (rig) => {
		await ready(rig);
		rig.link.down("link.lost");
		await rig.pass(1000);
		rig.link.up();
		await rig.pass(30);
	},
};

async function ready(rig: CameraRig): Promise<void> {
	rig.camera.start();
	await rig.until(() => rig.camera.health.state === "ok");
}

describe("a cable that is pulled out and put in again", () => {
	it.each(Object.entries(states))("%s", async (_name, reach) => {
		rig = new CameraRig(slow);
		await reach(rig);
		rig.camera.start();
		const asked = rig.outcome(rig.camera.position());
		rig.link.down("link.lost");
		expect(rig.camera.health).toMatchObject({ state: "lost", failure: "link.lost" });
		expect(["link.lost", "peripheral.not_ready"]).toContain(await asked);
		await expect(rig.camera.recall(1)).rejects.toMatchObject({ code: "peripheral.not_ready" });
		rig.camera.move({ pan: 1, tilt: 0, zoom: 0 });
		await rig.pass(2000);
		rig.heard();
		rig.link.up();
		await rig.until(() => rig.camera.health.state === "ok", 8000);
		expect(rig.heard().slice(0, 4)).toEqual([...GREETING, ...STOPS.slice(0, 2)]);
		expect(rig.body.moving).toBe(false);
		// It does not move by itself, and does when it is moved.
		await rig.pass(2000);
		expect(rig.body.moving).toBe(false);
		if (rig.body.power !== "on") await rig.outcome(rig.camera.power(true));
		rig.camera.move({ pan: -1, tilt: 0, zoom: 0 });
		await rig.until(() => rig.body.moving);
		rig.camera.move(still);
		await rig.until(() => !rig.body.moving, 200);
	});
});
