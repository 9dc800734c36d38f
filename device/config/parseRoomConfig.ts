import { isMap, isNode, LineCounter, parseDocument, type YAMLError } from "yaml";
import type * as z from "zod/mini";
import { type RoomConfig, roomConfig } from "./RoomConfig.ts";
import { suggest } from "./suggest.ts";

/** One thing that is wrong with a configuration, and where. No value is ever repeated: it may be a secret. */
export interface ConfigProblem {
	/** From 1. */
	line: number;
	column: number;
	/** `panel.port`, `directory.2.id`; empty for the file as a whole. */
	key: string;
	/** Continues the key's name: "must be a port". */
	message: string;
}

export type ParsedConfig = { ok: true; config: RoomConfig } | { ok: false; problems: ConfigProblem[] };

/** Aliases can blow a small file up; nobody needs more of them. */
const MAX_ALIASES = 20;

/** Reads a room's configuration; all problems come at once, in the order of the file. Paths are left as they are. */
export function parseRoomConfig(text: string): ParsedConfig {
	const lines = new LineCounter();
	const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
	const position = (offset: number) => {
		const { line, col } = lines.linePos(Math.min(offset, text.length));
		return { line, column: col };
	};
	const refused = (problems: ConfigProblem[]): ParsedConfig => ({
		ok: false,
		problems: problems.sort((a, b) => a.line - b.line || a.column - b.column),
	});
	if (document.errors.length > 0 || document.warnings.length > 0) {
		const wrong: YAMLError[] = [...document.errors, ...document.warnings];
		return refused(wrong.map(({ code, pos }) => ({ ...position(pos[0]), key: "", message: yamlMessage(code) })));
	}
	let value: unknown;
	try {
		value = document.toJS({ maxAliasCount: MAX_ALIASES });
	} catch {
		return refused([{ line: 1, column: 1, key: "", message: "has too many aliases" }]);
	}
	const result = roomConfig.safeParse(value ?? {});
	if (result.success) return { ok: true, config: result.data };

	/** Offset of the key that a path names, or of the nearest one above it that is there. */
	const offsetOf = (path: readonly PropertyKey[]): number => {
		for (let length = path.length; length > 0; length--) {
			const key = path[length - 1];
			const parent = document.getIn(path.slice(0, length - 1), true) ?? (length === 1 ? document.contents : undefined);
			if (isMap(parent)) {
				const pair = parent.items.find((item) => isNode(item.key) && String(item.key) === String(key));
				if (pair && isNode(pair.key)) return pair.key.range?.[0] ?? 0;
			}
			const node = document.getIn(path.slice(0, length), true);
			if (isNode(node)) return node.range?.[0] ?? 0;
		}
		return 0;
	};
	const problem = (path: readonly PropertyKey[], message: string): ConfigProblem => ({
		...position(offsetOf(path)),
		key: path.map(String).join("."),
		message,
	});
	return refused(
		result.error.issues.flatMap((issue) => {
			if (issue.code !== "unrecognized_keys") return [problem(issue.path, issue.message)];
			const known = knownKeys(roomConfig, issue.path, value);
			return issue.keys.map((key) => {
				const near = suggest(key, known);
				return problem([...issue.path, key], near ? `is not known; did you mean ${near}?` : "is not known");
			});
		}),
	);
}

/** The keys that the schema knows at a path; of several kinds of group, those of the one that `value` says it is. */
function knownKeys(schema: z.core.$ZodType, path: readonly PropertyKey[], value: unknown): string[] {
	const def = schema._zod.def as {
		innerType?: z.core.$ZodType;
		in?: z.core.$ZodType;
		shape?: Record<string, z.core.$ZodType>;
		element?: z.core.$ZodType;
		valueType?: z.core.$ZodType;
		discriminator?: string;
		options?: z.core.$ZodType[];
	};
	const at = (key: PropertyKey): unknown => (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
	const { discriminator } = def;
	const kind =
		discriminator === undefined
			? undefined
			: def.options?.find((option) => option._zod.propValues?.[discriminator]?.has(at(discriminator) as string));
	const inner = def.innerType ?? def.in ?? kind;
	if (inner) return knownKeys(inner, path, value);
	const [first, ...rest] = path;
	if (first === undefined) return Object.keys(def.shape ?? {});
	const next = def.element ?? def.valueType ?? def.shape?.[String(first)];
	return next ? knownKeys(next, rest, at(first)) : [];
}

function yamlMessage(code: YAMLError["code"]): string {
	switch (code) {
		case "DUPLICATE_KEY":
			return "a key is there twice";
		case "TAB_AS_INDENT":
			return "a tab can't indent; use spaces";
		case "BAD_INDENT":
			return "the indentation doesn't fit";
		case "MISSING_CHAR":
			return "a quote, bracket or colon is missing";
		case "MULTIPLE_DOCS":
			return "only one document is read";
		default:
			return `is no valid YAML (${code.toLowerCase()})`;
	}
}
