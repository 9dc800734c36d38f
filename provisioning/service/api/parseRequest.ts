import type * as z from "zod/mini";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Route } from "../../contract/http/route.ts";

export interface RawRequest {
	params: unknown;
	query: unknown;
	/** Undefined: none. */
	body: unknown;
}

/**
 * What was asked, checked by the route's schemas. Refused are, besides what the schemas refuse, a key that no schema knows, at any
 * depth: misspelt, it would be silently without effect. Error: `api.malformed`, with the `key`.
 */
export function parseRequest(route: Route, raw: RawRequest): { params: unknown; query: unknown; body: unknown } {
	const query = Object.keys(raw.query ?? {}).length === 0 && !route.query ? undefined : raw.query;
	const params = Object.keys(raw.params ?? {}).length === 0 && !route.params ? undefined : raw.params;
	return {
		params: parsePart("params", route.params, params),
		query: parsePart("query", route.query, query),
		body: parsePart("body", route.body, raw.body),
	};
}

function parsePart(part: string, schema: z.ZodMiniType | undefined, given: unknown): unknown {
	if (!schema) {
		if (given !== undefined) throw malformed(part);
		return undefined;
	}
	const text = unstorable(given, part);
	if (text) throw malformed(text);
	const parsed = schema.safeParse(given);
	if (!parsed.success) {
		const [issue] = parsed.error.issues;
		const path = (issue?.path ?? []).map(String);
		if (issue?.code === "unrecognized_keys" && issue.keys[0] !== undefined) path.push(issue.keys[0]);
		throw malformed([part, ...path].join("."));
	}
	const unknown = unknownKey(given, parsed.data, part);
	if (unknown) throw malformed(unknown);
	return parsed.data;
}

/** The first key that is in `given` and did not come through the schema. */
function unknownKey(given: unknown, parsed: unknown, path: string): string | null {
	// What a schema leaves open comes through as the same object.
	if (given === parsed || !isObject(given) || !isObject(parsed)) return null;
	for (const [key, value] of Object.entries(given)) {
		const here = `${path}.${key}`;
		if (!Object.hasOwn(parsed, key)) return here;
		const deeper = unknownKey(value, parsed[key], here);
		if (deeper) return deeper;
	}
	return null;
}

/** Deeper than anything that we ask for; the walk below must not run out of stack. */
const DEPTH = 32;

/** Where a text stands that PostgreSQL can't store (U+0000, half a surrogate pair), or where nesting is absurd. */
function unstorable(value: unknown, path: string, depth = 0): string | null {
	if (typeof value === "string") return value.includes("\0") || !value.isWellFormed() ? path : null;
	if (!isObject(value)) return null;
	if (depth > DEPTH) return path;
	for (const [key, inner] of Object.entries(value)) {
		const here = `${path}.${key}`;
		const found = unstorable(key, path) ?? unstorable(inner, here, depth + 1);
		if (found) return found;
	}
	return null;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const malformed = (key: string): RoomError =>
	// A key may be whatever somebody sent: it is shown to that somebody, and cut.
	new RoomError("api.malformed", "the request is not of the form that the contract gives", {
		context: { key: key.slice(0, 200) },
	});
