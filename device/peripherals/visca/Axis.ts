import type { Clock } from "../../core/clock.ts";
import { RoomError } from "../../core/RoomError.ts";

export interface AxisOptions<D> {
	clock: Clock;
	still: D;
	same(a: D, b: D): boolean;
	/**
	 * Says to the camera what `say` returns when its turn has come, and resolves when it was acknowledged. A second call overtakes a first one
	 * that still waits; the signal takes back one that waits. @throws RoomError with one of the codes that `ViscaLine.tell` has.
	 */
	tell(say: () => D, urgent: boolean, signal: AbortSignal): Promise<void>;
	/**
	 * A stop got no answer: sends those that are due once more without waiting for one. A line that is dumb in one direction must not keep a
	 * camera turning.
	 */
	shout(): void;
	/** A stop found no room in the camera: makes some. */
	makeRoom(): void;
	/** Whether a camera that refuses to stop stands still anyhow, as one in standby. */
	stands(): Promise<boolean>;
	/** The camera has acknowledged a stop. */
	onStill(): void;
	/** It was refused, or got lost; a stop is said again all the same. */
	onRefused(error: RoomError): void;
}

const RETRY_MS = 50;
const SLOWEST_RETRY_MS = 500;
/** A thumb that pushes against a refusal: no more than two refusals a second. */
const REFUSED_MS = 500;
/** So many refusals in a row of what a camera doesn't know, and it has no such axis. */
const MOST_REFUSALS = 5;
const MOST_LOST = 3;

/**
 * Something of a camera that goes on moving until it is told otherwise: pan and tilt, zoom, focus. The newest wish counts and is said as
 * fast as the camera acknowledges. A stop goes before all that waits, and is said until it is acknowledged.
 */
export class Axis<D> {
	readonly #options: AxisOptions<D>;
	/** Null: nobody wants anything; the camera may be on its way to a preset. */
	#wanted: D | null = null;
	/** What the camera acknowledged last; null: not known. */
	#known: D | null = null;
	#following = false;
	/** A motion is on its way to the camera, or waits for its turn. */
	#saying = false;
	#stopping: Promise<void> | null = null;
	/** Of the line; what began in an earlier one has no say. */
	#life = new AbortController();
	#wake = () => {};

	constructor(options: AxisOptions<D>) {
		this.#options = options;
	}

	/** False: it moves, or may move. */
	get still(): boolean {
		return this.#is(this.#known) && !this.#saying;
	}

	/** True: somebody drives it, or nobody knows that it stopped. False while it goes somewhere by itself. */
	get driven(): boolean {
		return this.#wanted !== null && !this.still;
	}

	/** A stop was said and is not acknowledged, or waits to be said. */
	get stopping(): boolean {
		return this.#stopping !== null;
	}

	want(drive: D): void {
		this.#wanted = drive;
		if (!this.#is(drive)) void this.#follow();
		else if (this.#stopping) this.#wake();
		else if (!this.still) this.#stopping = this.#stop();
	}

	/** Stops it, and resolves when the camera has acknowledged that; also when the line is lost first, or somebody wants something else. */
	async rest(): Promise<void> {
		this.want(this.#options.still);
		await this.#stopping;
	}

	/** The camera moves by itself from now on. */
	drift(): void {
		this.#wanted = null;
		this.#known = null;
	}

	/** It said that it stands, and does not: it is told again. */
	doubt(): void {
		if (!this.still) return;
		this.#known = null;
		this.want(this.#options.still);
	}

	/** The line is lost, and with it what was known and wanted: nothing starts to move by itself when it is back. */
	lose(): void {
		this.#life.abort();
		this.#life = new AbortController();
		this.#wanted = null;
		this.#known = null;
		this.#following = false;
		this.#saying = false;
		this.#stopping = null;
		this.#wake();
	}

	#is(drive: D | null): boolean {
		return drive !== null && this.#options.same(drive, this.#options.still);
	}

	/** The newest wish, if it is a motion that the camera does not know of. */
	#motion(): D | null {
		const wanted = this.#wanted;
		if (wanted === null || this.#is(wanted)) return null;
		return this.#known !== null && this.#options.same(wanted, this.#known) ? null : wanted;
	}

	async #follow(): Promise<void> {
		if (this.#following) return;
		this.#following = true;
		const life = this.#life;
		let lost = 0;
		for (let motion = this.#motion(); motion !== null && lost < MOST_LOST; motion = this.#motion()) {
			let said: D = motion;
			const say = () => {
				said = this.#is(this.#wanted) ? this.#options.still : (this.#motion() ?? said);
				return said;
			};
			this.#saying = true;
			const error = await failureOf(this.#options.tell(say, false, life.signal));
			if (life !== this.#life) return;
			this.#saying = false;
			if (!error) {
				this.#known = said;
				lost = 0;
				continue;
			}
			if (error.code === "link.lost") break;
			if (error.code === "peripheral.overtaken") continue;
			const wasRefused = refused.has(error.code);
			if (!wasRefused) this.#known = null;
			if (error.code === "peripheral.timeout") lost += 1;
			this.#options.onRefused(error);
			await new Promise((resolve) =>
				this.#options.clock.after(wasRefused ? REFUSED_MS : RETRY_MS, () => resolve(null)),
			);
			if (life !== this.#life) return;
		}
		this.#following = false;
	}

	async #stop(): Promise<void> {
		const life = this.#life;
		let refusals = 0;
		do {
			const error = await failureOf(this.#options.tell(() => this.#options.still, true, life.signal));
			if (life !== this.#life) return;
			if (error?.code === "link.lost") break;
			if (!error) this.#known = this.#options.still;
			else {
				this.#known = null;
				if (refused.has(error.code)) refusals += 1;
				await this.#afterFailure(error, refusals);
				if (life !== this.#life) return;
			}
			// A motion that waited behind this stop is overtaken by the next.
		} while (this.#is(this.#wanted) && !this.still);
		this.#stopping = null;
		if (this.#is(this.#known)) this.#options.onStill();
		// A thumb that came down meanwhile wants what the camera did before: until now that was no news.
		void this.#follow();
	}

	async #afterFailure(error: RoomError, refusals: number): Promise<void> {
		switch (error.code) {
			case "peripheral.overtaken":
				return;
			case "peripheral.timeout":
				this.#options.onRefused(error);
				// The line waits by itself before it takes the next one.
				return this.#options.shout();
			case "peripheral.busy":
				this.#options.makeRoom();
				return this.#pause(RETRY_MS);
			case "peripheral.not_supported":
				if (refusals >= MOST_REFUSALS) this.#known = this.#options.still;
				return this.#pause(RETRY_MS);
			case "peripheral.not_now":
				if (!(await this.#options.stands())) return this.#pause(Math.min(SLOWEST_RETRY_MS, RETRY_MS * 2 ** refusals));
				this.#known = this.#options.still;
				return;
			default:
				return this.#pause(RETRY_MS);
		}
	}

	/** A newer stop ends it early. */
	#pause(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const cancel = this.#options.clock.after(ms, resolve);
			this.#wake = () => {
				cancel();
				resolve();
			};
		});
	}
}

/** The camera heard it and did nothing: what it did before goes on. */
const refused: ReadonlySet<string> = new Set(["peripheral.not_supported", "peripheral.not_now", "peripheral.refused"]);

async function failureOf(telling: Promise<void>): Promise<RoomError | null> {
	try {
		await telling;
		return null;
	} catch (error) {
		return RoomError.from(error, "peripheral.fault");
	}
}
