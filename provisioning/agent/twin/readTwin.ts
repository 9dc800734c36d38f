import type * as z from "zod/mini";
import { type TwinDoc, type TwinError, twinDoc } from "../../contract/twin.ts";
import { isTimeZone } from "../localTime.ts";

/** Errors that are told of one document. */
export const MOST_ERRORS = 50;
const KEY_LENGTH = 200;

/** A document that can be applied, with what was left out of it; or why it can't be. */
export type ReadTwin = { ok: true; doc: TwinDoc; errors: TwinError[] } | { ok: false; errors: TwinError[] };

/**
 * Reads what the fleet wants the room to be: hostile until it has passed. One wrong key and nothing of it counts; a key that is not known
 * (a newer fleet's) is left out and said.
 */
export function readTwin(value: unknown): ReadTwin {
	const parsed = twinDoc.safeParse(value);
	if (!parsed.success) {
		return { ok: false, errors: limited(parsed.error.issues.map(({ path }) => error(path, "twin.invalid"))) };
	}
	const doc = parsed.data;
	const errors = [...ofThisWorld(doc)];
	if (errors.length > 0) return { ok: false, errors: limited(errors) };
	return { ok: true, doc, errors: limited(unknownKeys(twinDoc, value, [])) };
}

/** What no schema can know. */
function* ofThisWorld(doc: TwinDoc): Generator<TwinError> {
	if (!isTimeZone(doc.room.timeZone)) yield error(["room", "timeZone"], "twin.invalid");
	if (doc.rendezvous !== null && !isSafeOrigin(doc.rendezvous)) yield error(["rendezvous"], "twin.invalid");
	const seen = new Set<string>();
	for (const [at, { id }] of doc.directory.entries()) {
		if (seen.has(id)) yield error(["directory", at, "id"], "twin.invalid");
		seen.add(id);
	}
}

/** Without TLS only on this machine. */
function isSafeOrigin(origin: string): boolean {
	const url = URL.parse(origin);
	if (!url || url.origin !== origin) return false;
	return url.protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
}

/** Keys that the schema does not name. As deep as the schema is, however deep the value. */
function unknownKeys(schema: z.core.$ZodType, value: unknown, path: PropertyKey[]): TwinError[] {
	const def = schema._zod.def as {
		innerType?: z.core.$ZodType;
		shape?: Record<string, z.core.$ZodType>;
		element?: z.core.$ZodType;
	};
	if (def.innerType) return unknownKeys(def.innerType, value, path);
	const { element, shape } = def;
	if (element && Array.isArray(value)) {
		return value.flatMap((item: unknown, at) => unknownKeys(element, item, [...path, at]));
	}
	if (!shape || typeof value !== "object" || value === null) return [];
	return Object.entries(value).flatMap(([key, inner]) => {
		const known = Object.hasOwn(shape, key) ? shape[key] : undefined;
		return known ? unknownKeys(known, inner, [...path, key]) : [error([...path, key], "twin.unknown_key")];
	});
}

const error = (path: readonly PropertyKey[], code: TwinError["code"]): TwinError => ({
	key: path.map(String).join(".").slice(0, KEY_LENGTH),
	code,
});

const limited = (errors: TwinError[]): TwinError[] => errors.slice(0, MOST_ERRORS);
