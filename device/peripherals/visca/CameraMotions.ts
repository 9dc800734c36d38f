import type { Clock } from "../../core/clock.ts";
import type { RoomError } from "../../core/RoomError.ts";
import type { CameraMotion } from "../model/PtzCamera.ts";
import { Axis } from "./Axis.ts";
import { thumbSpeed } from "./thumbSpeed.ts";
import type { ViscaLine } from "./ViscaLine.ts";
import { FASTEST, type PanTiltDrive, STILL, viscaCommand } from "./viscaCommand.ts";
import { viscaInquiry } from "./viscaInquiry.ts";

export interface CameraMotionsOptions {
	line: ViscaLine;
	clock: Clock;
	onRefused: (error: RoomError) => void;
}

/** Speeds 1 to 8 of `viscaCommand.zoom`. */
const ZOOM_SPEEDS = 8;
/** A camera takes a moment to come to rest. */
const LOOK_MS = 200;
const MOST_LOOKS = 10;

/** All that moves until it is stopped: pan and tilt, zoom, focus; and the look whether a camera that said it would stop did. */
export class CameraMotions {
	readonly panTilt: Axis<PanTiltDrive>;
	readonly zoom: Axis<number>;
	readonly focus: Axis<"near" | "far" | "stop">;
	/** The highest speeds, which a camera may name. */
	fastest = { pan: FASTEST, tilt: 0x14 };
	readonly #options: CameraMotionsOptions;
	#looking = false;

	constructor(options: CameraMotionsOptions) {
		this.#options = options;
		const same = (a: PanTiltDrive, b: PanTiltDrive): boolean => a.pan === b.pan && a.tilt === b.tilt;
		this.panTilt = this.#axis("pan-tilt", STILL, viscaCommand.drive, same);
		this.zoom = this.#axis("zoom", 0, viscaCommand.zoom, Object.is);
		this.focus = this.#axis("focus", "stop", viscaCommand.focus, Object.is);
	}

	/** False: something moves, or may move. */
	get still(): boolean {
		return this.panTilt.still && this.zoom.still && this.focus.still;
	}

	move({ pan, tilt, zoom }: CameraMotion): void {
		this.panTilt.want({ pan: thumbSpeed(pan, this.fastest.pan), tilt: thumbSpeed(tilt, this.fastest.tilt) });
		this.zoom.want(thumbSpeed(zoom, ZOOM_SPEEDS));
	}

	/** Resolves when the camera has acknowledged that it stops. */
	async rest(): Promise<void> {
		await Promise.all([this.panTilt.rest(), this.zoom.rest(), this.focus.rest()]);
	}

	/** The camera turns by itself now, such as to a preset. */
	drift(): void {
		this.panTilt.drift();
		this.zoom.drift();
	}

	/** The line is lost. */
	lose(): void {
		for (const axis of [this.panTilt, this.zoom, this.focus]) axis.lose();
	}

	#axis<D>(key: string, still: D, body: (drive: D) => Uint8Array, same: (a: D, b: D) => boolean): Axis<D> {
		const { line, clock, onRefused } = this.#options;
		return new Axis({
			clock,
			still,
			same,
			tell: (say, urgent, signal) => line.tell(() => body(say()), { key, urgent, signal }),
			shout: () => this.#shoutStops(),
			makeRoom: () => line.cancelAll(),
			// A lens in automatic focus refuses, and drives nowhere by itself.
			stands: async () => key === "focus" || (await this.#stands().catch(() => false)),
			onStill: () => void this.#look(),
			onRefused,
		});
	}

	/** All of them: while one waits for its answer the others wait for their turn. */
	#shoutStops(): void {
		const { line } = this.#options;
		if (this.panTilt.stopping) line.shout(viscaCommand.drive(STILL));
		if (this.zoom.stopping) line.shout(viscaCommand.zoom(0));
		if (this.focus.stopping) line.shout(viscaCommand.focus("stop"));
	}

	async #stands(): Promise<boolean> {
		const { line } = this.#options;
		if ((await line.inquire(viscaInquiry.power, true)) === "standby") return true;
		const before = await this.#place();
		await this.#moment();
		return samePlace(before, await this.#place());
	}

	/**
	 * Answers of a camera don't name their question, and lines lose and double them: after a stop its place is what counts. If it goes on changing,
	 * the stop is said again.
	 */
	async #look(): Promise<void> {
		if (this.#looking) return;
		this.#looking = true;
		try {
			let before = await this.#place();
			for (let looks = 0; looks < MOST_LOOKS; looks++) {
				await this.#moment();
				if (!this.panTilt.still || !this.zoom.still) return;
				const now = await this.#place();
				if (samePlace(now, before)) return;
				this.panTilt.doubt();
				this.zoom.doubt();
				before = now;
			}
		} catch {
			// It doesn't tell where it is, or is gone: then its word is all there is.
		} finally {
			this.#looking = false;
		}
	}

	#moment(): Promise<void> {
		return new Promise((resolve) => void this.#options.clock.after(LOOK_MS, resolve));
	}

	async #place(): Promise<Place> {
		const { line } = this.#options;
		const { pan, tilt } = await line.inquire(viscaInquiry.panTilt, true);
		return { pan, tilt, zoom: await line.inquire(viscaInquiry.zoom, true) };
	}
}

/** In the camera's own steps. */
interface Place {
	readonly pan: number;
	readonly tilt: number;
	readonly zoom: number;
}

function samePlace(a: Place, b: Place): boolean {
	return a.pan === b.pan && a.tilt === b.tilt && a.zoom === b.zoom;
}
