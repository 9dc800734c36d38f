/** Where a long bench stands, on stderr: whoever waits for it sees what it does, and where it stopped if it does not end. */
export class Stages {
	/** What is said beside each: how the service does, for example. */
	beside: () => string = () => "";
	readonly #sinceMs = performance.now();

	begin(what: string): void {
		console.error(`${((performance.now() - this.#sinceMs) / 1000).toFixed(1).padStart(7)} s  ${what}${this.beside()}`);
	}
}
