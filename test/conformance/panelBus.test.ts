/**
 * What docs/panel-bus.md asks of a device, held against the reference device, against the example in C that makers begin with, and against a real
 * one: `INCAMERA_SERIAL_PORT=<path> INCAMERA_SERIAL_DEVICE=panel-bus`. What needs a hand on key or shutter is left out with a real one.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../device/core/clock.ts";
import { silentLog } from "../../device/core/log.ts";
import { openLink } from "../../device/peripherals/link/openLink.ts";
import { lights } from "../../device/peripherals/model/PanelBus.ts";
import { writeFrame } from "../../device/peripherals/panel-bus/frame.ts";
import { type DeviceMessage, parts, types, writeMessage } from "../../device/peripherals/panel-bus/messages.ts";
import { PanelBusDriver } from "../../device/peripherals/panel-bus/PanelBusDriver.ts";
import { PanelBusSplitter } from "../../device/peripherals/panel-bus/PanelBusSplitter.ts";
import { ExampleDevice } from "../sim/panel-bus/ExampleDevice.ts";
import { PanelBusSimulator } from "../sim/panel-bus/PanelBusSimulator.ts";
import { PanelBusTester } from "../sim/panel-bus/PanelBusTester.ts";

interface Subject {
	path: string;
	/** Null: nobody is there to move it. */
	hands: { key(pressed: boolean): void; shutter(closed: boolean): void; occupy(here: boolean): void } | null;
	/** What can be seen of it from outside; null: nobody looks. */
	looks: (() => { light: string | null; muteLamp: boolean | null }) | null;
	close(): Promise<void>;
}

const simulator = async (): Promise<Subject> => {
	const open = await PanelBusSimulator.open();
	const { device } = open;
	const hands = {
		key: (pressed: boolean) => device.pressMuteKey(pressed),
		shutter: (closed: boolean) => device.moveShutterByHand(closed),
		occupy: (here: boolean) => device.occupy(here),
	};
	const looks = () => ({ light: device.light, muteLamp: device.muteLamp });
	return { path: open.path, hands, looks, close: () => open.close() };
};

const example = async (): Promise<Subject> => {
	const folder = await mkdtemp(join(tmpdir(), "panel-bus-"));
	const device = await ExampleDevice.open(folder);
	const hands = {
		key: (pressed: boolean) => device.hand(pressed ? "K" : "k"),
		shutter: (closed: boolean) => device.hand(closed ? "S" : "s"),
		occupy: (here: boolean) => device.hand(here ? "O" : "o"),
	};
	const close = async () => {
		await device.close();
		await rm(folder, { recursive: true });
		expect(device.complaints).toBe("");
	};
	return { path: device.path, hands, looks: () => ({ light: device.light, muteLamp: device.muteLamp }), close };
};

const subjects: Record<string, () => Promise<Subject>> = {
	"the reference device": simulator,
	"the example in C": example,
};
const port = process.env["INCAMERA_SERIAL_PORT"];
if (port && process.env["INCAMERA_SERIAL_DEVICE"] === "panel-bus")
	subjects["the device at the port"] = async () => ({ path: port, hands: null, looks: null, close: async () => {} });

describe.each(Object.entries(subjects))("a device of the panel bus: %s", (name, open) => {
	const handless = name === "the device at the port";
	let subject: Subject;
	let room: PanelBusTester;
	let has: (part: number) => boolean;
	beforeAll(async () => {
		subject = await open();
	});
	afterAll(() => subject.close());
	beforeEach(async () => {
		room = new PanelBusTester(subject.path);
		await room.up();
		const identity = await room.greet();
		has = (part) => (identity.parts & part) !== 0;
	});
	afterEach(() => room.close());

	const refused = (type: number, refusal: string): DeviceMessage =>
		({ name: "refused", of: type, refusal }) as DeviceMessage;

	test("says who it is, and reports at once and again while nothing happens", async () => {
		expect(await room.greet()).toMatchObject({ lowest: expect.any(Number), model: expect.stringMatching(/./) });
		const first = await room.next("report");
		expect(await room.next("report")).toEqual(first);
		expect(await room.next("report")).toEqual(first);
		expect(room.strange).toEqual([]);
	});

	test("greeted again it goes on counting where it was", async () => {
		const { counter } = await room.next("report");
		await room.greet();
		expect((await room.next("report")).counter).toBe(counter);
	});

	test("shows every light and lights the lamp", async () => {
		for (const light of lights) {
			const answer = await room.ask({ name: "set_light", light });
			expect(answer).toEqual(
				has(parts.lightBar) ? { name: "done", of: types.set_light } : refused(types.set_light, "no_such_part"),
			);
			if (subject.looks) await expect.poll(() => subject.looks?.().light).toBe(light);
		}
		for (const on of [true, false]) {
			const answer = await room.ask({ name: "set_mute_lamp", on });
			expect(answer).toEqual(
				has(parts.muteLamp) ? { name: "done", of: types.set_mute_lamp } : refused(types.set_mute_lamp, "no_such_part"),
			);
			if (subject.looks) await expect.poll(() => subject.looks?.().muteLamp).toBe(on);
		}
	});

	test("moves its shutter, and reports that it moved", async () => {
		for (const closed of [true, false, true]) {
			const answer = await room.ask({ name: "set_shutter", closed });
			if (!has(parts.shutterMotor)) expect(answer).toEqual(refused(types.set_shutter, "no_such_part"));
			else {
				expect(answer).toEqual({ name: "done", of: types.set_shutter });
				await room.next("report", ({ state }) => state.shutterClosed === closed);
			}
		}
	});

	test("does a request that comes again once, and answers it again", async () => {
		if (!has(parts.shutterMotor)) return;
		await room.ask({ name: "set_shutter", closed: true });
		await room.next("report", ({ state }) => state.shutterClosed);
		const sequence = room.nextSequence();
		const frame = writeMessage({ name: "set_shutter", closed: false }, sequence);
		const first = await room.answerTo(frame, sequence);
		const { counter } = await room.next("report", ({ state }) => !state.shutterClosed);
		expect(await room.answerTo(frame, sequence)).toEqual(first);
		expect((await room.next("report")).counter).toBe(counter);
	});

	test("tells its last states again, and none that are yet to come", async () => {
		const { counter, state } = await room.next("report");
		const history = await room.ask({ name: "recall", counter });
		expect(history).toEqual({ name: "history", counter, states: [state] });
		const future = await room.ask({ name: "recall", counter: (counter + 1) >>> 0 });
		expect(future).toEqual(refused(types.recall, "bad_value"));
	});

	test("refuses what it doesn't know, and says why", async () => {
		const ask = (change: { version?: number; type?: number; payload?: number[] }) => {
			const sequence = room.nextSequence();
			const packet = { version: 1, type: types.set_light, sequence, ...change };
			return room.answerTo(writeFrame({ ...packet, payload: Uint8Array.from(change.payload ?? [1]) }), sequence);
		};
		expect(await ask({ type: 0x7f })).toEqual(refused(0x7f, "unknown_type"));
		expect(await ask({ version: 9 })).toEqual(refused(types.set_light, "unknown_version"));
		for (const payload of [[], [6], [255]])
			expect(await ask({ payload })).toEqual(refused(types.set_light, "bad_value"));
		expect(await ask({ type: types.recall, payload: [0, 0, 0] })).toEqual(refused(types.recall, "bad_value"));
		// what a later version adds at the end is passed over
		if (has(parts.lightBar)) expect(await ask({ payload: [1, 2, 3] })).toEqual({ name: "done", of: types.set_light });
	});

	test("says who it is to a room of another version, and does nothing for it", async () => {
		const who = await room.ask({ name: "hello", lowest: 200, highest: 201 });
		expect(who).toMatchObject({ name: "identity" });
		expect(await room.ask({ name: "set_light", light: "free" })).toEqual(refused(types.set_light, "not_greeted"));
		expect(await room.next("identity")).toEqual(who);
		expect(await room.greet()).toEqual(who);
		await room.next("report");
	});

	test("takes frames in crumbs and behind noise, and none that is broken", async () => {
		const before = room.heard.length;
		const good = writeMessage({ name: "set_light", light: "free" }, room.nextSequence());
		for (let at = 0; at < good.length - 1; at++) await room.link.send(good.with(at, (good[at] as number) ^ 0x40));
		await room.link.send(Uint8Array.from([0xff, 1, 2, 3, 0, 0, ...new Array(1000).fill(7), 0]));
		const sequence = room.nextSequence();
		const crumbs = writeMessage({ name: "recall", counter: 0 }, sequence);
		for (const byte of crumbs) await room.link.send(Uint8Array.of(byte));
		await expect.poll(() => room.heard.slice(before).map((one) => one.sequence)).toContain(sequence);
		const answers = room.heard.slice(before).filter((one) => one.sequence !== 0);
		expect(answers.map((one) => one.sequence)).toEqual([sequence]);
	});

	test("left alone it announces itself, is on its safe side, and does nothing until it is greeted", async () => {
		await room.ask({ name: "set_light", light: "busy" });
		await room.ask({ name: "set_mute_lamp", on: true });
		await room.ask({ name: "set_shutter", closed: false });
		room.stopBeats();
		const announcement = await room.next("identity");
		if (subject.looks) await expect.poll(subject.looks).toEqual({ light: "trouble", muteLamp: false });
		expect(await room.ask({ name: "set_light", light: "free" })).toEqual(refused(types.set_light, "not_greeted"));
		expect(await room.ask({ name: "recall", counter: 0 })).toEqual(refused(types.recall, "not_greeted"));
		expect(await room.greet()).toEqual(announcement);
		const { state } = await room.next("report");
		if (has(parts.shutterMotor)) expect(state.shutterClosed).toBe(true);
	});

	test("beats keep it with the room", async () => {
		// for three seconds and more it never is alone
		for (let report = 0; report < 13; report++) await room.next("report");
		expect(room.heard.filter(({ message, sequence }) => message.name === "identity" && sequence === 0)).toEqual([]);
		expect(await room.ask({ name: "recall", counter: 0 })).toMatchObject({ name: "history" });
	});

	test.skipIf(handless)("reports each touch of a hand, and refuses to open what a hand closed", async () => {
		const { hands } = subject;
		hands?.key(true);
		const pressed = await room.next("report", ({ state }) => state.muteKey);
		hands?.occupy(true);
		const occupied = await room.next("report", ({ state }) => state.occupied);
		expect(occupied.counter).toBe((pressed.counter + 1) >>> 0);
		hands?.shutter(true);
		await room.next("report", ({ state }) => state.shutterByHand && state.shutterClosed);
		const open = { name: "set_shutter", closed: false } as const;
		expect(await room.ask(open)).toEqual(refused(types.set_shutter, "held_by_hand"));
		// closing it as well does not take it from the hand
		expect(await room.ask({ name: "set_shutter", closed: true })).toEqual({ name: "done", of: types.set_shutter });
		expect(await room.ask(open)).toEqual(refused(types.set_shutter, "held_by_hand"));
		hands?.shutter(false);
		await room.next("report", ({ state }) => !state.shutterByHand && !state.shutterClosed);
		expect(await room.ask(open)).toEqual({ name: "done", of: types.set_shutter });
		hands?.key(false);
		hands?.occupy(false);
		await room.next("report", ({ state }) => !state.muteKey && !state.occupied);
	});

	test.skipIf(handless)("remembers 32 states, and begins with the oldest that it has", async () => {
		const { counter } = await room.next("report");
		for (let press = 0; press < 20; press++) {
			subject.hands?.key(true);
			subject.hands?.key(false);
		}
		const newest = (counter + 40) >>> 0;
		await room.next("report", (report) => report.counter === newest);
		const history = await room.ask({ name: "recall", counter: (counter + 1) >>> 0 });
		if (history.name !== "history") throw new Error(`recall was answered by ${history.name}`);
		expect(history.counter).toBe((newest - 31) >>> 0);
		expect(history.states.map(({ muteKey }) => muteKey)).toEqual(Array.from({ length: 32 }, (_, at) => at % 2 === 0));
	});

	test("is driven by the room's own driver", async () => {
		await room.close();
		const address = { by: "serial", path: subject.path, baudRate: 115_200 } as const;
		const link = openLink(address, { splitter: () => new PanelBusSplitter(), clock: systemClock });
		const driver = new PanelBusDriver({ link, clock: systemClock, log: silentLog });
		try {
			driver.start();
			await expect.poll(() => driver.health.state).toBe("ok");
			expect(driver.status.muteKey).toBe(has(parts.muteKey) ? false : null);
			if (has(parts.lightBar)) await driver.light("free");
			if (has(parts.shutterMotor)) {
				await driver.shutter(false);
				await expect.poll(() => driver.status.shutterClosed).toBe(false);
			}
			if (!subject.hands) return;
			subject.hands.key(true);
			await expect.poll(() => driver.status.muteKey).toBe(true);
			subject.hands.shutter(true);
			await expect.poll(() => driver.status.shutterClosed).toBe(true);
			await expect(driver.shutter(false)).rejects.toMatchObject({ code: "peripheral.held_by_hand" });
			subject.hands.key(false);
			subject.hands.shutter(false);
			await expect.poll(() => driver.status).toMatchObject({ muteKey: false, shutterClosed: false });
		} finally {
			await driver.stop();
		}
	});
});
