import type { Command } from "commander";
import type { Io } from "../Io.ts";
import { flashCommand } from "./flash/flashCommand.ts";
import { inspectCommands } from "./inspectCommands.ts";
import { prepareCommand } from "./prepare/prepareCommand.ts";
import { recoverCommand } from "./recovery/recoverCommand.ts";
import { recoveryKeyCommand } from "./recovery/recoveryKeyCommand.ts";
import { repoCommands } from "./repoCommands.ts";

/** What whoever makes or brings firmware does. */
export function imageCommands(program: Command, io: Io, asJson: () => boolean): void {
	const image = program
		.command("image")
		.summary("firmware: which exists, and what is in it")
		.description("Works on files of this machine; no fleet is needed.");
	inspectCommands(image, io, asJson);
	flashCommand(image, io, asJson);
	prepareCommand(image, io, asJson);
	recoveryKeyCommand(image, io, asJson);
	recoverCommand(image, io, asJson);
	repoCommands(image, io, asJson);
}
