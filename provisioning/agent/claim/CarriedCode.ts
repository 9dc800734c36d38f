import { readFile, rm } from "node:fs/promises";
import type { Clock } from "../../../device/core/clock.ts";

/** Longer than any code is written. */
const MOST_CHARACTERS = 64;
/** The network may come late, or a person plug it in. */
const AGAIN_MS = 60_000;

/** Where the device stands, as far as a code goes. */
export type CodeWanted =
	/** Nobody's; `failure`: why the last try ended. */
	{ state: "unclaimed"; failure: string | null } | { state: "enrolling" } | { state: "claimed" };

/**
 * A code that a technician brought on the disk (`incamera image prepare`): tried as if it were typed, once it gets an answer; while the fleet can't be reached it is tried
 * again. Whatever the answer was, the file is gone afterwards.
 */
export class CarriedCode {
	readonly #file: string;
	readonly #clock: Clock;
	readonly #enrol: (code: string) => void;
	#state: CodeWanted["state"] | null = null;
	#cancel: () => void = () => {};
	/** Whether the try that runs is ours: a person may type another code meanwhile. */
	#trying = false;

	constructor(options: { file: string; clock: Clock; enrol(code: string): void }) {
		this.#file = options.file;
		this.#clock = options.clock;
		this.#enrol = options.enrol;
	}

	/** With each change of where the device stands. */
	now(wanted: CodeWanted): void {
		const before = this.#state;
		this.#state = wanted.state;
		if (wanted.state === before) return;
		this.#cancel();
		if (wanted.state === "claimed") void this.#remove();
		if (wanted.state !== "unclaimed") return;
		const tried = this.#trying;
		this.#trying = false;
		if (!tried) void this.#try();
		else if (wanted.failure !== "enrol.unreachable") void this.#remove();
		else this.#cancel = this.#clock.after(AGAIN_MS, () => void this.#try());
	}

	close(): void {
		this.#cancel();
		this.#state = null;
	}

	async #try(): Promise<void> {
		const code = await readFile(this.#file, "utf8").catch(() => null);
		if (code === null || this.#state !== "unclaimed") return;
		if (code.trim().length > MOST_CHARACTERS) return this.#remove();
		this.#trying = true;
		this.#enrol(code.trim());
		// what is no code at all was answered at once, without a try
		if (this.#state === "unclaimed") await this.#remove();
	}

	async #remove(): Promise<void> {
		this.#trying = false;
		await rm(this.#file, { force: true }).catch(() => {});
	}
}
