import type { Io } from "../Io.ts";

/** How far something long is: redrawn in place at a terminal, a line for each fifth elsewhere. */
export class ProgressLine {
	readonly #io: Io;
	readonly #name: string;
	readonly #bytes: number | null;
	readonly #now: () => number;
	readonly #began: number;
	#drawn = Number.NEGATIVE_INFINITY;
	#fifth = 0;

	/** `bytes`: of all, to say how fast and how long it takes. */
	constructor(
		io: Io,
		name: string,
		{ bytes = null, now = performance.now.bind(performance) }: { bytes?: number | null; now?: () => number } = {},
	) {
		this.#io = io;
		this.#name = name;
		this.#bytes = bytes;
		this.#now = now;
		this.#began = now();
	}

	/** 0 to 1. */
	at(done: number): void {
		const now = this.#now();
		if (this.#io.terminal) {
			if (now - this.#drawn < 100 && done < 1) return;
			this.#drawn = now;
			this.#io.err(`\r\u001b[2K${this.#text(done, now)}`);
			return;
		}
		const fifth = Math.floor(done * 5);
		if (fifth <= this.#fifth) return;
		this.#fifth = fifth;
		this.#io.err(`${this.#text(done, now)}\n`);
	}

	end(): void {
		if (this.#io.terminal) this.#io.err("\r\u001b[2K");
	}

	#text(done: number, now: number): string {
		const percent = `${this.#name} ${Math.floor(done * 100)} %`;
		const seconds = (now - this.#began) / 1000;
		if (this.#bytes === null || done <= 0 || seconds < 0.5) return percent;
		const left = Math.ceil((seconds * (1 - done)) / done);
		return `${percent}  ${((this.#bytes * done) / 1e6 / seconds).toFixed(0)} MB/s  ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left`;
	}
}
