import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noHardware } from "../../../../device/contract/peripherals.ts";
import type { Snapshot } from "../../../../device/contract/snapshot.ts";
import { ManualClock } from "../../../../device/core/clock.ts";
import { type Log, type LogEvents, silentLog } from "../../../../device/core/log.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { Light } from "../../../../device/peripherals/model/PanelBus.ts";
import { minuteOfDayIn } from "../../../../device/peripherals/scenes/minuteOfDayIn.ts";
import { type SceneDevice, SceneRunner, type SceneSteps } from "../../../../device/peripherals/scenes/SceneRunner.ts";
import { scenes } from "../../../sim/panel/scenes.ts";

const START = Date.UTC(2026, 10, 23, 9, 0);
const refusal = new RoomError("peripheral.refused", "the device says no");

/** A device that does its steps at once, late, never, or not at all, as a test wants it. */
class ScriptedDevice implements SceneDevice {
	readonly played: string[] = [];
	/** Steps that are under way, oldest first. */
	readonly underWay: { step: string; done(): void; refuse(): void }[] = [];
	does: "at once" | "later" | "refuses" | "throws" = "at once";
	ready = true;
	readonly name: string;
	readonly kind: SceneDevice["kind"];
	readonly #listeners = new Set<() => void>();

	constructor(name: string, kind: SceneDevice["kind"]) {
		this.name = name;
		this.kind = kind;
	}

	play(step: string): Promise<void> {
		if (this.does === "throws") throw refusal;
		if (this.does === "refuses" || !this.ready) return Promise.reject(refusal);
		if (this.does === "at once") {
			this.played.push(step);
			return Promise.resolve();
		}
		return new Promise((resolve, reject) => {
			const end = () => this.underWay.splice(this.underWay.indexOf(one), 1);
			const done = () => {
				end();
				this.played.push(step);
				resolve();
			};
			const refuse = () => {
				end();
				reject(refusal);
			};
			const one = { step, done, refuse };
			this.underWay.push(one);
		});
	}

	onReady(callback: () => void): () => void {
		this.#listeners.add(callback);
		return () => this.#listeners.delete(callback);
	}

	lose(): void {
		this.ready = false;
		for (const { refuse } of [...this.underWay]) refuse();
	}

	comeBack(): void {
		this.ready = true;
		for (const listener of [...this.#listeners]) listener();
	}

	/** The last of these that it did. */
	last<T extends string>(steps: readonly T[]): T | undefined {
		return this.played.findLast((step) => (steps as readonly string[]).includes(step)) as T | undefined;
	}
}

class Bench {
	readonly clock = new ManualClock(START);
	readonly camera = new ScriptedDevice("camera", "camera");
	readonly tv = new ScriptedDevice("tv", "display");
	readonly sign = new ScriptedDevice("sign", "panel-bus");
	readonly devices = [this.camera, this.tv, this.sign];
	readonly logged: LogEvents["peripheral.refused"][] = [];
	readonly runner: SceneRunner;

	constructor(scenes: SceneSteps = {}) {
		const log: Log = {
			write: (_, event, fields) => {
				expect(event).toBe("peripheral.refused");
				this.logged.push(fields as LogEvents["peripheral.refused"]);
			},
		};
		const rules = { quietMinutes: 15, eveningAt: "20:00", minuteOfDay: minuteOfDayIn("Europe/Berlin") };
		this.runner = new SceneRunner({ devices: this.devices, scenes, rules, clock: this.clock, log });
	}

	async see(...views: Snapshot[]): Promise<this> {
		for (const view of views) this.runner.saw(view);
		await this.settled();
		return this;
	}

	async settled(): Promise<void> {
		for (let turn = 0; turn < 60; turn++) await Promise.resolve();
	}

	async pass(ms: number): Promise<void> {
		this.clock.advance(ms);
		await this.settled();
	}
}

const { resting, joining } = scenes;
const call = scenes["call-verified"];
const muted = scenes["call-muted"];
const ringing = scenes["ringing-in"];

describe("what is usual", () => {
	test("a sign that is free, busy, muted, and rings; a display that comes on; a camera that looks straight", async () => {
		const { camera, tv, sign, runner, ...bench } = await new Bench().see(resting);
		expect(sign.played).toEqual(["free", "lamp-off"]);
		sign.played.length = 0;
		for (const view of [ringing, joining, call, muted, call, resting]) {
			runner.saw(view);
			for (let turn = 0; turn < 60; turn++) await Promise.resolve();
		}
		expect(sign.played).toEqual([
			...["ringing", "busy", "lamp-off", "shutter-open", "muted", "lamp-on", "busy", "lamp-off"],
			...["free", "lamp-off", "shutter-close"],
		]);
		expect(camera.played).toEqual(["home"]);
		expect(tv.played).toEqual(["on", "input"]);
		expect(bench.logged).toEqual([]);
	});

	test("by the sensor the display sleeps, and wakes without losing its input", async () => {
		const bench = new Bench();
		const hardware = (occupied: boolean) => ({
			...resting,
			peripherals: { ...resting.peripherals, hardware: { ...noHardware, occupied } },
		});
		await bench.see(hardware(false));
		await bench.pass(15 * 60_000);
		expect(bench.tv.played).toEqual(["off"]);
		await bench.see(hardware(true));
		expect(bench.tv.played).toEqual(["off", "on"]);
		// 20:00 in Berlin
		await bench.see(resting);
		await bench.pass(11 * 3_600_000);
		expect(bench.tv.played).toEqual(["off", "on", "off"]);
	});
});

describe("what a configuration says", () => {
	test("takes the place of what is usual, scene by scene", async () => {
		const bench = new Bench({
			join: { tv: ["hdmi2"] },
			mute: {},
			leave: { tv: ["off"], sign: ["off"], camera: ["Door"] },
		});
		await bench.see(resting, call, muted, resting);
		expect(bench.tv.played).toEqual(["off"]);
		expect(bench.camera.played).toEqual(["Door"]);
		expect(bench.sign.last(["off", "busy", "muted", "free"])).toBe("off");
	});
});

describe("no device holds up another, and none the room", () => {
	test("one that never answers keeps the others from nothing, and is waited for no longer than a minute", async () => {
		const bench = await new Bench().see(resting);
		bench.tv.does = "later";
		await bench.see(call);
		expect(bench.sign.last(["busy", "free"])).toBe("busy");
		expect(bench.camera.played).toEqual(["home"]);
		expect(bench.tv.underWay.map(({ step }) => step)).toEqual(["on"]);
		await bench.pass(60_000);
		expect(bench.logged).toEqual([{ kind: "display", code: "peripheral.step_slow" }]);
		expect(bench.tv.underWay.map(({ step }) => step)).toEqual(["on", "input"]);
	});

	test("one that refuses, or whose driver throws, is logged, and its next step is done", async () => {
		const bench = await new Bench().see(resting);
		bench.tv.does = "refuses";
		bench.camera.does = "throws";
		await bench.see(call);
		expect(bench.logged.map(({ kind }) => kind).sort()).toEqual(["camera", "display", "display"]);
		expect(new Set(bench.logged.map(({ code }) => code))).toEqual(new Set(["peripheral.refused"]));
	});

	test("what was overtaken is not done any more, not even waited for", async () => {
		const bench = await new Bench().see(resting);
		bench.tv.does = "later";
		bench.sign.does = "later";
		await bench.see(call);
		await bench.see(muted, call, muted);
		expect(bench.sign.underWay.map(({ step }) => step)).toEqual(["busy", "shutter-open"]);
		bench.sign.underWay[1]?.done();
		await bench.settled();
		expect(bench.sign.underWay.map(({ step }) => step)).toEqual(["busy", "muted"]);
		bench.sign.underWay[1]?.done();
		await bench.settled();
		expect(bench.sign.underWay.map(({ step }) => step)).toEqual(["busy", "lamp-on"]);
		// off ends a display's coming on, and what was to be seen on it
		await bench.see(resting);
		await bench.pass(11 * 3_600_000);
		expect(bench.tv.underWay.at(-1)?.step).toBe("off");
		for (const { done } of [...bench.tv.underWay]) done();
		await bench.settled();
		expect(bench.tv.underWay).toEqual([]);
		expect(bench.tv.last(["input"])).toBeUndefined();
	});

	test("after its end nothing is done", async () => {
		const bench = await new Bench().see(resting);
		bench.runner.stop();
		await bench.see(call);
		await bench.pass(24 * 3_600_000);
		expect([...bench.tv.played, ...bench.camera.played]).toEqual([]);
	});
});

describe("a device that comes back", () => {
	test("shows what is to be seen now, does not turn away, and never goes off by it", async () => {
		const bench = new Bench({
			leave: { tv: ["off"], sign: ["free", "shutter-close"] },
			join: { tv: ["on", "hdmi1"], sign: ["busy", "shutter-open"] },
		});
		for (const device of bench.devices) device.ready = false;
		await bench.see(resting);
		for (const device of bench.devices) device.comeBack();
		await bench.settled();
		expect([bench.tv.played, bench.camera.played, bench.sign.played]).toEqual([[], [], ["free"]]);
		for (const device of bench.devices) device.lose();
		await bench.see(muted);
		expect(bench.sign.played).toEqual(["free"]);
		for (const device of bench.devices) device.comeBack();
		await bench.settled();
		expect([bench.tv.played, bench.camera.played]).toEqual([["on", "hdmi1"], []]);
		expect(bench.sign.played).toEqual(["free", "muted", "lamp-on"]);
		expect(bench.logged).toEqual([]);
	});
});

describe("whatever happens in whatever order", () => {
	const lights: readonly Light[] = ["off", "free", "ringing", "busy", "muted", "trouble"];
	const expectedLight = ({ screen, media, peripherals }: Snapshot): Light => {
		if (screen.name === "ringing-in") return "ringing";
		if (screen.name === "trouble") return "trouble";
		if (!["ringing-out", "joining", "alone", "call"].includes(screen.name)) return "free";
		return peripherals.hardware.muteKey || media.microphone.state === "off" ? "muted" : "busy";
	};
	const snapshots = fc
		.record({
			scene: fc.constantFrom(...Object.values(scenes)).filter(({ media }) => media.microphone.state !== "closed"),
			other: fc.constantFrom(resting, ringing, scenes.trouble, scenes["ended-left"]),
			inCall: fc.boolean(),
			muteKey: fc.constantFrom(null, true, false),
			occupied: fc.constantFrom(null, true, false),
		})
		.map(({ scene, other, inCall, muteKey, occupied }): Snapshot => {
			const base: Snapshot = inCall ? scene : other;
			return { ...base, peripherals: { ...base.peripherals, hardware: { ...noHardware, muteKey, occupied } } };
		});
	const device = fc.constantFrom("camera" as const, "tv" as const, "sign" as const);
	const happenings = fc.array(
		fc.oneof(
			{ weight: 6, arbitrary: snapshots.map((view) => ({ is: "seen" as const, view })) },
			{
				weight: 2,
				arbitrary: fc.constantFrom(100, 61_000, 900_000, 14_400_000).map((ms) => ({ is: "time" as const, ms })),
			},
			{
				weight: 3,
				arbitrary: fc.record({
					is: fc.constant("device" as const),
					device,
					change: fc.constantFrom("lost", "back", "at once", "later", "refuses", "throws", "done"),
				}),
			},
		),
		{ maxLength: 40 },
	);

	test("nothing is thrown, nothing piles up, and in the end everything shows what the room is", async () => {
		await fc.assert(
			fc.asyncProperty(happenings, snapshots, fc.boolean(), async (before, last, settleBetween) => {
				const bench = new Bench();
				const change = (one: ScriptedDevice, how: string): void => {
					if (how === "lost") one.lose();
					else if (how === "back") one.comeBack();
					else if (how === "done") one.underWay[0]?.done();
					else one.does = how as ScriptedDevice["does"];
				};
				for (const happening of before) {
					if (happening.is === "seen") bench.runner.saw(happening.view);
					else if (happening.is === "time") bench.clock.advance(happening.ms);
					else change(bench[happening.device], happening.change);
					if (settleBetween) await bench.settled();
				}
				// the devices are well again, and the room is as it is
				await bench.settled();
				for (const one of bench.devices) {
					one.lose();
					one.does = "at once";
				}
				await bench.settled();
				bench.runner.saw(last);
				for (const one of bench.devices) one.comeBack();
				await bench.settled();
				expect(bench.sign.last(lights)).toBe(expectedLight(last));
				const lamp = expectedLight(last) === "muted" ? "lamp-on" : "lamp-off";
				if (expectedLight(last) !== "busy" || bench.sign.last(["lamp-on"])) {
					expect(bench.sign.last(["lamp-on", "lamp-off"])).toBe(lamp);
				}
				if (["muted", "busy"].includes(expectedLight(last))) expect(bench.tv.last(["on", "off"])).toBe("on");
				// a day later, if nobody has come
				if (last.screen.name === "resting" && last.peripherals.hardware.occupied !== true) {
					await bench.pass(24 * 3_600_000);
					expect(bench.tv.last(["on", "off"])).toBe("off");
				}
				expect(bench.sign.underWay).toEqual([]);
				bench.runner.stop();
			}),
			{ numRuns: 200 },
		);
	});

	test("without losing a device, too: each snapshot's light is the last that is shown", async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(snapshots, { minLength: 1, maxLength: 20 }), async (views) => {
				const bench = await new Bench().see(...views);
				const last = views.at(-1) as Snapshot;
				expect(bench.sign.last(lights)).toBe(expectedLight(last));
				expect(bench.logged).toEqual([]);
				bench.runner.stop();
			}),
			{ numRuns: 300 },
		);
	});
});

test("a room without devices has nothing to play", () => {
	const rules = { quietMinutes: 15, eveningAt: "20:00", minuteOfDay: () => 0 };
	const clock = new ManualClock(START);
	const runner = new SceneRunner({ devices: [], scenes: {}, rules, clock, log: silentLog });
	runner.saw(call);
	clock.advance(24 * 3_600_000);
	runner.stop();
});
