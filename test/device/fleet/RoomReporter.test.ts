import { beforeEach, describe, expect, test } from "vitest";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
import { ManualClock } from "../../../device/core/clock.ts";
import { Emitter } from "../../../device/core/Emitter.ts";
import type { AgentLinkEvents } from "../../../device/fleet/AgentLink.ts";
import { RoomReporter } from "../../../device/fleet/RoomReporter.ts";
import { type FromRoom, fromRoom } from "../../../provisioning/contract/local.ts";
import { atRest, morning, scenes } from "../../sim/panel/scenes.ts";

/** The link's own interface, with a switch; the socket beneath has tests of its own. */
class Line {
	readonly events = new Emitter<AgentLinkEvents>();
	readonly sent: FromRoom[] = [];
	up = true;

	send(message: FromRoom): boolean {
		if (!this.up) return false;
		this.sent.push(fromRoom.parse(message));
		return true;
	}

	come(): void {
		this.up = true;
		this.events.emit("opened", undefined);
	}
}

let line: Line;
let clock: ManualClock;
let reporter: RoomReporter;
const quiet = (change: Partial<Snapshot> = {}) => atRest({ agenda: { entries: [], failure: null }, ...change });

beforeEach(() => {
	line = new Line();
	clock = new ManualClock(morning);
	reporter = new RoomReporter({ link: line, clock, version: "0.1.0" });
});
const events = () =>
	line.sent.flatMap((message) => (message.t === "event" ? [[message.event.type, message.event.data]] : []));
const statuses = () => line.sent.flatMap((message) => (message.t === "status" ? [message] : []));

describe("status", () => {
	test("is told when it changes, and only then", () => {
		reporter.saw(quiet());
		reporter.saw(quiet({ rev: 5, now: morning + 5000 }));
		reporter.saw(scenes["call-verified"]);
		expect(statuses().map(({ status }) => status.activity)).toEqual(["free", "in_call"]);
		reporter.saw(null);
		reporter.saw(quiet());
		expect(statuses()).toHaveLength(3);
	});

	test("is told whole to each agent that comes", () => {
		line.up = false;
		reporter.saw(quiet());
		expect(statuses()).toEqual([]);
		line.come();
		line.come();
		expect(statuses()).toHaveLength(2);
	});

	test("changes when a meeting begins and ends, though nobody touches anything", () => {
		reporter.saw(atRest());
		clock.advance(3 * 60_000);
		expect(statuses().at(-1)?.status.activity).toBe("busy");
		clock.advance(45 * 60_000);
		expect(statuses().at(-1)?.status.activity).toBe("free");
	});

	test("tells since when nothing happened here: since the end of a call, or a touch, by the minute", () => {
		reporter.saw(quiet());
		expect(statuses().at(-1)?.idleSince).toBe(morning);
		reporter.saw(scenes["call-verified"]);
		expect(statuses().at(-1)?.idleSince).toBeNull();
		reporter.touched();
		clock.advance(600_000);
		reporter.saw(scenes["ended-left"]);
		reporter.saw(quiet());
		expect(statuses().at(-1)?.idleSince).toBe(morning + 600_000);
		clock.advance(59_000);
		reporter.touched();
		expect(statuses().at(-1)?.idleSince).toBe(morning + 600_000);
		clock.advance(1_000);
		reporter.touched();
		expect(statuses().at(-1)?.idleSince).toBe(morning + 660_000);
	});
});

describe("events", () => {
	test("the program's start, once", () => {
		line.come();
		line.come();
		expect(events()).toEqual([["program.started", { program: "room", version: "0.1.0" }]]);
	});

	test("wait for an agent that is away, with the time at which they happened; the oldest are dropped", () => {
		line.up = false;
		reporter.engineFailed();
		clock.advance(60_000);
		reporter.engineFailed();
		line.come();
		expect(line.sent.map((message) => message.t === "event" && message.ts)).toEqual([
			morning,
			morning,
			morning + 60_000,
		]);
		line.up = false;
		for (let i = 0; i < 500; i++) reporter.engineFailed();
		line.sent.length = 0;
		line.come();
		expect(events()).toHaveLength(200);
		expect(events().at(-1)).toEqual(["engine.failed", { code: "media.engine_failed", attempt: 502 }]);
	});

	test("a call's end, with its reason and its length, and whether it was verified; nothing else of it", () => {
		const ends: [Snapshot[], object][] = [
			[
				[scenes.joining, scenes["call-securing"], scenes["call-verified"], scenes["ended-left"]],
				{ reason: "call.left", seconds: 761, verified: true },
			],
			[[scenes["call-encrypted"], scenes["ended-left"]], { reason: "call.left", seconds: 761, verified: false }],
			[
				[scenes["call-encrypted"], scenes["call-compared"], scenes["call-recovering"], scenes["ended-left"]],
				{ reason: "call.left", seconds: 761, verified: true },
			],
			[
				[scenes["ringing-out"], scenes["ended-failure"]],
				{ reason: "call.peer_certificate_mismatch", seconds: 0, verified: false },
			],
			[[scenes["call-verified"], scenes.trouble], { reason: "media.engine_failed", seconds: 761, verified: true }],
		];
		for (const [screens, expected] of ends) {
			line.sent.length = 0;
			reporter.saw(quiet());
			for (const snapshot of screens) reporter.saw(snapshot);
			reporter.saw(quiet());
			expect(events().filter(([type]) => type === "call.ended")).toEqual([["call.ended", expected]]);
			expect(JSON.stringify(line.sent)).not.toMatch(/München|Oberhäuser|http/);
		}
	});

	test("declining a ring is no call", () => {
		reporter.saw(scenes["ringing-in"]);
		reporter.saw(atRest({ screen: { name: "ended", end: "declined_here", failure: null, seconds: 0 } }));
		expect(events().map(([type]) => type)).toEqual(["program.started"]);
	});

	test("trouble, and its end", () => {
		line.sent.length = 0;
		reporter.saw(quiet());
		reporter.saw(scenes.trouble);
		reporter.saw(quiet());
		expect(events().filter(([type]) => type === "trouble")).toEqual([
			["trouble", { code: "media.engine_failed", over: false }],
			["trouble", { code: "media.engine_failed", over: true }],
		]);
	});

	test("devices that come and go; an engine that is away takes none of them along", () => {
		line.sent.length = 0;
		reporter.saw(quiet({ missing: ["engine"] }));
		reporter.saw(quiet({ missing: ["camera"] }));
		reporter.saw(quiet({ missing: ["engine", "broker"] }));
		reporter.saw(quiet({ missing: ["camera"] }));
		expect(events()).toEqual([]);
		reporter.saw(quiet({ missing: ["microphone"] }));
		expect(events()).toEqual([
			["device.changed", { kind: "camera", present: true }],
			["device.changed", { kind: "microphone", present: false }],
		]);
	});

	describe("a device that the room drives", () => {
		const at = "serial usb-Katharinas-Kamera";
		type Shown = Snapshot["peripherals"]["devices"][number];
		const driven = (state: Shown["state"], failure: Shown["failure"] = null, id = "camera"): Shown => ({
			...{ id, kind: "camera", model: "Katharina's", at, since: morning },
			...{ state, failure },
		});
		const room = (...devices: Shown[]) => {
			const snapshot = quiet();
			return { ...snapshot, peripherals: { ...snapshot.peripherals, devices } };
		};
		const states = () =>
			events().flatMap(([type, data]) => (type === "peripheral.changed" ? [data as Omit<Shown, "at" | "model">] : []));

		test("is told of as it is at the start, and when that changes; not what it calls itself, nor where it is", () => {
			reporter.saw(room(driven("starting"), driven("starting", null, "tv")));
			expect(states()).toEqual([]);
			reporter.saw(room(driven("ok"), driven("lost", "link.absent", "tv")));
			reporter.saw(room(driven("ok"), driven("starting", "link.absent", "tv")));
			expect(states()).toEqual([
				{ id: "camera", kind: "camera", state: "ok", failure: null },
				{ id: "tv", kind: "camera", state: "lost", failure: "link.absent" },
			]);
			expect(statuses().at(-1)?.status.peripherals).toEqual([
				{ id: "camera", kind: "camera", state: "ok", failure: null },
				{ id: "tv", kind: "camera", state: "starting", failure: "link.absent" },
			]);
			expect(JSON.stringify(line.sent)).not.toContain("Katharina");
			clock.advance(60_000);
			reporter.saw(room(driven("lost", "link.silent"), driven("ok", null, "tv")));
			expect(
				states()
					.slice(2)
					.map(({ id, state }) => [id, state]),
			).toEqual([
				["camera", "lost"],
				["tv", "ok"],
			]);
		});

		test("that flaps is told of once a minute, and in the end as it is", () => {
			for (let times = 0; times < 100; times++) {
				reporter.saw(room(driven("ok")));
				clock.advance(100);
				reporter.saw(room(driven("lost", "link.lost")));
				clock.advance(100);
			}
			expect(states().map(({ state }) => state)).toEqual(["ok"]);
			clock.advance(60_000);
			expect(states().map(({ state }) => state)).toEqual(["ok", "lost"]);
			clock.advance(600_000);
			expect(states()).toHaveLength(2);
		});

		test("is forgotten with the room: what was to be told later is not", () => {
			reporter.saw(room(driven("ok")));
			reporter.saw(room(driven("lost", "link.lost")));
			reporter.saw(null);
			clock.advance(600_000);
			expect(states()).toHaveLength(1);
			reporter.saw(room(driven("ok")));
			expect(states()).toHaveLength(1);
		});
	});

	test("somebody whom the sensor sees, or doesn't, and no sensor", () => {
		const seen = (occupied: boolean | null) => {
			const snapshot = quiet();
			const hardware = { ...snapshot.peripherals.hardware, occupied };
			return { ...snapshot, peripherals: { ...snapshot.peripherals, hardware } };
		};
		for (const occupied of [null, true, true, false]) reporter.saw(seen(occupied));
		expect(statuses().map(({ occupied }) => occupied)).toEqual([null, true, false]);
	});
});
