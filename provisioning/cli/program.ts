import { Command, CommanderError } from "commander";
import { RoomError } from "../../device/core/RoomError.ts";
import { completion } from "./completion.ts";
import { findConnection, keepConnection } from "./connection.ts";
import { type ExitCode, exitCodeOf, exitCodes, nextSteps } from "./exitCodes.ts";
import type { Call, Run } from "./FleetCommand.ts";
import { audit } from "./fleet/audit.ts";
import { changes } from "./fleet/changes.ts";
import { enrol } from "./fleet/enrol.ts";
import { events } from "./fleet/events.ts";
import { invite } from "./fleet/invite.ts";
import { rollouts } from "./fleet/rollouts.ts";
import { rooms } from "./fleet/rooms.ts";
import { simulate } from "./fleet/simulate.ts";
import type { Io } from "./Io.ts";
import { imageCommands } from "./image/imageCommands.ts";
import { manPage } from "./manPage.ts";
import { roomCommands } from "./room/roomCommands.ts";
import { supportCommand } from "./support/supportCommand.ts";

export interface ProgramOptions {
	io: Io;
	/** Makes the API's client. */
	connect: (connection: { fleet: string; token: string }, signal: AbortSignal) => Call;
	/** Standard input, to its end. */
	readInput: () => Promise<string>;
	version: string;
}

/** `incamera`, for IT and technicians: the tree of commands. `runProgram` runs one. */
export function createProgram(options: ProgramOptions): Command {
	const { io } = options;
	const program = new Command("incamera")
		.description("Puts meeting rooms into service, configures, watches, updates and retires them.")
		.version(options.version, "--version", "the program's version")
		.helpOption("--help", "help for a command")
		.option("--json", "one JSON value on standard output, for programs")
		.showSuggestionAfterError()
		.exitOverride()
		.configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) });
	const asJson = () => program.opts<{ json?: boolean }>().json === true;
	const run: Run = async (action) => {
		const call = options.connect(await findConnection(io), io.signal);
		await action({ call, io, show: (value, draw) => io.out(asJson() ? `${JSON.stringify(value)}\n` : draw(value)) });
	};
	const fleet = program
		.command("fleet")
		.summary("rooms, codes, rollouts and the audit log")
		.description(
			`Works on the fleet through the service's HTTP API. INCAMERA_FLEET is its address, INCAMERA_TOKEN an API token (console: Tokens);
\`incamera fleet login\` keeps both for this user.`,
		);
	for (const group of [rooms, events, changes, enrol, rollouts, audit, simulate]) group(fleet, run);
	invite(fleet, io, asJson);
	roomCommands(program, io, asJson);
	imageCommands(program, io, asJson);
	supportCommand(program, io);
	fleet
		.command("login")
		.summary("keep address and token for this user")
		.description(
			"Reads an API token from standard input and keeps it with the address in a file that only this user can read.",
		)
		.argument("<address>", "https://fleet.example.org")
		.action(async (address: string) => {
			const path = await keepConnection(io, address, await options.readInput());
			io.out(`Kept in ${path}.\n`);
		});
	program
		.command("completion")
		.summary("a shell's completion script")
		.description("Prints a completion script: incamera completion bash > /etc/bash_completion.d/incamera")
		.argument("<shell>", "bash or zsh")
		.action((shell: string) => io.out(completion(program, shell)));
	program
		.command("man")
		.summary("the manual page")
		.description("Prints the manual page: incamera man > incamera.1")
		.action(() => io.out(manPage(program, options.version)));
	program.addHelpText(
		"after",
		() =>
			`\nExit codes:\n${Object.values(exitCodes)
				.map(([code, text]) => `  ${code}  ${text}\n`)
				.join("")}`,
	);
	return program;
}

/** Runs one command; resolves with the exit code, and never rejects. */
export async function runProgram(argv: readonly string[], options: ProgramOptions): Promise<number> {
	const { io } = options;
	const codeOf = (name: ExitCode) => exitCodes[name][0];
	try {
		await createProgram(options).parseAsync([...argv], { from: "user" });
		return codeOf("done");
	} catch (thrown) {
		// commander has printed its own message already
		if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? codeOf("done") : codeOf("usage");
		if (io.signal.aborted) return 130;
		const { code, message } = RoomError.from(thrown, "cli.unexpected");
		const next = nextSteps[code];
		io.err(`${code}: ${message}\n${next ? `${next}\n` : ""}`);
		return codeOf(exitCodeOf(code));
	}
}
