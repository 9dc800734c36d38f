import { RoomError } from "./RoomError.ts";

/** One line of a stream: what it holds, yet to be parsed by a schema, or that it is no JSON. */
export type JsonLine = { ok: true; value: unknown } | { ok: false };

/** Reads JSON lines (one value a line, UTF-8, ended by a line feed) out of a stream's chunks, and never keeps more than one line of it. */
export class JsonLines {
	readonly #mostBytes: number;
	readonly #decoder = new TextDecoder("utf-8", { fatal: true });
	#parts: Uint8Array[] = [];
	#bytes = 0;

	/** @param mostBytes of one line without its end. */
	constructor(mostBytes: number) {
		this.#mostBytes = mostBytes;
	}

	/** The lines that a chunk ends, in order; empty ones are left out. Throws RoomError `lines.too_long`: nothing after it can be trusted. */
	push(chunk: Uint8Array): JsonLine[] {
		const lines: JsonLine[] = [];
		let from = 0;
		for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
			this.#keep(chunk.subarray(from, end));
			from = end + 1;
			if (this.#bytes > 0) lines.push(this.#read());
		}
		this.#keep(chunk.subarray(from));
		return lines;
	}

	#keep(part: Uint8Array): void {
		this.#bytes += part.length;
		if (this.#bytes > this.#mostBytes) throw new RoomError("lines.too_long", "a line is longer than it may be");
		// copied: a stream may use its buffer again
		if (part.length > 0) this.#parts.push(part.slice());
	}

	#read(): JsonLine {
		const line = new Uint8Array(this.#bytes);
		let at = 0;
		for (const part of this.#parts) {
			line.set(part, at);
			at += part.length;
		}
		this.#parts = [];
		this.#bytes = 0;
		try {
			return { ok: true, value: JSON.parse(this.#decoder.decode(line)) };
		} catch {
			return { ok: false };
		}
	}
}
