import * as z from "zod/mini";
import { deviceId } from "./topics.ts";

/** Version of every payload on the bus; another one is refused whole. */
export const PAYLOAD_VERSION = 1;
/** Bytes of one payload on the bus. */
export const PAYLOAD_BYTES = 32 * 1024;
/** How long a ring lives, milliseconds: the far room rings as long as the caller waits. */
export const RING_MS = 30_000;

const random16 = z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/));
const timestamp = z.number().check(z.int(), z.gte(0));
const envelope = {
	v: z.literal(PAYLOAD_VERSION),
	/** 16 random bytes, base64url: drops duplicates. */
	mid: random16,
	/** Milliseconds since the Unix epoch by the sender's clock. */
	ts: timestamp,
};
const compact = (parts: number, max: number) =>
	z.string().check(z.maxLength(max), z.regex(new RegExp(`^[A-Za-z0-9_-]*(\\.[A-Za-z0-9_-]*){${parts - 1}}$`)));

/** Retained. A payload with a lower epoch than one already seen is an old connection's last will, and is ignored. */
export const presence = z.object({
	...envelope,
	epoch: timestamp,
	online: z.boolean(),
	/** Compact JWS (RFC 7515, typ `ic-ring-key+jws`) of `ringKey`; absent when offline. */
	ring: z.optional(compact(3, 8192)),
});
export type Presence = z.infer<typeof presence>;

/** What goes over `ring/{from}`: a compact JWE (RFC 7516, ECDH-ES, A256GCM) of a compact JWS (typ `ic-ring+jws`) of `ringMessage`. */
export const ringFrame = z.object({
	...envelope,
	/** From then on it is worth nothing, milliseconds since the Unix epoch. */
	exp: timestamp,
	sealed: compact(5, PAYLOAD_BYTES - 512),
});
export type RingFrame = z.infer<typeof ringFrame>;

const coordinate = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));
/** A P-256 public key as JWK (RFC 7518 6.2.1). */
export const publicJwk = z.object({ kty: z.literal("EC"), crv: z.literal("P-256"), x: coordinate, y: coordinate });
export type PublicJwk = z.infer<typeof publicJwk>;

/** Signed by the device key: the key to which rings of this device are sealed. It lives as long as the room program. */
export const ringKey = z.object({ v: z.literal(PAYLOAD_VERSION), id: deviceId, epoch: timestamp, jwk: publicJwk });
export type RingKey = z.infer<typeof ringKey>;

const ringPart = {
	v: z.literal(PAYLOAD_VERSION),
	ringId: random16,
	from: deviceId,
	to: deviceId,
	iat: timestamp,
	exp: timestamp,
};
/** Signed by the sender's device key. `from`, `to` and the times are inside, so that a sealed message can't be passed on or kept. */
export const ringMessage = z.discriminatedUnion("op", [
	z.object({
		op: z.literal("ring"),
		...ringPart,
		/** The meeting's link: a secret. */
		link: z.string().check(z.minLength(1), z.maxLength(512)),
		/** Where the answer is sealed to. */
		replyTo: publicJwk,
	}),
	z.object({ op: z.literal("cancel"), ...ringPart }),
	z.object({ op: z.literal("accepted"), ...ringPart }),
	z.object({ op: z.literal("declined"), ...ringPart }),
	z.object({ op: z.literal("busy"), ...ringPart }),
]);
export type RingMessage = z.infer<typeof ringMessage>;
/** What a ring is answered with. */
export type RingAnswer = Exclude<RingMessage["op"], "ring" | "cancel">;

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
