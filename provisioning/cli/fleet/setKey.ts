import { RoomError } from "../../../device/core/RoomError.ts";

/**
 * A copy of `doc` with one key changed: `room.name=Berlin`, `update.window.days=["sun"]`, `directory.0.name=…`. The value is JSON, or else the
 * text itself. Error: `cli.usage`, for a pair without `=`, and a key that leads nowhere.
 */
export function setKey(doc: unknown, pair: string): unknown {
	const [, path, text] = /^([A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*)=(.*)$/s.exec(pair) ?? [];
	if (path === undefined || text === undefined) throw new RoomError("cli.usage", `not of the form key=value: ${pair}`);
	return put(doc, path.split("."), readValue(text), path);
}

function put(within: unknown, keys: readonly string[], value: unknown, whole: string): unknown {
	const [key, ...rest] = keys;
	if (key === undefined) return value;
	if (Array.isArray(within)) {
		const at = Number(key);
		if (!Number.isInteger(at) || at < 0 || at > within.length)
			throw new RoomError("cli.usage", `no such place: ${whole}`);
		return within.toSpliced(at, 1, put(within[at], rest, value, whole));
	}
	if (typeof within !== "object" || within === null) throw new RoomError("cli.usage", `no such key: ${whole}`);
	// only own keys: __proto__ is a key like any other here, and refused by the schema
	const inner = Object.hasOwn(within, key) ? (within as Record<string, unknown>)[key] : undefined;
	if (inner === undefined && rest.length > 0) throw new RoomError("cli.usage", `no such key: ${whole}`);
	return Object.fromEntries([...Object.entries(within), [key, put(inner, rest, value, whole)]]);
}

function readValue(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
