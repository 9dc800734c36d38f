import * as z from "zod/mini";
import { RoomError } from "../core/RoomError.ts";
import { malformed, type SecurityFailure, securityFailures } from "./failures.ts";
import type { FarMedia } from "./Peer.ts";
import { MOST_SDP_CHARACTERS } from "./sdp-policy.ts";
import { turnOffer, turnWish } from "./turning.ts";

/** Version of the handshake: of the hello card and of every signed message. */
export const MEETING_VERSION = 1;

const version = z.literal(MEETING_VERSION);
const bytes16 = z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/));
const bytes32 = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));
const sdp = z.string().check(z.maxLength(MOST_SDP_CHARACTERS));
const name = z.string().check(z.maxLength(256));
const kind = z.enum(["room", "guest"]);

/** What a member shows on joining, sealed but not signed: only the order of things depends on it, no trust. */
export const helloCard = z.object({
	v: version,
	kind,
	/** One stay in a meeting: the same after a reconnect, another after a reload. */
	instance: bytes16,
});
export type HelloCard = z.infer<typeof helloCard>;

/** Signed with the offerer's key in the header. `hA` commits to nA. `iat` in seconds since the Unix epoch. */
export const offer = z.object({ v: version, callId: bytes16, name, iat: z.number(), hA: bytes32, sdp });
/** Signed with the answerer's key in the header. `offerHash`: SHA-256 of the OFFER as received. */
export const answer = z.object({ v: version, callId: bytes16, name, offerHash: bytes32, nB: bytes32, sdp });
/** Signed by the offerer. Opens the commitment. `transcript`: SHA-256 of OFFER‖ANSWER. */
export const confirm = z.object({ v: version, callId: bytes16, nA: bytes32, transcript: bytes32 });

const candidate = z.object({
	candidate: z.string().check(z.maxLength(512)),
	sdpMLineIndex: z.number().check(z.gte(0), z.lte(16)),
});
export const signalBody = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("candidates"), list: z.array(candidate).check(z.maxLength(64)) }),
	/** `turn`: the receiver may turn the sender's camera. */
	z.object({
		kind: z.literal("state"),
		microphone: z.boolean(),
		camera: z.boolean(),
		turn: z.optional(z.nullable(turnOffer)),
	}),
	/** Wants the receiver's camera turned. */
	z.object({ kind: z.literal("turn"), wish: turnWish }),
	/** The sender's path is lost, and the offerer shall make a new call. */
	z.object({ kind: z.literal("again") }),
	z.object({ kind: z.literal("bye"), reason: z.enum(["left", ...securityFailures]) }),
]);
export type SignalBody = z.infer<typeof signalBody>;
export type ByeReason = "left" | SecurityFailure;

/** Everything after (and beside) the handshake; `seq` grows by one with each message of a direction. */
export const signal = z.object({
	v: version,
	callId: bytes16,
	role: z.enum(["offerer", "answerer"]),
	seq: z.number().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER)),
	body: signalBody,
});

/**
 * Parses tolerantly (unknown fields are left out), the version first.
 * @throws RoomError `call.version_unknown` or `meeting.malformed`.
 */
export function parseMessage<S extends z.ZodMiniType>(schema: S, value: unknown): z.infer<S> {
	const stated = (value as { v?: unknown } | null)?.v;
	if (typeof stated === "number" && stated !== MEETING_VERSION)
		throw new RoomError("call.version_unknown", "The far end speaks another version");
	const parsed = z.safeParse(schema, value);
	if (!parsed.success) throw malformed();
	return parsed.data;
}

/** What a member says of its sources, as it may be drawn. */
export function farMedia({ microphone, camera, turn }: Extract<SignalBody, { kind: "state" }>): FarMedia {
	if (!turn) return { microphone, camera };
	const presets = turn.presets.map(({ number, name }) => ({ number, name: name === null ? null : displayName(name) }));
	return { microphone, camera, turn: { presets } };
}

const MOST_NAME_CHARACTERS = 64;

/** A name as it may be drawn: no control or format characters (which could reorder or hide text), one line, of bounded length. */
export function displayName(text: string): string {
	const clean = text
		.normalize("NFC")
		.replaceAll(/[\s\p{Zl}\p{Zp}]+/gu, " ")
		.replaceAll(/[\p{C}]/gu, "")
		.trim();
	return [...clean].slice(0, MOST_NAME_CHARACTERS).join("").trim();
}
