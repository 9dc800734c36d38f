import type { Command } from "commander";
import type { Io } from "../Io.ts";
import { probe } from "./probe.ts";
import { record } from "./record.ts";

/** What a technician does at a room's device itself. */
export function roomCommands(program: Command, io: Io, asJson: () => boolean): void {
	const room = program
		.command("room")
		.summary("this machine's room: what is connected to it, and what passes on its lines")
		.description("Works on the machine that it runs on, a room's device; no fleet is needed.");
	probe(room, io, asJson);
	record(room, io, asJson);
}
