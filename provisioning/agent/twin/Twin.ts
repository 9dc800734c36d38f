import * as z from "zod/mini";
import { Emitter } from "../../../device/core/Emitter.ts";
import type { Log } from "../../../device/core/log.ts";
import { decodePayload } from "../../contract/envelope.ts";
import { revision, type TwinDoc, type TwinError, twinDesired, twinDoc } from "../../contract/twin.ts";
import type { RoomLink } from "../local/RoomLink.ts";
import type { Refusals } from "../Refusals.ts";
import type { AgentStore } from "../store/AgentStore.ts";
import { readTwin } from "./readTwin.ts";

/** What is kept of the twin. */
const keptTwin = z.object({ rev: revision, doc: twinDoc });
type Revision = z.infer<typeof keptTwin>;

/**
 * What the fleet wants the room to be, and what it is. A revision is given to the room program whole, and counts as applied when that
 * says so; until then, and if it refuses, the last one stays in force, also after a restart without a network.
 */
export class Twin {
	/** `changed`: there is something new to report. `applied`: another document is in force. */
	readonly events = new Emitter<{ changed: undefined; applied: TwinDoc }>();
	readonly #store: AgentStore;
	readonly #link: RoomLink;
	readonly #log: Log;
	readonly #refusals: Refusals;
	#applied: Revision | null;
	/** Understood, but not in force (yet). */
	#wanted: Revision | null;
	#seen: number;
	#errors: TwinError[] = [];
	/** Whether the first word of this connection has come: an older revision after it is a straggler. */
	#fresh = true;
	readonly #stops: (() => void)[];

	constructor(options: { store: AgentStore; link: RoomLink; log: Log; refusals: Refusals }) {
		const { store, link, log } = options;
		this.#store = store;
		this.#link = link;
		this.#log = log;
		this.#refusals = options.refusals;
		this.#applied = store.get("twin.applied", keptTwin);
		this.#wanted = store.get("twin.wanted", keptTwin);
		this.#seen = this.#wanted?.rev ?? this.#applied?.rev ?? 0;
		this.#stops = [
			link.events.on("arrived", () => this.#tell()),
			link.events.on("twin", ({ rev, applied, errors }) => this.#answered(rev, applied, errors)),
		];
	}

	/** The document in force; null: none yet. */
	get doc(): TwinDoc | null {
		return this.#applied?.doc ?? null;
	}

	/** The document that the fleet wants, in force or not. */
	get latest(): TwinDoc | null {
		return this.#wanted?.doc ?? this.doc;
	}

	get report(): { rev: number; appliedRev: number; doc: TwinDoc | null; errors: TwinError[] } {
		return {
			rev: this.#seen,
			appliedRev: this.#applied?.rev ?? 0,
			doc: this.doc,
			errors: this.#errors,
		};
	}

	/** A new connection: whatever the fleet says first is what it wants, even if its revision is lower (it was restored from a backup). */
	opened(): void {
		this.#fresh = true;
	}

	/** What came on `twin/desired`; false: not understood. */
	desired(payload: Uint8Array): boolean {
		const decoded = decodePayload(twinDesired, payload);
		if (!decoded.ok) {
			this.#refusals.note(`twin.${decoded.reason}`);
			return false;
		}
		const { rev, doc } = decoded.value;
		if (!this.#fresh && rev < this.#seen) return true;
		this.#fresh = false;
		const read = readTwin(doc);
		this.#seen = rev;
		this.#errors = read.errors;
		if (!read.ok) {
			this.#want(null);
			this.#note("refused", rev);
		} else if (this.#applied?.rev === rev && same(this.#applied.doc, read.doc)) {
			this.#want(null);
		} else {
			this.#want({ rev, doc: read.doc });
			this.#tell();
		}
		this.events.emit("changed", undefined);
		return true;
	}

	/** All was wiped. */
	clear(): void {
		this.#applied = null;
		this.#wanted = null;
		this.#seen = 0;
		this.#errors = [];
	}

	close(): void {
		for (const stop of this.#stops.splice(0)) stop();
		this.events.clear();
	}

	/** The newest first: what it would replace need not be applied before. */
	#tell(): void {
		const revision = this.#wanted ?? this.#applied;
		if (revision) this.#link.send({ t: "twin", rev: revision.rev, doc: revision.doc });
	}

	#answered(rev: number, applied: boolean, errors: TwinError[]): void {
		const wanted = this.#wanted ?? this.#applied;
		if (rev !== wanted?.rev) return;
		// what was in force before this program started is so again, without a word
		if (!this.#wanted && applied && errors.length === 0) return;
		// what was left out stays said
		this.#errors = [...this.#errors.filter(({ code }) => code === "twin.unknown_key"), ...errors].slice(0, 50);
		this.#note(applied ? "applied" : "refused", rev);
		if (this.#wanted) {
			if (applied) this.#applied = wanted;
			if (applied) this.#keep("twin.applied", wanted);
			this.#want(null);
			// A room program that has just started has nothing yet: what was in force before is to be.
			if (applied) this.events.emit("applied", wanted.doc);
			else this.#tell();
		}
		this.events.emit("changed", undefined);
	}

	#want(revision: Revision | null): void {
		this.#wanted = revision;
		this.#keep("twin.wanted", revision);
	}

	/** A disk that is full costs no more than that after a restart the fleet has to say it again. */
	#keep(key: string, value: Revision | null): void {
		try {
			if (value) this.#store.set(key, value);
			else this.#store.delete(key);
		} catch {
			this.#log.write("error", "error.unexpected", { code: "store.unwritable" });
		}
	}

	#note(state: string, rev: number): void {
		this.#log.write("info", "twin.state", { state, rev, errors: this.#errors.length });
	}
}

const same = (a: TwinDoc, b: TwinDoc): boolean => JSON.stringify(a) === JSON.stringify(b);
