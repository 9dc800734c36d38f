import fc from "fast-check";
import { expect, test } from "vitest";
import type { HardwareState } from "../../../../device/peripherals/panel-bus/messages.ts";
import { type Counted, ReportOrder } from "../../../../device/peripherals/panel-bus/ReportOrder.ts";

/** The state of a counter, so that each can be told from its neighbours. */
const stateOf = (counter: number): HardwareState => ({
	muteKey: (counter & 1) !== 0,
	shutterClosed: (counter & 2) !== 0,
	shutterByHand: (counter & 4) !== 0,
	occupied: (counter & 8) !== 0,
});
const counted = (counter: number): Counted => ({ counter: counter >>> 0, state: stateOf(counter) });
const counters = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** What a device with a memory of so many states answers to a recall. */
function recall(order: ReportOrder, now: number, memory: number): HardwareState[] {
	const missing = order.missing;
	if (missing === null) return [];
	const first = Math.max(now - ((now - missing) >>> 0), now - memory + 1);
	return order.history(first >>> 0, counters(first, now).map(stateOf));
}

const starts = fc.constantFrom(0, 1, 1000, 2 ** 31 - 3, 2 ** 32 - 5, 2 ** 32 - 1);

test("hands on each state once and in order, whatever is lost, doubled or late, and wherever the counter begins", () => {
	const arrivals = fc.array(fc.tuple(fc.integer({ min: -3, max: 6 }), fc.boolean()), { maxLength: 80 });
	fc.assert(
		fc.property(starts, arrivals, (start, steps) => {
			const order = new ReportOrder();
			const heard = order.report(counted(start));
			let now = start;
			for (const [step, recalled] of steps) {
				// a negative step is an old report that comes late; else the device went on by so many changes, of which the last came through
				heard.push(...order.report(counted(now + step)));
				now += Math.max(0, step);
				if (recalled) heard.push(...recall(order, now, 32));
			}
			heard.push(...recall(order, now, 32));
			const missed = order.skipped;
			expect(order.missing).toBeNull();
			if (missed === 0) expect(heard).toEqual(counters(start, now).map(stateOf));
			expect(heard.length + missed).toBe(now - start + 1);
			expect(heard.at(-1)).toEqual(stateOf(now));
		}),
	);
});

test("goes on with the newest where nobody remembers, and counts what is lost", () => {
	const order = new ReportOrder();
	order.report(counted(5));
	expect(order.report(counted(50))).toEqual([]);
	expect(order.missing).toBe(6);
	expect(recall(order, 50, 32)).toEqual(counters(19, 50).map(stateOf));
	expect(order.skipped).toBe(13);
	expect(order.report(counted(60))).toEqual([]);
	expect(order.giveUp()).toEqual([stateOf(60)]);
	expect(order.skipped).toBe(22);
	expect(order.giveUp()).toEqual([]);
});

test("takes no history that it did not ask for, nor one from before what is missing", () => {
	const order = new ReportOrder();
	expect(order.history(0, [stateOf(0)])).toEqual([]);
	order.report(counted(5));
	expect(order.history(6, [stateOf(6)])).toEqual([]);
	order.report(counted(8));
	expect(order.history(2, [stateOf(2), stateOf(3)])).toEqual([]);
	expect(order.history(6, [])).toEqual([]);
	expect(order.missing).toBe(6);
});
