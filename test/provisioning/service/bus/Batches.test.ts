import { expect, test } from "vitest";
import { ManualClock, systemClock } from "../../../../device/core/clock.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { Batches } from "../../../../provisioning/service/bus/Batches.ts";

const away = () => new RoomError("database.unavailable", "away");

function collect(work: (batch: readonly number[]) => Promise<void> | void, clock = systemClock as ManualClock) {
	const [done, failed]: [number[], number[]] = [[], []];
	const batches = new Batches<number>({
		most: 10,
		work: async (batch) => work(batch),
		failed: (item) => failed.push(item),
		clock,
	});
	const add = (...items: number[]) => {
		for (const item of items) batches.add(item, () => done.push(item));
	};
	return { batches, add, done, failed };
}
const range = (length: number, from = 0) => Array.from({ length }, (_, index) => from + index);

test("what comes in one moment is one batch, what comes meanwhile the next, in order, no larger than allowed", async () => {
	const seen: number[][] = [];
	let release = () => {};
	const { add, done } = collect(async (batch) => {
		seen.push([...batch]);
		if (seen.length === 1) await new Promise<void>((resolve) => (release = resolve));
	});
	add(...range(3));
	await expect.poll(() => seen).toEqual([range(3)]);
	add(...range(15, 3));
	expect(done).toEqual([]);
	release();
	await expect.poll(() => done).toEqual(range(18));
	expect(seen).toEqual([range(3), range(10, 3), range(5, 13)]);
});

test("one that can't be worked on takes none with it", async () => {
	const { add, done, failed } = collect((batch) => {
		if (batch.includes(3)) throw new Error("bad");
	});
	add(...range(6));
	await expect.poll(() => done).toEqual(range(6));
	expect(failed).toEqual([3]);
});

test.each(["database.unavailable", "database.refused"])(
	"while the database is away (%s) the same batch is tried again, and nothing is done before it is back",
	async (code) => {
		const clock = new ManualClock();
		let tries = 0;
		const { add, done, failed } = collect(() => {
			if (++tries < 4) throw new RoomError(code, "away");
		}, clock);
		add(1, 2);
		for (let round = 1; round < 4; round++) {
			await expect.poll(() => tries).toBe(round);
			expect(done).toEqual([]);
			// The wait is set up after the failure.
			await new Promise((resolve) => setImmediate(resolve));
			clock.advance(2000);
		}
		await expect.poll(() => done).toEqual([1, 2]);
		expect(failed).toEqual([]);
	},
);

test("closing works off what has come and what comes meanwhile, and takes no more then", async () => {
	let release = () => {};
	const { batches, add, done } = collect(() => new Promise<void>((resolve) => (release = resolve)));
	add(...range(15));
	await new Promise((resolve) => setImmediate(resolve));
	const closing = batches.close();
	add(15);
	await expect
		.poll(() => {
			release();
			return done;
		})
		.toEqual(range(16));
	await closing;
	add(16);
	await new Promise((resolve) => setImmediate(resolve));
	expect(done).toEqual(range(16));
});

test("closing drops what waits for a database that is away, and does not wait for it", async () => {
	const { batches, add, done } = collect(() => {
		throw away();
	}, new ManualClock());
	add(1, 2);
	await new Promise((resolve) => setImmediate(resolve));
	await batches.close();
	add(3);
	expect(done).toEqual([]);
});
