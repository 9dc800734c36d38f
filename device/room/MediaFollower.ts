import type { SourceWish } from "./context.ts";
import type { ForSources, MediaPort, TvScene } from "./ports.ts";

/** All that the engine is to be, derived anew from each state of the room. */
export interface MediaTarget {
	/** Grows with each start of the engine; null while it is down. */
	epoch: number | null;
	sources: ForSources<SourceWish>;
	volume: number;
	tv: TvScene;
}

/** `protects`: the step closes or mutes, so the room may not go on as if it had been done when it failed. */
interface Step {
	protects: boolean;
	run: () => Promise<void>;
}

interface Applied {
	epoch: number;
	open?: ForSources<boolean>;
	muted?: ForSources<boolean>;
	volume?: number;
	tv?: TvScene;
}

const same = (a: object | number | undefined, b: object | number) => JSON.stringify(a) === JSON.stringify(b);
const each = <T>(wish: ForSources<SourceWish>, map: (one: SourceWish) => T): ForSources<T> => ({
	microphone: map(wish.microphone),
	camera: map(wish.camera),
});

export interface FollowerOptions {
	onError: (thrown: unknown) => void;
	/** A source would not close or mute in an engine that still runs: only the end of the engine closes it for sure. */
	onStuckOpen: () => void;
}

/**
 * Brings the engine to the newest target, one step at a time, and forgets targets that were overtaken. It knows no events, so no
 * transition of the machine can forget to close a source.
 *
 * Order matters: what becomes quieter comes first, and muting comes before opening, so that a source which comes back muted
 * has at no moment been open.
 */
export class MediaFollower {
	readonly #port: MediaPort;
	readonly #options: FollowerOptions;
	#target: MediaTarget | null = null;
	#applied: Applied | null = null;
	#running: Promise<void> | null = null;

	constructor(port: MediaPort, options: FollowerOptions) {
		this.#port = port;
		this.#options = options;
	}

	follow(target: MediaTarget): void {
		this.#target = target;
		if (this.#running) return;
		const first = this.#nextStep();
		if (first) this.#running = this.#run(first);
	}

	/** Resolves once the engine is where the newest target wants it, or a step failed. */
	async settled(): Promise<void> {
		while (this.#running) await this.#running;
	}

	async #run(first: Step): Promise<void> {
		for (let step: Step | null = first; step; step = this.#nextStep()) {
			const epoch = this.#applied?.epoch;
			try {
				await step.run();
			} catch (thrown) {
				// Engine gone: its next start has a new epoch, under which everything is applied anew. A refused device is
				// reported by the engine itself. Neither may keep what comes after from being applied.
				this.#options.onError(thrown);
				if (step.protects && this.#target?.epoch === epoch) this.#options.onStuckOpen();
			}
		}
		// In the same turn as the last look for a step, so that no target can slip in between.
		this.#running = null;
	}

	/** The first thing in which the engine differs from the target; what it sets counts as applied from its start on. */
	#nextStep(): Step | null {
		const target = this.#target;
		if (!target || target.epoch === null) return null;
		if (this.#applied?.epoch !== target.epoch) this.#applied = { epoch: target.epoch };
		const applied = this.#applied;
		const open = each(target.sources, (wish) => wish !== "closed");
		const muted = each(target.sources, (wish) => wish !== "open");
		// A fresh engine is closed by contract; it is told all the same.
		const was = applied.open ?? { microphone: false, camera: false };
		const narrowed = { microphone: open.microphone && was.microphone, camera: open.camera && was.camera };
		if (!same(applied.open, narrowed)) {
			applied.open = narrowed;
			return { protects: true, run: () => this.#port.setSources(narrowed) };
		}
		if (!same(applied.muted, muted)) {
			applied.muted = muted;
			return { protects: muted.microphone || muted.camera, run: () => this.#port.setMuted(muted) };
		}
		if (!same(applied.open, open)) {
			applied.open = open;
			return { protects: false, run: () => this.#port.setSources(open) };
		}
		if (applied.volume !== target.volume) {
			applied.volume = target.volume;
			return { protects: false, run: () => this.#port.setVolume(target.volume) };
		}
		if (!same(applied.tv, target.tv)) {
			applied.tv = target.tv;
			return { protects: false, run: () => this.#port.setTv(target.tv) };
		}
		return null;
	}
}
