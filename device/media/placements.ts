import type { TvScene } from "./MediaEngine.ts";

/** Where a picture lies on the TV. */
export interface Placement {
	xpos: number;
	ypos: number;
	width: number;
	height: number;
	alpha: number;
	zorder: number;
}

export interface Placements {
	far: Placement | null;
	self: Placement | null;
	/** Whether the self view is small and has an edge around it. */
	framed: boolean;
	/** Whether a picture lies under what is written. */
	scrim: boolean;
}

/** Where far end and self view lie in a scene; null where one is not shown. @param camera Whether there is a picture of ourselves. */
export function placements(
	{ layout, selfView }: TvScene,
	{ width, height }: { width: number; height: number },
	camera = true,
): Placements {
	const full = { xpos: 0, ypos: 0, width, height, alpha: 1, zorder: 1 };
	const self = camera ? full : null;
	switch (layout) {
		case "call": {
			const margin = even(width / 32);
			const small = { width: even(width / 5), height: even(height / 5) };
			const corner = { xpos: width - small.width - margin, ypos: height - small.height - margin };
			const framed = selfView && camera;
			return { far: full, self: framed ? { ...small, ...corner, alpha: 1, zorder: 2 } : null, framed, scrim: true };
		}
		// Alone there is nobody else to look at: the room's own picture; on the way in it is dimmed, not yet the point.
		case "alone":
			return { far: null, self, framed: false, scrim: camera };
		case "joining":
			return { far: null, self: self && { ...self, alpha: 0.4 }, framed: false, scrim: camera };
		case "resting":
			return { far: null, self: null, framed: false, scrim: false };
	}
}

function even(value: number): number {
	return Math.round(value / 2) * 2;
}
