import type { Clock } from "../../../device/core/clock.ts";

const TICK_MS = 20;

/**
 * The clock of devices of which thousands share a process. Their waits end by the time in which the process could work: a device of its own would
 * not wait for the others' turns, and thousands that gave up because nobody came to look at their answers would be no fleet. `now` is the real time.
 */
export function deviceTime(): Clock {
	let lostMs = 0;
	let tickedAt = performance.now();
	const late = () => Math.max(0, performance.now() - tickedAt - 2 * TICK_MS);
	setInterval(() => {
		lostMs += late();
		tickedAt = performance.now();
	}, TICK_MS).unref();
	const workedMs = () => performance.now() - lostMs - late();
	return {
		now: () => Date.now(),
		after(ms, callback) {
			const due = workedMs() + ms;
			let timer: NodeJS.Timeout;
			const wait = (): void => {
				timer = setTimeout(() => (workedMs() >= due - 1 ? callback() : wait()), Math.max(1, due - workedMs()));
			};
			wait();
			return () => clearTimeout(timer);
		},
	};
}
