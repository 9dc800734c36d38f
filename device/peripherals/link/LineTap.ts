import type { Clock } from "../../core/clock.ts";
import { failureOf, type LinkFailure } from "./FrameLink.ts";
import type { OpenLine } from "./Line.ts";

type Happening =
	/** As they went, however they were cut; not to be kept. */
	| { readonly is: "in" | "out"; readonly bytes: Uint8Array }
	| { readonly is: "opened" }
	| { readonly is: "not_opened"; readonly why: LinkFailure }
	/** `closed`: by us. */
	| { readonly is: "ended"; readonly why: LinkFailure | "closed" };

/** What happened on a line. `at`: epoch milliseconds. */
export type LineEntry = { readonly at: number } & Happening;

/** Lets others listen on a line, whichever of its lives it is in. While nobody does, it costs nothing. */
export class LineTap {
	readonly #listeners = new Set<(entry: LineEntry) => void>();

	listen(listener: (entry: LineEntry) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** The same line, listened on. */
	around(open: OpenLine, clock: Clock): OpenLine {
		const tell = (what: Happening): void => {
			if (this.#listeners.size === 0) return;
			const entry = { at: clock.now(), ...what };
			for (const listener of [...this.#listeners]) listener(entry);
		};
		return async (events, signal) => {
			let over = false;
			const end = (why: LinkFailure | "closed"): void => {
				if (over) return;
				over = true;
				tell({ is: "ended", why });
			};
			const heard = {
				bytes(bytes: Uint8Array): void {
					tell({ is: "in", bytes });
					events.bytes(bytes);
				},
				ended(failure: LinkFailure): void {
					end(failure);
					events.ended(failure);
				},
			};
			const line = await open(heard, signal).catch((error: unknown) => {
				tell({ is: "not_opened", why: failureOf(error) });
				throw error;
			});
			tell({ is: "opened" });
			return {
				write(bytes) {
					tell({ is: "out", bytes });
					return line.write(bytes);
				},
				close() {
					end("closed");
					return line.close();
				},
			};
		};
	}
}
