import { runProgram } from "../../../provisioning/cli/program.ts";

/** `incamera` on a machine of its own: what it printed, and its exit code. */
export class CommandLine {
	out = "";
	err = "";
	/** What a person types. */
	typed: string | null = null;

	async run(...words: string[]): Promise<number> {
		[this.out, this.err] = ["", ""];
		const { typed } = this;
		return runProgram(words, {
			io: {
				out: (text) => {
					this.out += text;
				},
				err: (text) => {
					this.err += text;
				},
				env: {},
				terminal: false,
				columns: 80,
				signal: new AbortController().signal,
				...(typed === null ? {} : { ask: async () => typed }),
			},
			connect: () => () => Promise.reject(new Error("no fleet is needed")),
			readInput: async () => "",
			version: "0.1.0",
		});
	}
}
