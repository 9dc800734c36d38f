import type { SnapshotFrom } from "xstate";
import type { SourceWish } from "./context.ts";
import { effective } from "./hold.ts";
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
 *  - What the hardware holds is muted at most; a hand that lets go of it is a touch in this room, and gives back what was wished.
 *  - A machine that stopped or broke opens nothing.
 *
 * While the engine is down the policy stays what it was: after a crash inside a call the new engine, which comes up closed, is brought
 * to the same state again. That is the touch of this very call still in effect: the people who joined are in the room, see on the panel
 * that the call goes on, and a microphone that fell silent by a crash would leave them talking to nobody. What was muted
 * is muted again before anything opens. Once the call has ended nothing is left to come back to: an engine that
 * comes up later stays closed.
 *
 * The mute key holds the microphone, the shutter the camera (`hold.ts`):
 *
 * | the hardware says | by the panel the source | the source in a call |
 * | --- | --- | --- |
 * | pressed, closed | can be muted, not opened | muted |
 * | released, after it said pressed | as without a key | as was last wished in this call: by joining, or by its button |
 * | nothing any more, after it said pressed | can be opened: the touch takes the key's place | muted until that touch |
 * | released, after that silence | the same: nobody saw a hand let go | muted until that touch, or until the key is pressed and released |
 * | nothing ever | | as wished |
 *
 * Outside a call the key changes nothing: all is closed. Who joins with the key pressed is in the call muted, and heard from its release on.
 */
export const mediaPolicy: MediaPolicy = (state) => {
	if (state.status !== "active") return closed;
	if (!state.matches("call") && !state.matches("ringing-out")) return closed;
	return effective(state.context);
};
