import type { Aim } from "./Thumb.ts";

/** The middle of the pad, where a thumb rests without moving anything; of the radius. */
const REST = 0.14;
/** A way that is so nearly straight is meant straight. */
const STRAIGHT = 0.2;

/** Where the thumb is on the pad, from its centre: to the right and upwards, of the radius. */
export interface OnPad {
	x: number;
	y: number;
}

/** The same place, drawn back to the pad's rim if it is beyond. */
export function onRim({ x, y }: OnPad): OnPad {
	const far = Math.max(1, Math.hypot(x, y));
	return { x: x / far, y: y / far };
}

/** How fast the camera turns: by the square of the distance, so that the first half of the way is for fine work. */
export function padAim(at: OnPad): Aim {
	const { x, y } = onRim(at);
	const distance = Math.hypot(x, y);
	if (distance <= REST) return { pan: 0, tilt: 0, zoom: 0 };
	const speed = ((distance - REST) / (1 - REST)) ** 2;
	const pan = Math.abs(x) < STRAIGHT * Math.abs(y) ? 0 : x / distance;
	const tilt = Math.abs(y) < STRAIGHT * Math.abs(x) ? 0 : y / distance;
	return { pan: round(pan * speed), tilt: round(tilt * speed), zoom: 0 };
}

const round = (value: number) => Math.round(value * 100) / 100;
