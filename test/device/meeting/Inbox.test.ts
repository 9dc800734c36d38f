import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { Inbox } from "../../../device/meeting/Inbox.ts";

it("handles one after the other, in order, and drops what doesn't fit", async () => {
	const order: string[] = [];
	const inbox = new Inbox<number>({
		most: 3,
		async handle(item) {
			order.push(`begin ${item}`);
			await setImmediate();
			order.push(`end ${item}`);
		},
	});
	const taken = [1, 2, 3, 4, 5, 6].map((item) => inbox.push(item));
	expect(taken).toEqual([true, true, true, true, false, false]);
	expect(inbox.dropped).toBe(2);
	while (order.length < 8) await setImmediate();
	expect(order).toEqual(["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3", "begin 4", "end 4"]);
	expect(inbox.push(7)).toBe(true);
	while (order.length < 10) await setImmediate();
});

it("forgets what waits when it is stopped", async () => {
	const handled: number[] = [];
	const inbox = new Inbox<number>({
		most: 9,
		async handle(item) {
			handled.push(item);
			await setImmediate();
		},
	});
	for (const item of [1, 2, 3]) inbox.push(item);
	inbox.stop();
	expect(inbox.push(4)).toBe(false);
	await setImmediate();
	await setImmediate();
	expect(handled).toEqual([1]);
});
