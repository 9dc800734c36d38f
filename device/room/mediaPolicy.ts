import type { SnapshotFrom } from "xstate";
import type { RoomContext, SourceWish } from "./context.ts";
import type { ForSources } from "./ports.ts";
import type { roomMachine } from "./roomMachine.ts";

export type RoomState = SnapshotFrom<typeof roomMachine>;

/** How far each source is open. `closed`: device released; `muted`: held, but nothing leaves it; `open`. */
export type MediaPolicy = (state: RoomState) => ForSources<SourceWish>;

const closed: ForSources<SourceWish> = { microphone: "closed", camera: "closed" };

/**
 * The only function that decides about camera and microphone; whatever moves a source follows it (see `MediaFollower`).
 *
 * The privacy invariant of the product, which the property tests hold against this function: a source comes to be more open only in
 * the very step in which somebody in this room touched the panel, and that touch was about this source.
 *  - Outside a call, and outside a ring that this room sends, everything is closed, whatever the wish says.
 *  - Inside, the wish counts, and only transitions on touches raise it.
 *  - A machine that stopped or broke opens nothing.
 *
 * While the engine is down the policy stays what it was: after a crash inside a call the new engine, which comes up closed, is brought
 * to the same state again. That is the touch of this very call still in effect: the people who joined are in the room, see on the panel
 * that the call goes on, and a microphone that fell silent by a crash would leave them talking to nobody. What was muted
 * is muted again before anything opens. Once the call has ended nothing is left to come back to: an engine that
 * comes up later stays closed.
 */
export const mediaPolicy: MediaPolicy = (state) => {
	if (state.status !== "active") return closed;
	if (!state.matches("call") && !state.matches("ringing-out")) return closed;
	const { microphone, camera } = (state.context as RoomContext).wish;
	return { microphone, camera };
};
