import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { CameraHold, HOLD_MS } from "../../../../device/peripherals/equipment/CameraHold.ts";
import type { CameraMotion } from "../../../../device/peripherals/model/PtzCamera.ts";

const left: CameraMotion = { pan: -1, tilt: 0, zoom: 0 };
const right: CameraMotion = { pan: 1, tilt: 0, zoom: 0 };
const still: CameraMotion = { pan: 0, tilt: 0, zoom: 0 };

let clock: ManualClock;
let moves: CameraMotion[];
let hold: CameraHold;
beforeEach(() => {
	clock = new ManualClock();
	moves = [];
	hold = new CameraHold({ move: ({ pan, tilt, zoom }) => moves.push({ pan, tilt, zoom }), clock });
});
const last = () => moves.at(-1);

describe("one thumb", () => {
	test("moves the camera, and stops it when it lets go", () => {
		hold.move("a", left);
		hold.move("a", right);
		expect(moves).toEqual([left, right]);
		hold.stop("a");
		expect(last()).toEqual(still);
		expect(hold.held).toBe(false);
	});

	test("that is not heard of for a second has let go", () => {
		hold.move("a", left);
		clock.advance(HOLD_MS - 1);
		hold.move("a", left);
		clock.advance(HOLD_MS - 1);
		expect(last()).toEqual(left);
		clock.advance(1);
		expect(last()).toEqual(still);
		clock.advance(60_000);
		expect(moves).toHaveLength(3);
	});

	test("that let go moves nothing any more, however late its moves arrive", () => {
		hold.move("a", left);
		hold.stop("a");
		hold.move("a", left);
		expect(last()).toEqual(still);
		// one that was only silent for a while, on a network that stood still, is still down
		hold.move("b", left);
		clock.advance(HOLD_MS);
		hold.move("b", left);
		expect(last()).toEqual(left);
	});

	test("stops once, however often that is said", () => {
		hold.move("a", left);
		for (let again = 0; again < 5; again++) hold.stop("a");
		hold.stop("never there");
		expect(moves).toEqual([left, still]);
	});
});

describe("two thumbs", () => {
	test("the newest owns the camera; the older one stops nothing when it lets go", () => {
		hold.move("a", left);
		hold.move("b", right);
		hold.move("a", left);
		expect(last()).toEqual(right);
		hold.stop("a");
		expect(last()).toEqual(right);
		hold.stop("b");
		expect(last()).toEqual(still);
	});

	test("the older one has the camera back when the newer one lets go, from its next word on", () => {
		hold.move("a", left);
		hold.move("b", right);
		hold.stop("b");
		expect(last()).toEqual(still);
		hold.move("a", left);
		expect(last()).toEqual(left);
		clock.advance(HOLD_MS);
		expect(last()).toEqual(still);
	});
});

test("nobody holds it any more: the call is over", () => {
	hold.move("a", left);
	hold.move("b", right);
	hold.releaseAll();
	expect(last()).toEqual(still);
	expect(hold.held).toBe(false);
	hold.move("a", left);
	hold.move("b", left);
	expect(last()).toEqual(still);
	hold.move("c", left);
	expect(last()).toEqual(left);
});

test("ten thousand thumbs are no more than a few", () => {
	for (let thumb = 0; thumb < 10_000; thumb++) hold.move(`thumb ${thumb}`, left);
	hold.stop("thumb 9999");
	expect(last()).toEqual(still);
	hold.releaseAll();
	clock.advance(HOLD_MS);
	expect(last()).toEqual(still);
	expect(hold.held).toBe(false);
});

test("whatever thumbs do, the camera does what the newest one wants, and stands still a second after the last", () => {
	const thumb = fc.constantFrom("a", "b", "c");
	const happening = fc.oneof(
		fc.record({ is: fc.constant("move" as const), thumb, motion: fc.constantFrom(left, right) }),
		fc.record({ is: fc.constant("stop" as const), thumb }),
		fc.record({ is: fc.constant("time" as const), ms: fc.constantFrom(1, 300, 999, 1000) }),
	);
	fc.assert(
		fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
			const time = new ManualClock();
			let camera = still;
			const move = ({ pan, tilt, zoom }: CameraMotion): void => {
				camera = { pan, tilt, zoom };
			};
			const holds = new CameraHold({ move, clock: time });
			/** The same, told in another way: who is down, oldest first, and until when. */
			let down: { thumb: string; until: number }[] = [];
			const over = new Set<string>();
			let wanted = still;
			const lift = (gone: (one: { thumb: string; until: number }) => boolean): void => {
				const owner = down.at(-1);
				if (owner && gone(owner)) wanted = still;
				down = down.filter((one) => !gone(one));
			};
			for (const what of happenings) {
				if (what.is === "time") {
					time.advance(what.ms);
					lift(({ until }) => until <= time.now());
				} else if (what.is === "stop") {
					holds.stop(what.thumb);
					over.add(what.thumb);
					lift((one) => one.thumb === what.thumb);
				} else {
					holds.move(what.thumb, what.motion);
					if (over.has(what.thumb)) continue;
					const known = down.find((one) => one.thumb === what.thumb);
					const until = time.now() + HOLD_MS;
					if (known) known.until = until;
					else down.push({ thumb: what.thumb, until });
					if (down.at(-1)?.thumb === what.thumb) wanted = what.motion;
				}
				expect(camera).toEqual(wanted);
			}
			time.advance(HOLD_MS);
			expect(camera).toEqual(still);
			expect(holds.held).toBe(false);
		}),
		{ numRuns: 500 },
	);
});
