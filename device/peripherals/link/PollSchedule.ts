import { Backoff } from "../../core/backoff.ts";
import type { Clock } from "../../core/clock.ts";

export interface PollScheduleOptions {
	clock: Clock;
	/** Milliseconds from one poll's end to the next while the device answers. */
	everyMs: number;
	/** One round of questions; it rejects when the device did not answer, and what it rejects with is not looked at. */
	poll: () => Promise<unknown>;
	random?: () => number;
}

/** A device that is switched on is found soon, one that stays away costs nearly nothing. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/** Asks a device again and again, one round at a time: at a steady pace while it answers, with growing pauses while it does not. */
export class PollSchedule {
	readonly #options: PollScheduleOptions;
	readonly #backoff: Backoff;
	/** Of the present run; a round that outlives its run plans nothing. */
	#run: object | null = null;
	#cancel: () => void = () => {};

	constructor(options: PollScheduleOptions) {
		this.#options = options;
		const random = options.random ?? Math.random;
		// Half of it jitter, so that the devices of a room don't all ask at once; never less than half, or a dead one is asked all the time.
		this.#backoff = new Backoff({
			baseMs: FIRST_PAUSE_MS,
			capMs: LONGEST_PAUSE_MS,
			random: () => 0.5 + random() / 2,
		});
	}

	/** Polls at once, and on from there; when it polls already, the next round comes at once. */
	start(): void {
		this.stop();
		this.#backoff.reset();
		this.#run = {};
		this.#round(this.#run);
	}

	stop(): void {
		this.#cancel();
		this.#run = null;
	}

	#round(run: object): void {
		const pollAgain = (pauseMs: () => number) => {
			if (this.#run !== run) return;
			this.#cancel = this.#options.clock.after(pauseMs(), () => this.#round(run));
		};
		this.#options.poll().then(
			() => {
				this.#backoff.reset();
				pollAgain(() => this.#options.everyMs);
			},
			() => pollAgain(() => this.#backoff.nextMs()),
		);
	}
}
