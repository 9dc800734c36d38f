import type { Clock } from "../../device/core/clock.ts";

const SLICE_MS = 10;

/**
 * The machine's time, but what is waited for counts in slices between which sockets get their turn: a machine that leaves this
 * process out for a second has taken one slice from it. For peers of the same process that have to answer within a time.
 */
export const patientClock: Clock = {
	now: () => Date.now(),
	after(ms, callback) {
		let timer: NodeJS.Timeout;
		const wait = (left: number): void => {
			const slice = Math.min(SLICE_MS, left);
			timer = setTimeout(() => (left > slice ? wait(left - slice) : callback()), slice);
		};
		wait(ms);
		return () => clearTimeout(timer);
	},
};
