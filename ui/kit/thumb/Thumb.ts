import type { ReadonlySignal } from "@preact/signals";

/** Where a thumb wants the camera to go: to the right, upwards, in; each -1 to 1. */
export interface Aim {
	pan: number;
	tilt: number;
	zoom: number;
}

/** A thumb on a camera, which moves for as long as it holds. One hold at a time: who touches first owns it, whatever else is touched. */
export interface Thumb {
	/** The hold that the camera follows now. */
	readonly hold: ReadonlySignal<string | null>;
	/** A thumb comes down. Null while another holds, and while there is nobody to say it to. */
	begin(aim: Aim): string | null;
	aim(hold: string, aim: Aim): void;
	/** The thumb let go, or, without a hold, whoever holds is made to. */
	end(hold?: string): void;
}

export const still: Aim = { pan: 0, tilt: 0, zoom: 0 };

export function isSameAim(a: Aim, b: Aim): boolean {
	return a.pan === b.pan && a.tilt === b.tilt && a.zoom === b.zoom;
}

/** The page's own mark for its holds, which no other page has. */
export const thumbMark = (): string => crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? "";
