import type { Command } from "commander";
import { RoomError } from "../../device/core/RoomError.ts";
import { leavesOf } from "./tree.ts";

/** What may follow some words: commands and options. */
function nextWords(program: Command): [words: string, next: string[]][] {
	const optionsOf = (command: Command) => command.options.flatMap(({ long }) => (long ? [long] : []));
	const own = program.commands.map((child) => child.name());
	return [
		["", [...own, ...optionsOf(program)]],
		...leavesOf(program).map(({ words, command }): [string, string[]] => [
			words.join(" "),
			[...command.commands.map((child) => child.name()), ...optionsOf(command), "--help"],
		]),
	];
}

/**
 * A completion script for bash or zsh. It completes commands and options; ids would need the service, at each press of a key.
 * Error: `cli.usage` for another shell.
 */
export function completion(program: Command, shell: string): string {
	if (shell !== "bash" && shell !== "zsh") throw new RoomError("cli.usage", "completion is there for bash and zsh");
	const name = program.name();
	const cases = nextWords(program)
		.map(([words, next]) => `\t\t"${words}") COMPREPLY=( $(compgen -W "${next.join(" ")}" -- "$current") ) ;;\n`)
		.join("");
	const bash = `_${name}() {
	local current="\${COMP_WORDS[COMP_CWORD]}" words="" word
	for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case "$word" in -*) ;; *) words="$words\${words:+ }$word" ;; esac
	done
	case "$words" in
${cases}	esac
}
complete -F _${name} ${name}
`;
	return shell === "bash" ? bash : `#compdef ${name}\nautoload -U +X bashcompinit && bashcompinit\n${bash}`;
}
