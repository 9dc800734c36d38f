import * as z from "zod/mini";
import type { Clock } from "../core/clock.ts";
import { RateLimit } from "../core/RateLimit.ts";

const hold = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,32}$/));
const speed = z.number().check(z.gte(-1), z.lte(1));
const preset = z.int().check(z.gte(0), z.lte(255));

/** Where the camera of this end can be sent to, told to a far end that may turn it. */
export const turnOffer = z.object({
	presets: z
		.array(z.object({ number: preset, name: z.nullable(z.string().check(z.maxLength(64))) }))
		.check(z.maxLength(64)),
});
export type TurnOffer = z.infer<typeof turnOffer>;

/**
 * What one end wants of the other's camera. `move`: speeds to the right, upwards, in, each -1 to 1, said again at least each 300 ms while
 * somebody holds, because a hold that is not heard of for a second has ended; `hold` names that one touch.
 */
export const turnWish = z.discriminatedUnion("do", [
	z.object({ do: z.literal("move"), hold, pan: speed, tilt: speed, zoom: speed }),
	z.object({ do: z.literal("stop"), hold }),
	z.object({ do: z.literal("recall"), preset }),
]);
export type TurnWish = z.infer<typeof turnWish>;

/** A thumb says ten things a second. */
const wishes = { burst: 20, perSecond: 15 };

/**
 * What comes in of the far end's wishes: only while it was told that it may, and no more than a thumb can say. The stop of what moves is
 * never held back.
 */
export class IncomingTurns {
	readonly counters = { uninvited: 0, tooFast: 0 };
	readonly #limit: RateLimit;
	#moving: string | null = null;

	constructor(clock: Clock) {
		this.#limit = new RateLimit(clock, wishes);
	}

	/** Whether it is to be handed on; else it was counted. @param invited the far end was told that it may. */
	take(wish: TurnWish, invited: boolean): boolean {
		if (!invited) {
			this.#moving = null;
			this.counters.uninvited += 1;
			return false;
		}
		if (wish.do === "stop" && wish.hold === this.#moving) {
			this.#moving = null;
			return true;
		}
		if (!this.#limit.take()) {
			this.counters.tooFast += 1;
			return false;
		}
		if (wish.do === "move") this.#moving = wish.hold;
		return true;
	}
}
