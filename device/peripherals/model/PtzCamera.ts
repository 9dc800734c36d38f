import type { Peripheral } from "./Peripheral.ts";

/** Speeds of a thumb, each -1 to 1: pan to the right, tilt upwards, zoom in. All 0 is a stop. */
export interface CameraMotion {
	readonly pan: number;
	readonly tilt: number;
	readonly zoom: number;
}

/** Where the camera looks, each -1 to 1 (zoom 0 to 1) of what this camera can do. */
export interface CameraPosition {
	readonly pan: number;
	readonly tilt: number;
	readonly zoom: number;
}

/**
 * How a camera is told to follow people, which makers do differently. `extended`: by a command of its own, as PTZOptics and others of that
 * platform; `presets`: recalling preset 80 begins and 81 ends it (Crestron 1 Beyond AutoTracker 3, Doc. 9323C p. 59); `none`: it can't.
 */
export const trackingWays = ["none", "extended", "presets"] as const;
export type TrackingWay = (typeof trackingWays)[number];

/** A camera that can be turned. Numbers of presets: 0 to `presets` - 1. */
export interface PtzCamera extends Peripheral {
	readonly kind: "camera";
	readonly presets: number;
	/**
	 * Moves by thumb: never waits, the newest motion is the one that counts, and a stop goes before anything else and is sent until the
	 * camera has acknowledged it.
	 */
	move(motion: CameraMotion): void;
	goTo(position: CameraPosition): Promise<void>;
	position(): Promise<CameraPosition>;
	recall(preset: number): Promise<void>;
	store(preset: number): Promise<void>;
	home(): Promise<void>;
	power(on: boolean): Promise<void>;
	focus(how: "auto" | "manual" | "near" | "far" | "stop"): Promise<void>;
	/** @throws RoomError `peripheral.not_supported` where the camera has none. */
	tracking(on: boolean): Promise<void>;
}
