import * as z from "zod/mini";

/** Version of every payload on the bus; another one is refused whole. docs/adr/0005 says when it may grow. */
export const PAYLOAD_VERSION = 1;
/** Bytes of one payload on the bus. */
export const PAYLOAD_BYTES = 32 * 1024;
/**
 * For how long a broker may have what it has acknowledged in memory only, seconds: killed, it forgets it. Who may not lose a message keeps it
 * longer than that (docs/adr/0009).
 */
export const BROKER_SAVE_SECONDS = 300;

/** 16 random bytes, base64url without padding. */
export const random16 = z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/));
/** Milliseconds since the Unix epoch. */
export const timestamp = z.number().check(z.int(), z.gte(0));
/** What every payload on the bus begins with. */
export const envelope = {
	v: z.literal(PAYLOAD_VERSION),
	/** Drops duplicates. */
	mid: random16,
	/** By the sender's clock. */
	ts: timestamp,
};

export type Decoded<T> = { ok: true; value: T } | { ok: false; reason: "too_large" | "malformed" | "version_unknown" };

/** Parses a payload from the bus: hostile until it has passed. Unknown keys are dropped. */
export function decodePayload<S extends z.ZodMiniType>(schema: S, bytes: Uint8Array): Decoded<z.infer<S>> {
	if (bytes.byteLength > PAYLOAD_BYTES) return { ok: false, reason: "too_large" };
	let json: unknown;
	try {
		json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
	} catch {
		return { ok: false, reason: "malformed" };
	}
	const version = z.object({ v: z.number() }).safeParse(json);
	if (version.success && version.data.v !== PAYLOAD_VERSION) return { ok: false, reason: "version_unknown" };
	const parsed = schema.safeParse(json);
	return parsed.success ? { ok: true, value: parsed.data } : { ok: false, reason: "malformed" };
}

/** The payload's bytes, checked by its schema: what leaves has exactly the declared keys. Throws a TypeError or RangeError on misuse. */
export function encodePayload<S extends z.ZodMiniType>(schema: S, value: z.infer<S>): Uint8Array {
	const parsed = schema.safeParse(value);
	if (!parsed.success) throw new TypeError("a payload does not fit its schema");
	const bytes = new TextEncoder().encode(JSON.stringify(parsed.data));
	if (bytes.byteLength > PAYLOAD_BYTES) throw new RangeError("a payload is larger than the bus allows");
	return bytes;
}
