import { text } from "node:stream/consumers";
import { RoomError } from "../../device/core/RoomError.ts";
import { FleetClient, FleetFailure } from "../contract/http/FleetClient.ts";
import type { Call } from "./FleetCommand.ts";
import { type ProgramOptions, runProgram } from "./program.ts";

/** The composition root of `incamera`. */
const abort = new AbortController();
process.once("SIGINT", () => abort.abort());
// whoever reads us through a pipe may stop reading
process.stdout.on("error", () => process.exit(0));

const connect: ProgramOptions["connect"] = ({ fleet, token }, signal) => {
	const client = new FleetClient({ origin: fleet, token });
	const call: Call = (id, request) =>
		client.call(id, request, signal).catch((cause: unknown) => {
			throw cause instanceof FleetFailure
				? new RoomError(cause.code, cause.key ? `${cause.message} (${cause.key})` : cause.message, { cause })
				: cause;
		});
	return call;
};

process.exitCode = await runProgram(process.argv.slice(2), {
	io: {
		out: (line) => process.stdout.write(line),
		err: (line) => process.stderr.write(line),
		env: process.env,
		terminal: process.stdout.isTTY === true,
		columns: process.stdout.columns ?? 80,
		signal: abort.signal,
	},
	connect,
	readInput: () => text(process.stdin),
	version: "0.1.0",
});
