import type { Command } from "commander";
import { exitCodes } from "./exitCodes.ts";
import { leavesOf } from "./tree.ts";

/** Text for roff (man(7)): backslashes, hyphens that are minus signs, and dots at a line's beginning are its own; else it takes ASCII. */
const roff = (text: string): string =>
	text
		.replaceAll("\\", "\\e")
		.replaceAll("-", "\\-")
		.replaceAll(/^([.'])/gm, "\\&$1")
		.replaceAll(
			/\P{ASCII}/gu,
			(character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`,
		);

/** The manual page, section 1, made from the commands themselves. */
export function manPage(program: Command, version: string): string {
	const name = program.name();
	const entry = (term: string, text: string) => `.TP\n\\fB${roff(term)}\\fR\n${roff(text)}\n`;
	const commands = leavesOf(program)
		.filter(({ command }) => command.commands.length === 0)
		.map(({ words, command }) => {
			const usage = [name, ...words, ...command.registeredArguments.map((argument) => argument.name())];
			const options = command.options
				.map(({ flags, description }) => `.RS\n${entry(flags, description)}.RE\n`)
				.join("");
			return entry(usage.join(" "), command.description() || command.summary()) + options;
		})
		.join("");
	return `.TH ${name.toUpperCase()} 1 "" "${name} ${version}" "InCamera"
.SH NAME
${name} \\- ${roff("meeting rooms: put into service, configure, watch, update, retire")}
.SH SYNOPSIS
.B ${name}
[\\-\\-json] \\fIcommand\\fR \\fIarguments\\fR
.SH DESCRIPTION
${roff(program.description())}
.SH COMMANDS
${commands}.SH OPTIONS
${program.options.map(({ flags, description }) => entry(flags, description)).join("")}.SH ENVIRONMENT
${entry("INCAMERA_FLEET", "The fleet service's address: https://fleet.example.org.")}${entry("INCAMERA_TOKEN", "An API token. Never given as an argument, where other users could read it.")}.SH EXIT STATUS
${Object.values(exitCodes)
	.map(([code, text]) => entry(String(code), text))
	.join("")}.SH FILES
${entry("~/.config/incamera/fleet.json", "What `incamera fleet login` keeps, readable by its user only.")}`;
}
