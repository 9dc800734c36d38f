import type { Clock } from "../../device/core/clock.ts";

const SLICES = 20;

/**
 * The machine's time, but what is waited for is waited for in slices, between which sockets get their turn: a busy machine that leaves this
 * process out for a second has taken one slice from it and not the whole. For peers that have to answer within a time.
 */
export const patientClock: Clock = {
	now: () => Date.now(),
	after(ms, callback) {
		let timer: NodeJS.Timeout;
		const wait = (left: number): void => {
			timer = setTimeout(() => (left > 1 ? wait(left - 1) : callback()), ms / SLICES);
		};
		wait(SLICES);
		return () => clearTimeout(timer);
	},
};
