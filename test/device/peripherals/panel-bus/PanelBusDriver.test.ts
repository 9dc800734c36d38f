import { describe, expect, test } from "vitest";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { parts } from "../../../../device/peripherals/panel-bus/messages.ts";
import { timing } from "../../../../device/peripherals/panel-bus/timing.ts";
import { PanelBusBench } from "./PanelBusBench.ts";

const unknown = { muteKey: null, shutterClosed: null, occupied: null };
/** A device that nobody has spoken to has closed its shutter. */
const atRest = { muteKey: false, shutterClosed: true, occupied: false };

/** `done`, or the code that it rejected with. */
const outcome = (promise: Promise<unknown>): Promise<unknown> =>
	promise.then(
		() => "done",
		(error: unknown) => (error instanceof RoomError ? error.code : error),
	);

describe("a device that is there", () => {
	test("is greeted, says who it is, and reports; its first word is known in the same turn", async () => {
		const bench = new PanelBusBench();
		expect(bench.driver.health).toEqual({ state: "starting", since: 0, failure: null, model: null });
		await bench.ready();
		expect(bench.driver.health).toMatchObject({ state: "ok", failure: null, model: "InCamera Reference" });
		expect(bench.told).toEqual([atRest]);
		bench.device.pressMuteKey(true);
		bench.device.occupy(true);
		bench.device.moveShutterByHand(false);
		bench.device.pressMuteKey(false);
		expect(bench.told.slice(1)).toEqual([
			{ muteKey: true, shutterClosed: true, occupied: false },
			{ muteKey: true, shutterClosed: true, occupied: true },
			{ muteKey: true, shutterClosed: false, occupied: true },
			{ muteKey: false, shutterClosed: false, occupied: true },
		]);
	});

	test("does what it is asked to", async () => {
		const bench = await new PanelBusBench().ready();
		const { driver, device } = bench;
		const all = [driver.light("busy"), driver.muteLamp(true), driver.shutter(false)];
		await Promise.all(all);
		expect([device.light, device.muteLamp, device.state.shutterClosed]).toEqual(["busy", true, false]);
		await driver.shutter(true);
		expect(driver.status.shutterClosed).toBe(true);
	});

	test("refuses to open what a hand closed, and closes what a hand opened", async () => {
		const bench = await new PanelBusBench().ready();
		bench.device.moveShutterByHand(true);
		expect(await outcome(bench.driver.shutter(false))).toBe("peripheral.held_by_hand");
		expect(bench.device.state.shutterClosed).toBe(true);
		// software that closes it as well does not take it from the hand
		await bench.driver.shutter(true);
		expect(await outcome(bench.driver.shutter(false))).toBe("peripheral.held_by_hand");
		bench.device.moveShutterByHand(false);
		await bench.driver.shutter(true);
		expect(bench.driver.status.shutterClosed).toBe(true);
		await bench.driver.shutter(false);
		expect(bench.driver.status.shutterClosed).toBe(false);
	});

	test("says null of parts that it has not, and refuses to move them", async () => {
		const bench = await new PanelBusBench({ parts: parts.muteKey }).ready();
		expect(bench.driver.status).toEqual({ muteKey: false, shutterClosed: null, occupied: null });
		expect(await outcome(bench.driver.light("free"))).toBe("peripheral.not_supported");
		expect(await outcome(bench.driver.shutter(true))).toBe("peripheral.not_supported");
		expect(await outcome(bench.driver.muteLamp(true))).toBe("peripheral.not_supported");
	});

	test("with a broken part is used, and the fault is told", async () => {
		const bench = await new PanelBusBench().ready();
		bench.device.moveShutterByHand(false);
		bench.device.breakParts(parts.muteKey | parts.shutterMotor);
		expect(bench.driver.health).toMatchObject({ state: "ok", failure: "peripheral.fault" });
		// what isn't known is reported on its safe side
		expect(bench.driver.status.muteKey).toBe(true);
		expect(await outcome(bench.driver.shutter(true))).toBe("peripheral.fault");
		bench.device.breakParts(0);
		expect(bench.driver.health).toMatchObject({ state: "ok", failure: null });
	});

	test("hears from the room often enough, also while nobody asks anything", async () => {
		const bench = await new PanelBusBench().ready();
		await bench.driver.light("busy");
		await bench.pass(20 * timing.roomLostMs);
		expect(bench.device.light).toBe("busy");
		expect(bench.device.greeted).toBe(true);
		expect(bench.driver.health.state).toBe("ok");
	});

	test("that was stopped hears nothing more, and falls to its safe side by itself", async () => {
		const bench = await new PanelBusBench().ready();
		await bench.driver.light("busy");
		await bench.driver.muteLamp(true);
		await bench.driver.shutter(false);
		await bench.driver.stop();
		expect(bench.driver.status).toEqual(unknown);
		expect(await outcome(bench.driver.light("free"))).toBe("link.lost");
		await bench.pass(timing.roomLostMs);
		expect(bench.device.light).toBe("trouble");
		expect(bench.device.muteLamp).toBe(false);
		expect(bench.device.state.shutterClosed).toBe(true);
	});
});

describe("reports", () => {
	test("of 10 000 keys in a burst are told one by one and in order", async () => {
		const bench = await new PanelBusBench().ready();
		for (let press = 1; press <= 10_000; press++) bench.device.pressMuteKey(press % 2 === 1);
		expect(bench.told).toHaveLength(10_001);
		expect(bench.told.every((status, index) => status.muteKey === (index % 2 === 1))).toBe(true);
	});

	test("that got lost are asked for again: each key is told, in order", async () => {
		const bench = await new PanelBusBench().ready();
		bench.line.loseReports = 5;
		for (let press = 1; press <= 6; press++) bench.device.pressMuteKey(press % 2 === 1);
		await bench.settled();
		expect(bench.told.slice(1).map(({ muteKey }) => muteKey)).toEqual([true, false, true, false, true, false]);
		expect(bench.logged).toEqual([]);
	});

	test("of which the last got lost are known by the next heartbeat", async () => {
		const bench = await new PanelBusBench().ready();
		bench.line.loseReports = 1;
		bench.device.pressMuteKey(true);
		await bench.settled();
		expect(bench.driver.status.muteKey).toBe(false);
		await bench.pass(timing.reportMs);
		expect(bench.driver.status.muteKey).toBe(true);
	});

	test("of which more got lost than the device remembers: the newest counts, and the log says so", async () => {
		const bench = await new PanelBusBench().ready();
		bench.line.loseReports = 99;
		for (let press = 1; press <= 101; press++) bench.device.pressMuteKey(press % 2 === 1);
		await bench.settled();
		expect(bench.driver.status.muteKey).toBe(true);
		// it remembers 32, of which the first is as the last that was known
		expect(bench.told).toHaveLength(1 + 31);
		expect(bench.logged).toEqual(["peripheral.reports_missed"]);
	});

	test("that can't be had again: the newest counts", async () => {
		const bench = await new PanelBusBench().ready();
		bench.line.loseReports = 1;
		bench.line.loseAnswers = 3;
		bench.device.pressMuteKey(true);
		bench.device.occupy(true);
		expect(bench.driver.status.occupied).toBe(false);
		await bench.pass(3 * timing.answerMs);
		expect(bench.driver.status).toEqual({ muteKey: true, shutterClosed: true, occupied: true });
		expect(bench.logged).toEqual(["peripheral.reports_missed"]);
	});

	test("that come twice, or in the wrong order, are told once and in order", async () => {
		const bench = await new PanelBusBench().ready();
		bench.line.twice = true;
		bench.line.swap = true;
		for (let press = 1; press <= 100; press++) {
			bench.device.pressMuteKey(press % 2 === 1);
			await bench.settled();
		}
		await bench.pass(timing.reportMs);
		expect(bench.told.slice(1).map(({ muteKey }) => muteKey)).toEqual(
			Array.from({ length: 100 }, (_, index) => index % 2 === 0),
		);
	});

	test("between garbage, with wrong bits, in crumbs: what is known is true, and the noise is counted", async () => {
		const bench = await new PanelBusBench().ready();
		Object.assign(bench.line, { garbage: true, crumbs: true, flipBits: 20 });
		for (let press = 1; press <= 60; press++) {
			bench.device.pressMuteKey(press % 2 === 1);
			await bench.pass(50);
		}
		Object.assign(bench.line, { garbage: false, flipBits: 0 });
		await bench.pass(timing.reportMs);
		expect(bench.driver.status.muteKey).toBe(false);
		// each was told at most once, in turn
		const keys = bench.told.map(({ muteKey }) => muteKey);
		expect(keys.every((key, index) => index === 0 || key !== keys[index - 1])).toBe(true);
		expect(bench.driver.counters.badBytes).toBeGreaterThan(100);
		expect(bench.driver.health.state).toBe("ok");
	});
});

describe("requests", () => {
	test("whose answer got lost are sent again and done once", async () => {
		const bench = await new PanelBusBench().ready();
		bench.line.loseAnswers = 2;
		const busy = outcome(bench.driver.light("busy"));
		await bench.pass(2 * timing.answerMs);
		expect(await busy).toBe("done");
		expect(bench.device.done).toEqual([{ name: "set_light", light: "busy" }]);
	});

	test("that a device never answers fail, and it goes on being heard", async () => {
		const bench = await new PanelBusBench().ready();
		bench.line.loseAnswers = 3;
		const busy = outcome(bench.driver.light("busy"));
		await bench.pass(3 * timing.answerMs);
		expect(await busy).toBe("peripheral.timeout");
		bench.device.pressMuteKey(true);
		expect(bench.driver.status.muteKey).toBe(true);
		expect(bench.driver.counters.timeouts).toBe(3);
	});

	test("of which ten in a row are not answered end the line, which is opened anew", async () => {
		const bench = await new PanelBusBench().ready();
		bench.line.loseAnswers = 99;
		for (const light of ["free", "busy", "muted", "off"] as const) {
			const shown = outcome(bench.driver.light(light));
			await bench.pass(3 * timing.answerMs);
			expect(await shown).toMatch(/timeout|link.lost/);
		}
		expect(bench.link.resets).toEqual(["link.silent"]);
		expect(bench.driver.health).toMatchObject({ state: "lost", failure: "link.silent" });
		expect(bench.driver.status).toEqual(unknown);
		bench.line.loseAnswers = 0;
		bench.link.up();
		await bench.pass(1000);
		expect(bench.driver.health.state).toBe("ok");
		expect(bench.device.light).toBe("off");
	});

	test("that come faster than they can be done: the newest of each kind counts", async () => {
		const bench = await new PanelBusBench().ready();
		const lights = ["free", "ringing", "busy", "muted"] as const;
		const outcomes = await Promise.all(lights.map((light) => outcome(bench.driver.light(light))));
		expect(outcomes).toEqual(["done", "peripheral.overtaken", "peripheral.overtaken", "done"]);
		expect(bench.device.light).toBe("muted");
	});
});

describe("a device that is lost", () => {
	test("by silence: nothing is known of it any more, until it speaks", async () => {
		const bench = await new PanelBusBench().ready();
		bench.device.pressMuteKey(true);
		bench.line.silent = true;
		await bench.pass(timing.deviceLostMs - timing.reportMs);
		expect(bench.driver.status.muteKey).toBe(true);
		await bench.pass(2 * timing.reportMs);
		expect(bench.driver.status).toEqual(unknown);
		expect(bench.driver.health).toMatchObject({ state: "lost", failure: "link.silent", model: "InCamera Reference" });
		expect(await outcome(bench.driver.light("busy"))).toBe("link.lost");
		bench.line.silent = false;
		await bench.pass(5000);
		expect(bench.driver.status.muteKey).toBe(true);
		expect(bench.driver.health).toMatchObject({ state: "ok", failure: null });
		// light and lamp show what the room does
		expect(bench.device.light).toBe("busy");
	});

	test.each([
		["started anew", (bench: PanelBusBench) => bench.device.start()],
		["forgot the room", (bench: PanelBusBench) => Object.assign(bench.line, { deaf: true })],
	])("because it %s: it is greeted anew, and a key that it no longer reports was not released", async (_, lose) => {
		const bench = await new PanelBusBench().ready();
		bench.device.pressMuteKey(true);
		await bench.driver.muteLamp(true);
		await bench.driver.light("busy");
		bench.told.length = 0;
		lose(bench);
		await bench.pass(timing.roomLostMs);
		bench.line.deaf = false;
		bench.device.pressMuteKey(false);
		await bench.pass(3000);
		expect(bench.told[0]).toEqual(unknown);
		expect(bench.told.at(-1)).toEqual(atRest);
		expect(bench.driver.health.state).toBe("ok");
		expect([bench.device.light, bench.device.muteLamp]).toEqual(["busy", true]);
	});

	test("a shutter that closed because nobody spoke for the room is not opened again by the driver", async () => {
		const bench = await new PanelBusBench().ready();
		await bench.driver.shutter(false);
		bench.line.deaf = true;
		await bench.pass(timing.roomLostMs + 500);
		bench.line.deaf = false;
		await bench.pass(3000);
		expect(bench.driver.health.state).toBe("ok");
		expect(bench.driver.status.shutterClosed).toBe(true);
		await bench.driver.shutter(false);
		expect(bench.driver.status.shutterClosed).toBe(false);
	});

	test("by its line: known no more, and begun from the start when the line is back", async () => {
		const bench = await new PanelBusBench().ready();
		const busy = outcome(bench.driver.light("busy"));
		bench.link.down("link.lost");
		expect(await busy).toBe("link.lost");
		expect(bench.driver.status).toEqual(unknown);
		expect(bench.driver.health).toMatchObject({ state: "lost", failure: "link.lost" });
		await bench.pass(60_000);
		const sent = bench.link.sent.length;
		bench.link.up();
		await bench.pass(1000);
		expect(bench.link.sent.length).toBeGreaterThan(sent);
		expect(bench.driver.status).toEqual(atRest);
		expect(bench.device.light).toBe("busy");
	});
});

/** Where a conversation can stand when its cable is pulled out. */
const stands: Record<string, (bench: PanelBusBench) => Promise<void>> = {
	"nobody has answered yet": async ({ line, driver, device }) => {
		line.silent = true;
		device.start();
		driver.start();
	},
	"it is lost": async (bench) => {
		await bench.ready();
		bench.line.silent = true;
		await bench.pass(2 * timing.deviceLostMs);
	},
	"it is greeted and reports": async (bench) => {
		await bench.ready();
	},
	"a request is under way": async (bench) => {
		await bench.ready();
		bench.line.loseAnswers = 99;
	},
	"states are asked for again": async (bench) => {
		await bench.ready();
		Object.assign(bench.line, { loseAnswers: 99, loseReports: 1 });
		bench.device.occupy(true);
		bench.device.occupy(false);
	},
	"it is being greeted anew": async (bench) => {
		await bench.ready();
		bench.line.deaf = true;
		await bench.pass(timing.roomLostMs + 100);
	},
};

describe("a cable that is pulled out while", () => {
	test.each(Object.entries(stands))(
		"%s: nothing is known, what was asked fails, and it begins anew",
		async (_, arrive) => {
			const bench = new PanelBusBench();
			await arrive(bench);
			const asked = outcome(bench.driver.light("busy"));
			await bench.settled();
			bench.link.down("link.lost");
			bench.link.down("link.absent");
			// a request that was answered before is as good
			expect(["link.lost", "done"]).toContain(await asked);
			expect(bench.driver.status).toEqual(unknown);
			expect(bench.driver.health).toMatchObject({ state: "lost", failure: "link.absent" });
			const sent = bench.link.sent.length;
			await bench.pass(5 * timing.roomLostMs);
			expect(bench.link.sent).toHaveLength(sent);
			Object.assign(bench.line, { silent: false, deaf: false, loseAnswers: 0, loseReports: 0 });
			bench.device.pressMuteKey(false);
			bench.link.up();
			await bench.pass(timing.announceMs);
			expect(bench.driver.health).toMatchObject({ state: "ok", failure: null });
			expect(bench.driver.status).toEqual(atRest);
			expect(bench.device.light).toBe("busy");
		},
	);
});

describe("what is no device of ours", () => {
	test("silence: said after three seconds, asked again and again, and the line is opened anew", async () => {
		const bench = new PanelBusBench();
		bench.driver.start();
		await bench.pass(3 * timing.announceMs);
		expect(bench.driver.health).toMatchObject({ state: "lost", failure: "link.silent" });
		await bench.pass(30_000);
		expect(bench.link.resets).toEqual(["link.silent"]);
		expect(bench.driver.health).toMatchObject({ state: "lost", failure: "link.silent" });
		bench.device.start();
		bench.link.up();
		await bench.pass(1000);
		expect(bench.driver.health.state).toBe("ok");
	});

	test("noise: another device, or another speed", async () => {
		const bench = new PanelBusBench();
		bench.driver.start();
		bench.link.counters.badBytes += 100;
		await bench.pass(3 * timing.announceMs);
		expect(bench.driver.health).toMatchObject({ state: "lost", failure: "peripheral.wrong_device" });
	});

	test("our own words coming back", async () => {
		const bench = new PanelBusBench();
		bench.link.onSent = (frame) => queueMicrotask(() => bench.link.receive(frame.subarray(0, -1)));
		bench.driver.start();
		await bench.pass(3000);
		expect(bench.driver.health).toMatchObject({ state: "lost", failure: "link.silent" });
		expect(bench.driver.counters.badBytes).toBeGreaterThan(0);
	});

	test.each([
		["an older one", { lowest: 0, highest: 0 }],
		["a newer one that has left ours behind", { lowest: 2, highest: 3 }],
	])("another version, %s: said, and asked again now and then", async (_, versions) => {
		const bench = await new PanelBusBench(versions).ready();
		expect(bench.driver.health).toEqual({
			state: "lost",
			since: 0,
			failure: "peripheral.version_unknown",
			model: "InCamera Reference",
		});
		expect(bench.driver.status).toEqual(unknown);
		const sent = bench.link.sent.length;
		await bench.pass(60_000);
		expect(bench.link.sent.length - sent).toBeLessThanOrEqual(6);
		expect(bench.driver.health.failure).toBe("peripheral.version_unknown");
	});

	test("a newer version that still speaks ours is a device like any other", async () => {
		const bench = await new PanelBusBench({ lowest: 1, highest: 7 }).ready();
		expect(bench.driver.status).toEqual(atRest);
	});
});
