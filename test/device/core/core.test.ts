import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Backoff } from "../../../device/core/backoff.ts";
import { ManualClock } from "../../../device/core/clock.ts";
import { Emitter } from "../../../device/core/Emitter.ts";
import { jsonLog } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";

describe("RoomError", () => {
	it("passes a RoomError unchanged and wraps everything else with a code and its cause", () => {
		const original = new RoomError("media.engine_failed", "gone", { context: { attempt: 3 } });
		expect(RoomError.from(original, "room.unexpected")).toBe(original);
		const cause = new TypeError("no");
		const wrapped = RoomError.from(cause, "room.unexpected");
		expect(wrapped).toMatchObject({ code: "room.unexpected", message: "no", cause });
		expect(RoomError.from("text", "room.unexpected").message).toBe("text");
	});
});

describe("Backoff", () => {
	it("stays within [0, min(cap, base·2ⁿ)] and starts again after a reset", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 60_000 }), (baseMs, capMs) => {
				const highest = new Backoff({ baseMs, capMs, random: () => 1 });
				const delays = Array.from({ length: 40 }, () => highest.nextMs());
				expect(delays[0]).toBe(Math.min(baseMs, capMs));
				expect(Math.max(...delays)).toBe(capMs > baseMs ? capMs : Math.min(baseMs, capMs));
				highest.reset();
				expect(highest.nextMs()).toBe(delays[0]);
				expect(new Backoff({ baseMs, capMs, random: () => 0 }).nextMs()).toBe(0);
			}),
		);
	});
});

describe("ManualClock", () => {
	it("runs callbacks in order of their due time, also those scheduled on the way, and none that was cancelled", () => {
		const clock = new ManualClock(1000);
		const seen: string[] = [];
		clock.after(30, () => seen.push("late"));
		clock.after(10, () => {
			seen.push("early");
			clock.after(10, () => seen.push(`nested at ${clock.now()}`));
		});
		clock.after(20, () => seen.push("cancelled"))();
		clock.advance(25);
		expect(seen).toEqual(["early", "nested at 1020"]);
		clock.advance(5);
		expect(seen.at(-1)).toBe("late");
		expect(clock.now()).toBe(1030);
	});
});

describe("Emitter", () => {
	it("lets a listener remove itself while it is called, and others still hear", () => {
		const emitter = new Emitter<{ tick: number }>();
		const heard: number[] = [];
		const off = emitter.on("tick", () => off());
		emitter.on("tick", (n) => heard.push(n));
		emitter.emit("tick", 1);
		emitter.emit("tick", 2);
		expect(heard).toEqual([1, 2]);
	});
});

describe("log", () => {
	it("writes one JSON line an event and leaves out what is below its level", () => {
		const lines: string[] = [];
		const log = jsonLog({ write: (line) => lines.push(line), now: () => 0, level: "info" });
		log.write("debug", "call.state", { state: "alone" });
		log.write("info", "call.ended", { reason: "left", seconds: 12 });
		expect(lines).toEqual([
			'{"ts":"1970-01-01T00:00:00.000Z","level":"info","event":"call.ended","reason":"left","seconds":12}\n',
		]);
	});
});
