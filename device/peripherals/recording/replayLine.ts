import type { Clock } from "../../core/clock.ts";
import { RoomError } from "../../core/RoomError.ts";
import type { LinkFailure } from "../link/FrameLink.ts";
import type { LineEvents, OpenLine } from "../link/Line.ts";
import type { Recording } from "./recording.ts";

export interface Replay {
	readonly open: OpenLine;
	/** Entries that were not played yet. */
	readonly left: number;
	/** The first thing that was written and stands not in the recording; the line is lost there. Null: nothing yet. */
	readonly difference: { readonly entry: number; readonly expected: string; readonly written: string } | null;
}

interface Life {
	readonly events: LineEvents;
	/** Hex of what was written, and not yet its turn. */
	readonly written: string[];
	cancel: () => void;
}

/**
 * A line that says what was recorded, at the recorded pace, to whoever writes what was recorded. What is written too early waits for its
 * turn; anything else ends the line. When the recording ends, the line stays open and silent.
 */
export function replayLine({ entries }: Recording, clock: Clock): Replay {
	let next = 0;
	let difference: Replay["difference"] = null;
	let play: Life | null = null;

	function end(failure: LinkFailure): void {
		const { events } = play ?? {};
		play?.cancel();
		play = null;
		events?.ended(failure);
	}

	/** Plays what is due, up to what has to be waited for: a moment, or something that has to be written. */
	function go(): void {
		while (play && playOne(play)) next += 1;
	}

	/** False: it is not its turn, or the line has ended with it. */
	function playOne(life: Life): boolean {
		const entry = entries[next];
		switch (entry?.is) {
			case undefined:
				return false;
			case "in":
				sayLater(life, entry);
				return false;
			case "out": {
				const written = life.written.shift();
				if (written !== undefined && written !== entry.hex) {
					difference = { entry: next, expected: entry.hex, written };
					end("link.lost");
				}
				return written === entry.hex;
			}
			case "ended":
				// ours to close
				if (entry.why === "closed") return false;
				next += 1;
				end(entry.why);
				return false;
			default:
				return true;
		}
	}

	function sayLater(life: Life, { at, hex }: { at: number; hex: string }): void {
		const before = entries[next - 1]?.at ?? at;
		life.cancel = clock.after(at - before, () => {
			next += 1;
			life.events.bytes(Buffer.from(hex, "hex"));
			if (play === life) go();
		});
	}

	return {
		async open(events) {
			const entry = entries[next];
			if (entry?.is === "not_opened") {
				next += 1;
				throw new RoomError(entry.why, "as it was recorded");
			}
			const life: Life = { events, written: [], cancel: () => {} };
			play = life;
			go();
			return {
				async write(bytes) {
					life.written.push(Buffer.from(bytes).toString("hex"));
					// one that was being waited for is played now
					if (play === life && entries[next]?.is === "out") go();
				},
				async close() {
					if (play !== life) return;
					life.cancel();
					play = null;
					if (entries[next]?.is === "ended") next += 1;
				},
			};
		},
		get left() {
			return entries.length - next;
		},
		get difference() {
			return difference;
		},
	};
}
