import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** How a systemd unit of ours (its path from the project's root) starts Node: flags, and variables of the environment. */
export function asInUnit(path: string): { flags: string[]; variables: Record<string, string> } {
	const text = readFileSync(join(root, path), "utf8");
	const [, command = ""] = /^ExecStart=(.*)$/m.exec(text) ?? [];
	const [, environment = ""] = /^Environment=(.*)$/m.exec(text) ?? [];
	const pairs = environment.split(" ").map((pair) => pair.split("=") as [string, string]);
	return { flags: command.split(" ").filter((word) => /^--max/.test(word)), variables: Object.fromEntries(pairs) };
}
