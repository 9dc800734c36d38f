import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { connect } from "./connect.ts";
import { runProgram } from "./program.ts";

/** The composition root of `incamera`. */
const abort = new AbortController();
process.once("SIGINT", () => abort.abort());
// whoever reads us through a pipe may stop reading
process.stdout.on("error", () => process.exit(0));

/** At the terminal, and not on standard output, which may be a file. */
async function ask(question: string): Promise<string> {
	const terminal = createInterface({ input: process.stdin, output: process.stderr });
	try {
		return await terminal.question(question, { signal: abort.signal });
	} finally {
		terminal.close();
	}
}

process.exitCode = await runProgram(process.argv.slice(2), {
	io: {
		out: (line) => process.stdout.write(line),
		err: (line) => process.stderr.write(line),
		env: process.env,
		terminal: process.stdout.isTTY === true,
		columns: process.stdout.columns ?? 80,
		signal: abort.signal,
		...(process.stdin.isTTY && process.stderr.isTTY ? { ask } : {}),
	},
	connect,
	readInput: () => text(process.stdin),
	version: "0.1.0",
});
