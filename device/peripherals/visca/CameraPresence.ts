import type { Clock } from "../../core/clock.ts";
import { Emitter } from "../../core/Emitter.ts";
import type { FrameLink, LinkState } from "../link/FrameLink.ts";
import { PollSchedule } from "../link/PollSchedule.ts";
import type { PeripheralFailure, PeripheralHealth } from "../model/Peripheral.ts";

export interface CameraPresenceOptions {
	link: FrameLink;
	clock: Clock;
	/** Begins the conversation, and resolves with what the camera says it is. Rejects when it does not answer. */
	introduce(): Promise<string>;
	/** A harmless question; rejects when it is not answered. */
	ask(): Promise<unknown>;
	/** Whatever was known of the camera no longer is. */
	forget(): void;
}

const POLL_MS = 5000;
/** So many questions in a row without an answer, and it is lost. */
const MOST_MISSED = 3;

/** Whether the camera is there: follows the line, begins the conversation whenever it comes up, and asks now and then. */
export class CameraPresence {
	readonly #options: CameraPresenceOptions;
	readonly #poll: PollSchedule;
	readonly #events = new Emitter<{ health: PeripheralHealth }>();
	#health: PeripheralHealth;
	#unlisten = () => {};
	/** Of the present conversation; what comes of an earlier one is dropped. */
	#conversation = {};
	#introduced = false;
	#missed = 0;

	constructor(options: CameraPresenceOptions) {
		this.#options = options;
		this.#health = { state: "starting", since: options.clock.now(), failure: null, model: null };
		this.#poll = new PollSchedule({ clock: options.clock, everyMs: POLL_MS, poll: () => this.#round() });
	}

	get health(): PeripheralHealth {
		return this.#health;
	}

	onHealth(callback: (health: PeripheralHealth) => void): () => void {
		return this.#events.on("health", callback);
	}

	start(): void {
		this.#unlisten();
		this.#unlisten = this.#options.link.onState((state) => this.#follow(state));
		this.#follow(this.#options.link.state);
	}

	end(): void {
		this.#unlisten();
		this.#leave();
	}

	/** Begins the conversation anew on the line that is there. */
	again(failure: PeripheralFailure | null): void {
		this.#leave();
		this.#enter(failure ? "lost" : "starting", failure);
		this.#poll.start();
	}

	/** Something was not answered: asks at once whether it is still there. */
	doubt(): void {
		if (this.#introduced && this.#missed === 0) this.#poll.start();
	}

	#follow(state: LinkState): void {
		// A line that was opened anew because nobody answered: the camera is lost until it does.
		if (state.name === "up") this.again(this.#health.failure === "link.silent" ? "link.silent" : null);
		else {
			this.#leave();
			this.#enter(state.failure ? "lost" : "starting", state.failure);
		}
	}

	#leave(): void {
		this.#poll.stop();
		this.#conversation = {};
		this.#introduced = false;
		this.#missed = 0;
		this.#options.forget();
	}

	async #round(): Promise<void> {
		const conversation = this.#conversation;
		try {
			if (this.#introduced) await this.#options.ask();
			else {
				const model = await this.#options.introduce();
				if (conversation !== this.#conversation) return;
				this.#introduced = true;
				this.#enter("ok", null, model);
			}
			if (conversation === this.#conversation) this.#missed = 0;
		} catch (error) {
			if (conversation === this.#conversation) this.#notAnswered();
			throw error;
		}
	}

	#notAnswered(): void {
		this.#missed += 1;
		if (!this.#introduced) this.#enter("lost", "link.silent");
		else if (this.#missed >= MOST_MISSED) this.again("link.silent");
	}

	#enter(state: PeripheralHealth["state"], failure: PeripheralFailure | null, model = this.#health.model): void {
		const { state: before, failure: because } = this.#health;
		if (state === before && failure === because && model === this.#health.model) return;
		this.#health = { state, failure, since: this.#options.clock.now(), model };
		this.#events.emit("health", this.#health);
	}
}
