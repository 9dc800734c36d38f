/** Where a camera that can be turned looks: pan to the right and tilt upwards, each -1 to 1; zoom from 0, wide, to 1. */
export interface Gaze {
	readonly pan: number;
	readonly tilt: number;
	readonly zoom: number;
}

/** Pixels to leave out on each side. */
export interface Crop {
	readonly left: number;
	readonly right: number;
	readonly top: number;
	readonly bottom: number;
}

export const straightAhead: Gaze = { pan: 0, tilt: 0, zoom: 0 };

/** So many times is the whole picture wider than what the camera sees of it, wide and close. */
export const wide = 2;
const close = 5;

/** The part of a picture of this size that the camera sees. Whole pixels; never outside the picture, wherever it looks. */
export function gazeCrop({ pan, tilt, zoom }: Gaze, { width, height }: { width: number; height: number }): Crop {
	// equal steps of zoom make equal steps in size to the eye
	const times = wide * (close / wide) ** within(zoom, 0, 1);
	const [across, left] = along(width, times, within(pan, -1, 1));
	const [down, top] = along(height, times, -within(tilt, -1, 1));
	return { left, right: width - across - left, top, bottom: height - down - top };
}

/** Length of the visible part of a side, and where it begins. The middle moves as far as it can go at the widest. */
function along(side: number, times: number, where: number): [length: number, start: number] {
	const length = Math.round(side / times);
	const middle = (side / 2) * (1 + where * (1 - 1 / wide));
	return [length, Math.min(side - length, Math.max(0, Math.round(middle - length / 2)))];
}

/** What a simulator says; null where that is no gaze. */
export function readGaze(value: unknown): Gaze | null {
	if (typeof value !== "object" || value === null) return null;
	const { pan, tilt, zoom } = value as Record<string, unknown>;
	return isNumber(pan) && isNumber(tilt) && isNumber(zoom) ? { pan, tilt, zoom } : null;
}

function isNumber(value: unknown): value is number {
	return typeof value === "number" && Number.isFinite(value);
}

function within(value: number, least: number, most: number): number {
	return Math.min(most, Math.max(least, value));
}
