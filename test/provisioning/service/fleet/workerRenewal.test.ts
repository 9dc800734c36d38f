import { expect, onTestFinished, test } from "vitest";
import { type Clock, ManualClock, systemClock } from "../../../../device/core/clock.ts";
import type { FleetCa } from "../../../../provisioning/service/ca/FleetCa.ts";
import { TestFleet } from "./TestFleet.ts";

const HOUR_MS = 3_600_000;

test("a worker whose certificate can't be renewed works on, says so, and tries again within the hour", async () => {
	const fleet = await TestFleet.start({ workers: 0 });
	onTestFinished(() => fleet.close());
	const hours = new ManualClock();
	// what takes hours is ours to let pass
	const clock: Clock = {
		now: () => systemClock.now(),
		after: (ms, callback) => (ms >= HOUR_MS ? hours : systemClock).after(ms, callback),
	};
	const issued: boolean[] = [];
	let works = true;
	const ca = new Proxy(fleet.ca, {
		get(of, name: keyof FleetCa) {
			if (name === "issueWorker") {
				return async (number: number) => {
					issued.push(works);
					if (!works) throw new Error("the disk is full");
					return of.issueWorker(number);
				};
			}
			const value = Reflect.get(of, name) as unknown;
			return typeof value === "function" ? value.bind(of) : value;
		},
	});
	const worker = await fleet.work(1, { ca, clock });
	const failures = () => fleet.log.filter((line) => line.includes("ca.unusable")).length;
	works = false;
	hours.advance(20 * 24 * HOUR_MS);
	await expect.poll(failures).toBe(1);
	hours.advance(HOUR_MS);
	await expect.poll(failures).toBe(2);
	works = true;
	hours.advance(HOUR_MS);
	await expect.poll(() => issued).toEqual([true, false, false, true]);
	expect(await worker.health()).toMatchObject({ broker: true, database: true });
	// and then again in twenty days, not in an hour
	hours.advance(HOUR_MS);
	expect(issued).toHaveLength(4);
});
