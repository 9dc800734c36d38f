import type * as z from "zod/mini";
import type { Clock } from "../core/clock.ts";
import { RoomError } from "../core/RoomError.ts";
import { type Bytes, equalBytes, fromBase64url, randomBytes, sha256, textOf, toBase64url, utf8 } from "./bytes.ts";
import { handshakeRefused, malformed, stale } from "./failures.ts";
import { type FarIdentity, type Kind, type OwnIdentity, readIdentity, type Trust } from "./identity.ts";
import { readHeader, signMessage, verifyMessage } from "./jws.ts";
import { answer, confirm, displayName, MEETING_VERSION, offer, parseMessage } from "./messages.ts";
import type { ReplayCache } from "./ReplayCache.ts";
import { deriveSas, type Sas } from "./sas.ts";
import { type CheckedDescription, checkDescription } from "./sdp-policy.ts";

/** How far the far end's clock may be off, either way. */
export const CLOCK_WINDOW_MS = 5 * 60_000;

export type Role = "offerer" | "answerer";

export interface HandshakeContext {
	identity: OwnIdentity;
	/** Our name, as the far end shall draw it. */
	name: string;
	trust: Trust;
	clock: Clock;
	replays: ReplayCache;
	/** What the far end's card said that it is; the key must say the same. */
	farKind: Kind;
	/** The key fingerprint that the far end proved earlier in this meeting; null before. It may not change. */
	pinned: Bytes | null;
}

/** The far end, its key checked. `name` is what it calls itself. */
export interface FarParty extends FarIdentity {
	name: string;
}

/** A handshake that held on this side. */
export interface Session {
	callId: string;
	role: Role;
	far: FarParty;
	sas: Sas;
}

export interface SentOffer {
	callId: string;
	jws: string;
	nA: Bytes;
	description: CheckedDescription;
}

export interface ReceivedOffer {
	callId: string;
	jws: string;
	hA: Bytes;
	far: FarParty;
	sdp: string;
	description: CheckedDescription;
}

export interface SentAnswer {
	offer: ReceivedOffer;
	jws: string;
	nB: Bytes;
}

export interface ReceivedAnswer {
	sdp: string;
	description: CheckedDescription;
	/** The CONFIRM to send; media may be released once it is sent. */
	confirm: string;
	session: Session;
}

/** OFFER of our own local description. @throws RoomError `call.sdp_refused`. */
export async function makeOffer(context: HandshakeContext, sdp: string): Promise<SentOffer> {
	const description = checkDescription(sdp, { type: "offer" });
	const nA = randomBytes(32);
	const callId = toBase64url(randomBytes(16));
	const payload: z.infer<typeof offer> = {
		v: MEETING_VERSION,
		callId,
		name: context.name,
		iat: Math.floor(context.clock.now() / 1000),
		hA: toBase64url(await sha256(nA)),
		sdp,
	};
	return { callId, jws: await sign(context, "incamera-offer", payload), nA, description };
}

/**
 * Checks an OFFER.
 * @throws RoomError any security failure, or `meeting.malformed`.
 */
export async function readOffer(context: HandshakeContext, jws: string): Promise<ReceivedOffer> {
	const header = typed(jws, "incamera-offer");
	// Before the certificate: with a clock that is wrong, ours or theirs, a good one could seem expired.
	checkTime(context, peek(jws)["iat"]);
	const identity = await readFar(context, header);
	const message = parseMessage(offer, await verifyMessage(jws, identity.publicKey));
	checkParty(context, identity);
	if (context.replays.seen(message.callId)) throw new RoomError("call.replayed", "This offer was seen before");
	return {
		callId: message.callId,
		jws,
		hA: bytesOf(message.hA),
		far: { ...identity, name: displayName(message.name) },
		sdp: message.sdp,
		description: checkDescription(message.sdp, { type: "offer" }),
	};
}

/** ANSWER with our own local description. @throws RoomError `call.sdp_refused`. */
export async function makeAnswer(context: HandshakeContext, received: ReceivedOffer, sdp: string): Promise<SentAnswer> {
	checkDescription(sdp, { type: "answer", offer: received.description });
	const nB = randomBytes(32);
	const payload: z.infer<typeof answer> = {
		v: MEETING_VERSION,
		callId: received.callId,
		name: context.name,
		offerHash: toBase64url(await sha256(utf8(received.jws))),
		nB: toBase64url(nB),
		sdp,
	};
	return { offer: received, jws: await sign(context, "incamera-answer", payload), nB };
}

/**
 * Checks an ANSWER to our OFFER and makes the CONFIRM.
 * @throws RoomError any security failure; `meeting.malformed`, `meeting.stale` (an answer to another offer).
 */
export async function readAnswer(context: HandshakeContext, sent: SentOffer, jws: string): Promise<ReceivedAnswer> {
	const header = typed(jws, "incamera-answer");
	if (peek(jws)["callId"] !== sent.callId) throw stale();
	const identity = await readFar(context, header);
	const message = parseMessage(answer, await verifyMessage(jws, identity.publicKey));
	if (!equalBytes(bytesOf(message.offerHash), await sha256(utf8(sent.jws)))) throw handshakeRefused("transcript");
	checkParty(context, identity);
	const description = checkDescription(message.sdp, { type: "answer", offer: sent.description });
	const transcript = await sha256(utf8(sent.jws + jws));
	const payload: z.infer<typeof confirm> = {
		v: MEETING_VERSION,
		callId: sent.callId,
		nA: toBase64url(sent.nA),
		transcript: toBase64url(transcript),
	};
	const [confirmation, sas] = await Promise.all([
		signMessage({ type: "incamera-confirm", payload, privateKey: context.identity.privateKey }),
		deriveSas(sent.nA, bytesOf(message.nB), transcript),
	]);
	const far = { ...identity, name: displayName(message.name) };
	return {
		sdp: message.sdp,
		description,
		confirm: confirmation,
		session: { callId: sent.callId, role: "offerer", far, sas },
	};
}

/**
 * Checks the CONFIRM of an OFFER that we answered.
 * @throws RoomError `call.handshake_refused`; `meeting.malformed`, `meeting.stale`.
 */
export async function readConfirm(sent: SentAnswer, jws: string): Promise<Session> {
	typed(jws, "incamera-confirm");
	const { offer: received } = sent;
	if (peek(jws)["callId"] !== received.callId) throw stale();
	const message = parseMessage(confirm, await verifyMessage(jws, received.far.publicKey));
	const nA = bytesOf(message.nA);
	if (!equalBytes(await sha256(nA), received.hA)) throw handshakeRefused("commitment");
	const transcript = await sha256(utf8(received.jws + sent.jws));
	if (!equalBytes(bytesOf(message.transcript), transcript)) throw handshakeRefused("transcript");
	const sas = await deriveSas(nA, sent.nB, transcript);
	return { callId: received.callId, role: "answerer", far: received.far, sas };
}

function sign(context: HandshakeContext, type: "incamera-offer" | "incamera-answer", payload: object): Promise<string> {
	const { privateKey, key } = context.identity;
	return signMessage({ type, payload, privateKey, key });
}

function typed(jws: string, type: string): ReturnType<typeof readHeader> {
	const header = readHeader(jws);
	if (header.typ !== type) throw malformed();
	return header;
}

function readFar(context: HandshakeContext, header: ReturnType<typeof readHeader>): Promise<FarIdentity> {
	return readIdentity(header, { ...context.trust, nowMs: context.clock.now() });
}

/**
 * What the payload claims, before its signature was checked: good for refusing early, never for accepting. Once the signature is
 * found good, what was seen here is signed too: it is read from the same bytes.
 */
function peek(jws: string): Record<string, unknown> {
	try {
		const value: unknown = JSON.parse(textOf(fromBase64url(jws.split(".")[1] ?? "") ?? new Uint8Array()));
		if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
	} catch {
		// falls through to the same answer as for JSON that is no object
	}
	throw malformed();
}

/** The call that a message claims to belong to, for telling its sender why it was refused; null where it can't be read. */
export function claimedCallId(jws: string): string | null {
	try {
		const { callId } = peek(jws);
		return typeof callId === "string" && /^[A-Za-z0-9_-]{22}$/.test(callId) ? callId : null;
	} catch {
		return null;
	}
}

function checkTime(context: HandshakeContext, iat: unknown): void {
	if (typeof iat !== "number") throw malformed();
	if (Math.abs(context.clock.now() - iat * 1000) > CLOCK_WINDOW_MS)
		throw new RoomError("call.clock_wrong", "The two clocks are too far apart");
}

function checkParty(context: HandshakeContext, far: FarIdentity): void {
	// Our own messages, sent back to us.
	if (equalBytes(far.fingerprint, context.identity.fingerprint)) throw handshakeRefused("own_identity");
	if (far.kind !== context.farKind) throw handshakeRefused("kind");
	if (context.pinned && !equalBytes(far.fingerprint, context.pinned)) throw handshakeRefused("identity_changed");
}

/** Texts that the schema let through have the right length; this catches unused bits that are set. */
function bytesOf(text: string): Bytes {
	const bytes = fromBase64url(text);
	if (!bytes) throw malformed();
	return bytes;
}
