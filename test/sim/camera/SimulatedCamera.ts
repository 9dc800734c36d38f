import type { Clock } from "../../../device/core/clock.ts";
import type { CameraPosition } from "../../../device/peripherals/model/PtzCamera.ts";
import { placeOf, usualRange, type ViscaRange } from "../../../device/peripherals/visca/viscaModels.ts";
import { Joint } from "./Joint.ts";

export interface SimulatedCameraOptions {
	clock: Clock;
	range?: ViscaRange;
	/** How much faster than a real one it turns: for tests that wait for it. Default 1. */
	haste?: number;
	/** Milliseconds from standby to a picture. Default 3000. */
	warmUpMs?: number;
	presets?: number;
}

interface Place {
	pan: number;
	tilt: number;
	zoom: number;
}

/** Degrees a second of the speeds 1 to 24: EVI-D100 Technical Manual p. 44. */
const degrees = [
	2.0, 2.4, 3.0, 3.7, 4.7, 6.1, 7.4, 9.1, 11, 14, 18, 22, 27, 34, 42, 52, 65, 81, 100, 125, 155, 190, 240, 300,
];
/** EVI-D70 Technical Manual p. 51: 0.075° a step. */
const STEPS_A_DEGREE = 1 / 0.075;
/** A lens needs so long from end to end at its slowest. */
const ZOOM_SECONDS = 12;
const PICTURE_MS = 33;

/**
 * A camera's body: what it does, whatever it is told by. It turns, zooms and focuses in the time of its clock, has ends, presets and a standby
 * that it takes a while to come out of. `CameraFirmware` lets it speak VISCA.
 */
export class SimulatedCamera {
	readonly range: ViscaRange;
	readonly fastest = { pan: 24, tilt: 20 };
	focus: "auto" | "manual" = "auto";
	/** What the lens does in manual focus. */
	focusing: "near" | "far" | "stop" = "stop";
	tracking = false;
	readonly presets = new Map<number, Place>();
	readonly mostPresets: number;
	readonly #clock: Clock;
	readonly #haste: number;
	readonly #warmUpMs: number;
	readonly #pan: Joint;
	readonly #tilt: Joint;
	readonly #zoom: Joint;
	readonly #watchers = new Set<(position: CameraPosition) => void>();
	#power: "on" | "standby" | "warming" = "on";
	#watching = false;

	constructor(options: SimulatedCameraOptions) {
		const range = options.range ?? usualRange;
		this.range = range;
		this.mostPresets = options.presets ?? 16;
		this.#clock = options.clock;
		this.#haste = options.haste ?? 1;
		this.#warmUpMs = options.warmUpMs ?? 3000;
		this.#pan = new Joint(options.clock, range.left, range.right, 0);
		this.#tilt = new Joint(options.clock, range.down, range.up, 0);
		this.#zoom = new Joint(options.clock, range.wide, range.tele, range.wide);
	}

	/** In its own steps. */
	get place(): Place {
		return { pan: this.#pan.at, tilt: this.#tilt.at, zoom: this.#zoom.at };
	}

	/** Where it looks, each -1 to 1, zoom 0 to 1, of what it can do: what a picture is cut out by. */
	get position(): CameraPosition {
		return placeOf(this.place, this.range);
	}

	get power(): "on" | "standby" | "warming" {
		return this.#power;
	}

	/** Whether anything turns or zooms. */
	get moving(): boolean {
		return this.#pan.moving || this.#tilt.moving || this.#zoom.moving;
	}

	/** Calls back for each picture while it moves, and once more when it stands. */
	onMoved(callback: (position: CameraPosition) => void): () => void {
		this.#watchers.add(callback);
		return () => this.#watchers.delete(callback);
	}

	/** Speeds -24 to 24. */
	drive(pan: number, tilt: number): void {
		this.#pan.drive(Math.sign(this.range.right) * this.#stepsOf(pan));
		this.#tilt.drive(this.#stepsOf(tilt));
		this.#watch();
	}

	/** Speeds -8 to 8. */
	driveZoom(speed: number): void {
		this.#zoom.drive(this.#zoomSteps(speed));
		this.#watch();
	}

	goTo(pan: number, tilt: number, speed: number, arrived: () => void): void {
		const both = afterBoth(arrived);
		this.#pan.goTo(pan, this.#stepsOf(speed), both);
		this.#tilt.goTo(tilt, this.#stepsOf(Math.min(speed, this.fastest.tilt)), both);
		this.#watch();
	}

	zoomTo(zoom: number, arrived: () => void): void {
		this.#zoom.goTo(zoom, this.#zoomSteps(8), arrived);
		this.#watch();
	}

	recall(place: Place, arrived: () => void): void {
		const both = afterBoth(arrived);
		this.goTo(place.pan, place.tilt, this.fastest.pan, both);
		this.zoomTo(place.zoom, both);
	}

	/** Whatever moves stands. */
	halt(): void {
		this.drive(0, 0);
		this.driveZoom(0);
		this.focusing = "stop";
	}

	switchOn(ready: () => void): void {
		const wait = this.#power === "on" ? 0 : this.#warmUpMs / this.#haste;
		if (wait > 0) this.#power = "warming";
		this.#clock.after(wait, () => {
			if (this.#power === "warming") this.#power = "on";
			ready();
		});
	}

	switchOff(): void {
		this.halt();
		this.#power = "standby";
	}

	#stepsOf(speed: number): number {
		const size = Math.min(Math.abs(speed), degrees.length);
		return Math.sign(speed) * ((degrees[size - 1] ?? 0) * STEPS_A_DEGREE * this.#haste);
	}

	#zoomSteps(speed: number): number {
		return (Math.sign(speed) * (this.range.tele - this.range.wide) * Math.abs(speed) * this.#haste) / ZOOM_SECONDS;
	}

	#watch(): void {
		if (this.#watching || this.#watchers.size === 0) return;
		this.#watching = true;
		this.#clock.after(PICTURE_MS, () => {
			this.#watching = false;
			for (const watcher of this.#watchers) watcher(this.position);
			if (this.moving) this.#watch();
		});
	}
}

function afterBoth(arrived: () => void): () => void {
	let left = 2;
	return () => {
		left -= 1;
		if (left === 0) arrived();
	};
}
