/** What a command sees of the world around it, so that tests can be that world. */
export interface Io {
	out(text: string): void;
	err(text: string): void;
	env: Readonly<Record<string, string | undefined>>;
	/** Whether standard output is a terminal: then progress is drawn, colours and QR codes too. */
	terminal: boolean;
	columns: number;
	signal: AbortSignal;
	/** Asks a person and waits for a line; absent where nobody sits at a terminal. */
	ask?: (question: string) => Promise<string>;
}
