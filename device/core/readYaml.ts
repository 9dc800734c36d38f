import { readFile } from "node:fs/promises";
import { LineCounter, parseDocument } from "yaml";
import type * as z from "zod/mini";
import { RoomError } from "./RoomError.ts";

/**
 * Reads a configuration file, YAML (or JSON, which is YAML), and checks it by its schema. Errors: `config.unreadable`, and
 * `config.refused` with the `line` and the `key` (its name, never its value) that is at fault.
 */
export async function readYaml<S extends z.ZodMiniType>(file: string, schema: S): Promise<z.infer<S>> {
	let text: string;
	try {
		text = await readFile(file, "utf8");
	} catch (cause) {
		throw new RoomError("config.unreadable", "the configuration file can't be read", { cause });
	}
	const lines = new LineCounter();
	const document = parseDocument(text, { lineCounter: lines });
	const [broken] = document.errors;
	if (broken) throw refused(broken.linePos?.[0].line ?? 1, "");
	const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }));
	if (parsed.success) return parsed.data;
	const issue = parsed.error.issues[0];
	const at = [...(issue?.path ?? [])].map(String);
	// An unknown key is named by the issue; where it stands is found like a known one.
	if (issue?.code === "unrecognized_keys" && issue.keys[0] !== undefined) at.push(issue.keys[0]);
	let node = document.getIn(at, true);
	for (let depth = at.length; node === undefined && depth > 0; depth--)
		node = document.getIn(at.slice(0, depth - 1), true);
	const range = node && typeof node === "object" && "range" in node ? (node.range as [number] | null) : null;
	throw refused(range ? lines.linePos(range[0]).line : 1, at.join("."));
}

const refused = (line: number, key: string): RoomError =>
	new RoomError("config.refused", `the configuration is wrong in line ${line}${key ? `: ${key}` : ""}`, {
		context: { line, key },
	});
