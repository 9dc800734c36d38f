import type { Command } from "commander";

/** A command and the words that lead to it. */
export interface Leaf {
	words: readonly string[];
	command: Command;
}

/** All commands below one, in order; groups too, before what is in them. */
export function leavesOf(command: Command, words: readonly string[] = []): Leaf[] {
	return command.commands.flatMap((child) => {
		const below = [...words, child.name()];
		return [{ words: below, command: child }, ...leavesOf(child, below)];
	});
}
