import type { Clock } from "../../../device/core/clock.ts";

/** One thing of a camera that turns: it is somewhere between two ends, moves at a steady speed, and stops at its goal or at the end. */
export class Joint {
	readonly #clock: Clock;
	readonly #from: number;
	readonly #to: number;
	#at: number;
	#since: number;
	/** Steps a second. */
	#speed = 0;
	#goal: number | null = null;
	#cancel = () => {};
	#arrived = () => {};

	constructor(clock: Clock, from: number, to: number, at: number) {
		this.#clock = clock;
		this.#from = Math.min(from, to);
		this.#to = Math.max(from, to);
		this.#at = at;
		this.#since = clock.now();
	}

	get at(): number {
		return Math.round(this.#now());
	}

	get moving(): boolean {
		return this.#speed !== 0;
	}

	/** Moves on until it is told otherwise or stands at its end. */
	drive(speed: number): void {
		this.#leave();
		if (speed !== 0) this.#head(speed > 0 ? this.#to : this.#from, Math.abs(speed));
	}

	/** Moves to a place and calls back when it is there, or when it is told something else on the way. */
	goTo(goal: number, speed: number, arrived: () => void): void {
		this.#leave();
		this.#arrived = arrived;
		this.#head(Math.min(this.#to, Math.max(this.#from, goal)), speed);
	}

	#head(goal: number, speed: number): void {
		const distance = goal - this.#at;
		this.#goal = goal;
		this.#speed = Math.sign(distance) * speed;
		this.#cancel = this.#clock.after((Math.abs(distance) / speed) * 1000, () => {
			this.#at = goal;
			this.#stand();
		});
	}

	#leave(): void {
		this.#at = this.#now();
		this.#cancel();
		this.#stand();
	}

	#stand(): void {
		this.#since = this.#clock.now();
		this.#speed = 0;
		this.#goal = null;
		const arrived = this.#arrived;
		this.#arrived = () => {};
		arrived();
	}

	#now(): number {
		if (this.#goal === null) return this.#at;
		const moved = this.#at + (this.#speed * (this.#clock.now() - this.#since)) / 1000;
		return this.#speed > 0 ? Math.min(moved, this.#goal) : Math.max(moved, this.#goal);
	}
}
