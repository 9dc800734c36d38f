import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { RoomError } from "../../core/RoomError.ts";
import type { stepsOf } from "../model/scenes.ts";
import { overtakes } from "./overtakes.ts";

export interface StepQueueOptions {
	kind: keyof typeof stepsOf;
	/** Does one step; rejects with what stood against it. */
	play(step: string): Promise<void>;
	clock: Clock;
	log: Log;
}

/** A projector may take so long to light up before its input can be chosen. A step that takes longer is left to itself. */
const STEP_MS = 60_000;

/**
 * One device's steps, one after the other. What a newer scene makes needless is dropped, also the one under way: a display that is to
 * go off isn't first waited for until it is on. A step that fails is logged, and the next one is done.
 */
export class StepQueue {
	readonly #options: StepQueueOptions;
	#waiting: string[] = [];
	#underWay: { readonly step: string; leave(): void } | null = null;
	#running = false;

	constructor(options: StepQueueOptions) {
		this.#options = options;
	}

	add(steps: readonly string[]): void {
		const { kind } = this.#options;
		const isNeedless = (older: string) => steps.some((newer) => overtakes(kind, newer, older));
		this.#waiting = [...this.#waiting.filter((older) => !isNeedless(older)), ...steps];
		if (this.#underWay && isNeedless(this.#underWay.step)) this.#underWay.leave();
		void this.#run();
	}

	/** Drops what waits; the device's driver ends what is under way. */
	stop(): void {
		this.#waiting = [];
		this.#underWay?.leave();
	}

	async #run(): Promise<void> {
		if (this.#running) return;
		this.#running = true;
		// in a turn of its own: whoever saw the room change does not wait for a device
		await null;
		for (let step = this.#waiting.shift(); step !== undefined; step = this.#waiting.shift()) await this.#play(step);
		this.#running = false;
	}

	/** Resolves when the step is over, needless or too slow; never rejects. */
	#play(step: string): Promise<void> {
		const { kind, play, clock, log } = this.#options;
		return new Promise((resolve) => {
			const leave = (code?: string): void => {
				if (this.#underWay !== underWay) return;
				this.#underWay = null;
				cancelLimit();
				// what is usual is asked of every device, and some have no lamp or no shutter
				const level = code === "peripheral.not_supported" ? "debug" : "warn";
				if (code && code !== "peripheral.overtaken") log.write(level, "peripheral.refused", { kind, code });
				resolve();
			};
			const underWay = { step, leave: () => leave() };
			this.#underWay = underWay;
			const cancelLimit = clock.after(STEP_MS, () => leave("peripheral.step_slow"));
			Promise.try(play, step).then(
				() => leave(),
				(thrown: unknown) => leave(RoomError.from(thrown, "peripheral.fault").code),
			);
		});
	}
}
