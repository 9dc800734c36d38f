import type { RoomContext, SourceWish } from "./context.ts";
import type { ForSources } from "./ports.ts";

/**
 * What the mute key does to the microphone, or the shutter to the camera. `held`: the hardware says so now. `lost`: it was held when
 * its device fell silent, and since then nobody has said otherwise.
 */
export type Hold = "free" | "held" | "lost";

/**
 * The hold after a word of the hardware (true: pressed, or closed; null: there is no such part, or it fell silent). Only a release
 * that was seen frees: a device that comes back released may have lost its memory, or be another one.
 */
export function nextHold(hold: Hold, closed: boolean | null): Hold {
	if (closed === true) return "held";
	if (hold === "held") return closed === false ? "free" : "lost";
	return hold;
}

/** The hold after a touch on the panel that wants the source open: it takes the place of a key that is gone, never of one that is there. */
export function touched(hold: Hold): Hold {
	return hold === "held" ? "held" : "free";
}

/** What the hardware leaves of the wish: all that is opened, and all that anybody is told. */
export function effective({ wish, holds }: Pick<RoomContext, "wish" | "holds">): ForSources<SourceWish> {
	const one = (kind: keyof ForSources<unknown>) =>
		holds[kind] !== "free" && wish[kind] === "open" ? "muted" : wish[kind];
	return { microphone: one("microphone"), camera: one("camera") };
}

/** The same, as the far end is told. */
export function flowing(context: Pick<RoomContext, "wish" | "holds">): ForSources<boolean> {
	const { microphone, camera } = effective(context);
	return { microphone: microphone === "open", camera: camera === "open" };
}
