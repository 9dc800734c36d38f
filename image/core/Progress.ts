/** Tells a person at a terminal what is being done and how long it takes; in a log each thing is a line. */
export class Progress {
	readonly #write: (text: string) => void;
	readonly #live: boolean;

	constructor(stream: NodeJS.WriteStream = process.stderr) {
		this.#write = (text) => void stream.write(text);
		this.#live = stream.isTTY === true;
	}

	/** A whole line. */
	say(text: string): void {
		this.#clear();
		this.#write(`${text}\n`);
	}

	/** What goes on right now; the next one takes its place. Only where somebody looks. */
	detail(text: string): void {
		if (this.#live) this.#write(`\r\x1b[2K  ${text.slice(0, 110)}`);
	}

	/** Does it, and says how long it took. */
	async timed<T>(name: string, work: () => Promise<T>): Promise<T> {
		const start = performance.now();
		if (this.#live) this.detail(`${name} …`);
		else this.say(`· ${name}`);
		const result = await work();
		this.say(`✓ ${name}  ${((performance.now() - start) / 1000).toFixed(1)} s`);
		return result;
	}

	#clear(): void {
		if (this.#live) this.#write("\r\x1b[2K");
	}
}
