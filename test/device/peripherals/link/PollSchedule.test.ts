import { beforeEach, expect, it } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { PollSchedule } from "../../../../device/peripherals/link/PollSchedule.ts";

let clock: ManualClock;
/** When each poll began. */
let polls: number[];
let answers: () => Promise<void>;
let schedule: PollSchedule;

beforeEach(() => {
	clock = new ManualClock();
	polls = [];
	answers = async () => {};
	const poll = () => {
		polls.push(clock.now());
		return answers();
	};
	schedule = new PollSchedule({ clock, everyMs: 5000, poll, random: () => 1 });
});

/** Moves on, millisecond-true, with promises settling on the way. */
async function pass(ms: number): Promise<void> {
	for (let step = 0; step < ms; step += 100) {
		await new Promise((resolve) => setImmediate(resolve));
		clock.advance(100);
	}
	await new Promise((resolve) => setImmediate(resolve));
}

it("polls at once, then at a steady pace", async () => {
	schedule.start();
	await pass(15_000);
	expect(polls).toEqual([0, 5000, 10_000, 15_000]);
});

it("pauses longer and longer while nobody answers, up to ten seconds, and is steady again after an answer", async () => {
	answers = () => Promise.reject(new Error("silent"));
	schedule.start();
	await pass(23_000);
	expect(polls).toEqual([0, 200, 600, 1400, 3000, 6200, 12_600, 22_600]);
	answers = async () => {};
	await pass(15_000);
	expect(polls.slice(-2)).toEqual([32_600, 37_600]);
	answers = () => Promise.reject(new Error("silent"));
	await pass(5000);
	expect(polls.slice(-2)).toEqual([42_600, 42_800]);
});

it("never has two rounds at once, and a round that outlives a stop plans nothing", async () => {
	const round = Promise.withResolvers<void>();
	answers = () => round.promise;
	schedule.start();
	await pass(60_000);
	expect(polls).toEqual([0]);
	schedule.stop();
	round.resolve();
	await pass(60_000);
	expect(polls).toEqual([0]);
});
