import * as z from "zod/mini";
import { envelope, PAYLOAD_BYTES, PAYLOAD_VERSION, random16, timestamp } from "./envelope.ts";
import { deviceId } from "./topics.ts";

/** How long a ring lives, milliseconds: the far room rings as long as the caller waits. */
export const RING_MS = 30_000;

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
