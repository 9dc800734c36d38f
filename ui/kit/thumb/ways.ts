import type { Aim } from "./Thumb.ts";

/** The ways that a camera can go; a button that goes one has it in its `data-way`. */
export const ways = {
	left: { pan: -1 },
	right: { pan: 1 },
	up: { tilt: 1 },
	down: { tilt: -1 },
	in: { zoom: 1 },
	out: { zoom: -1 },
} satisfies Record<string, Partial<Aim>>;
export type Way = keyof typeof ways;

/** A key can't be pressed more or less. */
const KEY_SPEED = 0.5;

/** All of them at once, at the speed of keys: left and up together go askew. */
export function aimOf(chosen: Iterable<Way>): Aim {
	const aim: Aim = { pan: 0, tilt: 0, zoom: 0 };
	for (const way of chosen) {
		const part: Partial<Aim> = ways[way];
		for (const axis of ["pan", "tilt", "zoom"] as const) aim[axis] += (part[axis] ?? 0) * KEY_SPEED;
	}
	return aim;
}
