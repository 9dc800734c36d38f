import { RoomError } from "../../core/RoomError.ts";

/** The display has no such part or input, or the protocol no word for it: nothing is gained by asking again. */
export const notSupported = (what: string): RoomError =>
	new RoomError("peripheral.not_supported", `this display can't do that: ${what}`, { context: { what } });

/** The display is off, warms up or cools down, or is busy: it may do so later. */
export const notNow = (why: string): RoomError =>
	new RoomError("peripheral.not_now", `the display can't do that now: ${why}`, { context: { why } });

/** The display understood and said no, and not why. */
export const refused = (what: string): RoomError =>
	new RoomError("peripheral.refused", `the display refused: ${what}`, { context: { what } });

/** The display's own fault, or an answer that makes no sense. */
export const fault = (what: string): RoomError =>
	new RoomError("peripheral.fault", `the display is at fault: ${what}`, { context: { what } });
