import type { Clock } from "../../device/core/clock.ts";
import type { Log } from "../../device/core/log.ts";

const QUIET_MS = 60_000;
const MOST_KINDS = 100;

/** Writes into the log what came over the bus and was not heeded; the same not more often than once a minute, with a count. */
export class Refusals {
	readonly #log: Log;
	readonly #clock: Clock;
	readonly #last = new Map<string, { at: number; left: number }>();

	constructor(options: { log: Log; clock: Clock }) {
		this.#log = options.log;
		this.#clock = options.clock;
	}

	/** `code`: `kind.reason`. */
	note(code: string): void {
		const now = this.#clock.now();
		const last = this.#last.get(code);
		if (last && Math.abs(now - last.at) < QUIET_MS) {
			last.left += 1;
			return;
		}
		if (this.#last.size >= MOST_KINDS) this.#last.clear();
		this.#last.set(code, { at: now, left: 0 });
		const [kind = "", reason = ""] = code.split(".");
		this.#log.write("warn", "bus.refused", { kind, reason, repeated: last?.left ?? 0 });
	}
}
