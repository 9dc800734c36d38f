import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { CompactSign, decodeProtectedHeader } from "jose";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { fromBase64url, textOf, toBase64url, utf8 } from "../../../device/meeting/bytes.ts";
import {
	type HandshakeContext,
	makeAnswer,
	makeOffer,
	readAnswer,
	readConfirm,
	readOffer,
	type SentAnswer,
	type SentOffer,
} from "../../../device/meeting/handshake.ts";
import { createGuestIdentity, type OwnIdentity } from "../../../device/meeting/identity.ts";
import { signMessage } from "../../../device/meeting/jws.ts";
import { ReplayCache } from "../../../device/meeting/ReplayCache.ts";
import { SignalChannel } from "../../../device/meeting/SignalChannel.ts";
import { TestFleet } from "../../sim/meeting/TestFleet.ts";

const nowMs = Date.UTC(2026, 10, 23, 9);
const sdpOf = (name: string): string => readFileSync(join(import.meta.dirname, "corpus", name), "utf8");
const offerSdp = sdpOf("chromium-offer.sdp");
const answerSdp = sdpOf("webrtcbin-answer.sdp");

let fleet: TestFleet;
let guest: OwnIdentity;
let room: OwnIdentity;
let clock: ManualClock;
/** The guest offers, the room answers. */
let A: HandshakeContext;
let B: HandshakeContext;

beforeAll(async () => {
	fleet = await TestFleet.found(nowMs);
	[guest, room] = [await createGuestIdentity(), await fleet.room({ name: "CN=room-7" })];
});
beforeEach(() => {
	clock = new ManualClock(nowMs);
	const common = { trust: fleet.trust, clock, pinned: null };
	A = { ...common, identity: guest, name: "Ada", replays: new ReplayCache({ clock }), farKind: "room" };
	B = { ...common, identity: room, name: "Berlin", replays: new ReplayCache({ clock }), farKind: "guest" };
});

const outcome = (promise: Promise<unknown>): Promise<string> =>
	promise.then(
		() => "accepted",
		(error: unknown) => {
			if (!(error instanceof RoomError)) throw error;
			return [error.code, error.context["check"] ?? error.context["rule"]].filter(Boolean).join(" ");
		},
	);
const payloadOf = (jws: string) => JSON.parse(textOf(fromBase64url(jws.split(".")[1] ?? "") ?? new Uint8Array()));
/** The same message with other contents, signed anew by whom it names. */
const resign = (
	jws: string,
	identity: OwnIdentity,
	change: (payload: Record<string, unknown>) => object,
	header = {},
) =>
	new CompactSign(utf8(JSON.stringify(change(payloadOf(jws)))))
		.setProtectedHeader({ ...decodeProtectedHeader(jws), ...header } as { alg: string })
		.sign(identity.privateKey);

async function untilAnswer(): Promise<{ sent: SentOffer; answer: SentAnswer }> {
	const sent = await makeOffer(A, offerSdp);
	return { sent, answer: await makeAnswer(B, await readOffer(B, sent.jws), answerSdp) };
}
async function untilConfirm() {
	const { sent, answer } = await untilAnswer();
	return { sent, answer, received: await readAnswer(A, sent, answer.jws) };
}

describe("an honest handshake", () => {
	it("proves each side to the other, with the same code", async () => {
		const { answer, received } = await untilConfirm();
		const session = await readConfirm(answer, received.confirm);
		expect(session.sas).toEqual(received.session.sas);
		expect(session.callId).toBe(received.session.callId);
		expect(session).toMatchObject({ role: "answerer", far: { kind: "guest", name: "Ada", deviceId: null } });
		expect(received.session).toMatchObject({
			role: "offerer",
			far: { kind: "room", name: "Berlin", deviceId: "room-7" },
		});
		expect(session.far.fingerprint).toEqual(guest.fingerprint);
		expect(received.session.far.fingerprint).toEqual(room.fingerprint);
		expect(received.sdp).toBe(answerSdp);
	});

	it("has another code, callId and nonces each time", async () => {
		const [one, two] = [await untilConfirm(), await untilConfirm()];
		expect(one.received.session.sas).not.toEqual(two.received.session.sas);
		expect(one.sent.callId).not.toBe(two.sent.callId);
	});

	it("tells the offerer's nonce only after the answerer's is known", async () => {
		const { sent, received } = await untilConfirm();
		expect(JSON.stringify(payloadOf(sent.jws))).not.toContain(toBase64url(sent.nA));
		expect(payloadOf(received.confirm).nA).toBe(toBase64url(sent.nA));
	});

	it("gives a name that can be drawn: one line, nothing hidden, of bounded length", async () => {
		const sent = await makeOffer({ ...A, name: `  Ad\u202Ea\n\u0000Lovelace${"x".repeat(200)}` }, offerSdp);
		const { far } = await readOffer(B, sent.jws);
		expect(far.name).toBe(`Ada Lovelace${"x".repeat(52)}`);
	});
});

describe("an OFFER is refused", () => {
	it.each<[string, (jws: string) => Promise<string>, string]>([
		[
			"with a time 6 minutes ago",
			(jws) => resign(jws, guest, (p) => ({ ...p, iat: nowMs / 1000 - 360 })),
			"call.clock_wrong",
		],
		[
			"with a time in 6 minutes",
			(jws) => resign(jws, guest, (p) => ({ ...p, iat: nowMs / 1000 + 360 })),
			"call.clock_wrong",
		],
		["without a time", (jws) => resign(jws, guest, ({ iat, ...p }) => ({ ...p, was: iat })), "meeting.malformed"],
		["of a newer version", (jws) => resign(jws, guest, (p) => ({ ...p, v: 2 })), "call.version_unknown"],
		[
			"with a callId of another length",
			(jws) => resign(jws, guest, (p) => ({ ...p, callId: "AAAA" })),
			"meeting.malformed",
		],
		[
			"with a bad description",
			(jws) => resign(jws, guest, (p) => ({ ...p, sdp: offerSdp.replace("SAVPF", "AVP") })),
			"call.sdp_refused media.protocol",
		],
		[
			"with an answer's description",
			(jws) => resign(jws, guest, (p) => ({ ...p, sdp: answerSdp })),
			"call.sdp_refused setup.value",
		],
		[
			"signed by another key than it names",
			async (jws) => resign(jws, await createGuestIdentity(), (p) => p),
			"call.handshake_refused signature",
		],
		[
			"signed by nobody",
			async (jws) => `${jws.split(".").slice(0, 2).join(".")}.${"A".repeat(86)}`,
			"call.handshake_refused signature",
		],
		[
			"with algorithm none",
			async (jws) => `${toBase64url(utf8('{"alg":"none","typ":"incamera-offer"}'))}.${jws.split(".")[1]}.`,
			"meeting.malformed",
		],
		[
			"with a parameter that nobody asked for",
			(jws) => resign(jws, guest, (p) => p, { kid: "x" }),
			"meeting.malformed",
		],
		[
			"with a critical parameter",
			(jws) => resign(jws, guest, (p) => p, { crit: ["b64"], b64: true }),
			"meeting.malformed",
		],
		[
			"with a private key in it",
			(jws) => resign(jws, guest, (p) => p, { jwk: { ...guest.key.jwk, d: "A".repeat(43) } }),
			"meeting.malformed",
		],
		["that is an answer", (jws) => resign(jws, guest, (p) => p, { typ: "incamera-answer" }), "meeting.malformed"],
		[
			"that isn't JSON",
			() =>
				new CompactSign(utf8("{"))
					.setProtectedHeader({ alg: "ES256", typ: "incamera-offer", jwk: guest.key.jwk ?? {} })
					.sign(guest.privateKey),
			"meeting.malformed",
		],
		["that is no JWS", async () => "garbage", "meeting.malformed"],
		["that is too large", async (jws) => jws + "A".repeat(70_000), "meeting.malformed"],
		[
			"of ourselves, sent back",
			(jws) => resign(jws, room, (p) => p, { jwk: undefined, x5c: room.key.x5c }),
			"call.handshake_refused own_identity",
		],
		[
			"of a room where the card said guest",
			async (jws) => {
				const other = await fleet.room();
				return resign(jws, other, (p) => p, { jwk: undefined, x5c: other.key.x5c });
			},
			"call.handshake_refused kind",
		],
		[
			"of a room of another CA",
			async (jws) => {
				const other = await (await TestFleet.found(nowMs)).room();
				return resign(jws, other, (p) => p, { jwk: undefined, x5c: other.key.x5c });
			},
			"call.certificate_untrusted anchor",
		],
		["with a chain and a key", (jws) => resign(jws, guest, (p) => p, { x5c: room.key.x5c }), "meeting.malformed"],
	])("%s", async (_, change, expected) => {
		const { jws } = await makeOffer(A, offerSdp);
		expect(await outcome(readOffer(B, await change(jws)))).toBe(expected);
		B.replays = new ReplayCache({ clock });
		expect(await outcome(readOffer(B, jws)), "the untouched one is fine").toBe("accepted");
	});

	it("the second time, also in a later meeting", async () => {
		const { jws } = await makeOffer(A, offerSdp);
		await readOffer(B, jws);
		expect(await outcome(readOffer(B, jws))).toBe("call.replayed");
		clock.advance(4 * 60_000);
		expect(await outcome(readOffer({ ...B }, jws))).toBe("call.replayed");
		clock.advance(2 * 60_000);
		expect(await outcome(readOffer(B, jws))).toBe("call.clock_wrong");
	});

	it("with the clock as the reason, rather than the certificate that seems expired for it", async () => {
		const fromRoom = await makeOffer({ ...A, identity: room, farKind: "guest" }, offerSdp);
		const later = { ...A, clock: new ManualClock(nowMs + 90 * 86_400_000), farKind: "room" } as const;
		expect(await outcome(readOffer(later, fromRoom.jws))).toBe("call.clock_wrong");
	});

	it("by another key than the one that was proved before in this meeting", async () => {
		const { jws } = await makeOffer({ ...A, identity: await createGuestIdentity() }, offerSdp);
		expect(await outcome(readOffer({ ...B, pinned: guest.fingerprint }, jws))).toBe(
			"call.handshake_refused identity_changed",
		);
		const same = await makeOffer(A, offerSdp);
		expect(await outcome(readOffer({ ...B, pinned: guest.fingerprint }, same.jws))).toBe("accepted");
	});

	it("is not made of a bad local description", async () => {
		expect(await outcome(makeOffer(A, offerSdp.replaceAll(/^a=fingerprint.*\r\n/gm, "")))).toBe(
			"call.sdp_refused fingerprint.missing",
		);
	});
});

describe("an ANSWER is refused", () => {
	it.each<[string, (jws: string) => Promise<string>, string]>([
		[
			"to an altered OFFER",
			(jws) => resign(jws, room, (p) => ({ ...p, offerHash: "A".repeat(43) })),
			"call.handshake_refused transcript",
		],
		["to another OFFER", (jws) => resign(jws, room, (p) => ({ ...p, callId: "A".repeat(22) })), "meeting.stale"],
		["of a newer version", (jws) => resign(jws, room, (p) => ({ ...p, v: 9 })), "call.version_unknown"],
		[
			"with a bad description",
			(jws) => resign(jws, room, (p) => ({ ...p, sdp: answerSdp.replaceAll("sha-256", "sha-1") })),
			"call.sdp_refused fingerprint.algorithm",
		],
		[
			"with other sections",
			(jws) =>
				resign(jws, room, (p) => ({
					...p,
					sdp: answerSdp.replaceAll("mid:1", "mid:2").replace("BUNDLE 0 1", "BUNDLE 0 2"),
				})),
			"call.sdp_refused answer.other_media",
		],
		[
			"signed by another key than it names",
			async (jws) => resign(jws, guest, (p) => p),
			"call.handshake_refused signature",
		],
		[
			"of a guest where the card said room",
			async (jws) => {
				const other = await createGuestIdentity();
				return resign(jws, other, (p) => p, { x5c: undefined, jwk: other.key.jwk });
			},
			"call.handshake_refused kind",
		],
		[
			"of ourselves",
			(jws) => resign(jws, guest, (p) => p, { x5c: undefined, jwk: guest.key.jwk }),
			"call.handshake_refused own_identity",
		],
		[
			"with unused bits set in its nonce",
			(jws) => resign(jws, room, (p) => ({ ...p, nB: `${"A".repeat(42)}B` })),
			"meeting.malformed",
		],
	])("%s", async (_, change, expected) => {
		const { sent, answer } = await untilAnswer();
		expect(await outcome(readAnswer(A, sent, await change(answer.jws)))).toBe(expected);
		expect(await outcome(readAnswer(A, sent, answer.jws)), "the untouched one is fine").toBe("accepted");
	});

	it.each<[string, () => Promise<void> | void, string]>([
		["revoked", () => void fleet.revoked.add("4a77"), "call.certificate_revoked list"],
		["expired", () => clock.advance(61 * 86_400_000), "call.certificate_expired not_after"],
	])("from a room whose certificate is %s", async (_, happen, expected) => {
		B.identity = await fleet.room({ serial: "4a77" });
		const { sent, answer } = await untilAnswer();
		await happen();
		expect(await outcome(readAnswer(A, sent, answer.jws))).toBe(expected);
		fleet.revoked.clear();
	});

	it("by another key than the one that was proved before in this meeting", async () => {
		const { sent, answer } = await untilAnswer();
		expect(await outcome(readAnswer({ ...A, pinned: guest.fingerprint }, sent, answer.jws))).toBe(
			"call.handshake_refused identity_changed",
		);
	});

	it("is not made of a bad local description, or of one that isn't an answer to the OFFER", async () => {
		const offer = await readOffer(B, (await makeOffer(A, offerSdp)).jws);
		expect(await outcome(makeAnswer(B, offer, answerSdp.replaceAll(/^a=rtcp-mux\r\n/gm, "")))).toBe(
			"call.sdp_refused rtcp_mux.missing",
		);
		expect(
			await outcome(
				makeAnswer(B, offer, sdpOf("webrtcbin-answer.sdp").replaceAll("mid:1", "mid:x").replace("0 1", "0 x")),
			),
		).toBe("call.sdp_refused answer.other_media");
	});
});

describe("a CONFIRM is refused", () => {
	it.each<[string, (jws: string) => Promise<string>, string]>([
		[
			"with another nonce than was committed to",
			(jws) => resign(jws, guest, (p) => ({ ...p, nA: "A".repeat(43) })),
			"call.handshake_refused commitment",
		],
		[
			"with another transcript",
			(jws) => resign(jws, guest, (p) => ({ ...p, transcript: "A".repeat(43) })),
			"call.handshake_refused transcript",
		],
		[
			"signed by another key than the OFFER",
			async (jws) => resign(jws, await createGuestIdentity(), (p) => p),
			"call.handshake_refused signature",
		],
		["of another call", (jws) => resign(jws, guest, (p) => ({ ...p, callId: "A".repeat(22) })), "meeting.stale"],
		["that is a signal", (jws) => resign(jws, guest, (p) => p, { typ: "incamera-signal" }), "meeting.malformed"],
	])("%s", async (_, change, expected) => {
		const { answer, received } = await untilConfirm();
		expect(await outcome(readConfirm(answer, await change(received.confirm)))).toBe(expected);
		expect(await outcome(readConfirm(answer, received.confirm)), "the untouched one is fine").toBe("accepted");
	});
});

describe("a person in the middle who knows the link", () => {
	it("gets other codes on the two sides", async () => {
		const [toA, toB] = [await createGuestIdentity(), await createGuestIdentity()];
		A = { ...A, farKind: "guest" };
		const middleB: HandshakeContext = { ...A, identity: toA, farKind: "guest", replays: new ReplayCache({ clock }) };
		const middleA: HandshakeContext = { ...A, identity: toB, farKind: "room", replays: new ReplayCache({ clock }) };
		// Towards A it answers, towards B it offers, with A's own description.
		const sent = await makeOffer(A, offerSdp);
		const got = await readOffer(middleB, sent.jws);
		const forged = await makeOffer(middleA, got.sdp);
		const answer = await makeAnswer(B, await readOffer(B, forged.jws), answerSdp);
		const received = await readAnswer(middleA, forged, answer.jws);
		const forgedAnswer = await makeAnswer(middleB, got, received.sdp);
		const atA = await readAnswer(A, sent, forgedAnswer.jws);
		const atB = await readConfirm(answer, received.confirm);
		expect(atA.session.sas).not.toEqual(atB.sas);
		expect(atA.session.far.fingerprint).not.toEqual(room.fingerprint);
	});
});

describe("any change of any character", () => {
	it("of any handshake message ends in an error", async () => {
		const { sent, answer, received } = await untilConfirm();
		const readers: [string, (jws: string) => Promise<unknown>][] = [
			[sent.jws, (jws) => readOffer({ ...B, replays: new ReplayCache({ clock }) }, jws)],
			[answer.jws, (jws) => readAnswer(A, sent, jws)],
			[received.confirm, (jws) => readConfirm(answer, jws)],
		];
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
		for (const [jws, read] of readers) {
			await fc.assert(
				fc.asyncProperty(fc.nat(jws.length - 2), fc.constantFrom(...alphabet), async (at, put) => {
					fc.pre(jws[at] !== put);
					expect(await outcome(read(jws.slice(0, at) + put + jws.slice(at + 1)))).not.toBe("accepted");
				}),
			);
		}
	});

	it("and any text instead of one", async () => {
		await fc.assert(
			fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
				expect(await outcome(readOffer(B, text))).toBe("meeting.malformed");
			}),
		);
	});
});

describe("signals", () => {
	const pair = async () => {
		const callId = "A".repeat(22);
		const [left, right] = [await createGuestIdentity(), await createGuestIdentity()];
		const keyOf = async ({ key }: OwnIdentity): Promise<CryptoKey> =>
			crypto.subtle.importKey("jwk", key.jwk ?? {}, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
		return {
			a: new SignalChannel({ callId, role: "offerer", identity: left }),
			b: new SignalChannel({ callId, role: "answerer", identity: right }),
			left,
			right,
			leftKey: await keyOf(left),
			rightKey: await keyOf(right),
		};
	};
	const state = { kind: "state", microphone: true, camera: false } as const;

	it("arrive in order; late, repeated and reflected ones don't", async () => {
		const { a, b, leftKey, rightKey } = await pair();
		const [one, two, three] = [await a.sign(state), await a.sign({ kind: "again" }), await a.sign(state)];
		expect(await b.read(one, leftKey)).toEqual(state);
		expect(await b.read(three, leftKey)).toEqual(state);
		for (const old of [one, two, three]) expect(await outcome(b.read(old, leftKey))).toBe("meeting.stale");
		expect(await outcome(a.read(one, leftKey))).toBe("meeting.stale");
		expect(await a.read(await b.sign(state), rightKey)).toEqual(state);
	});

	it("made by somebody else, of another call or of unknown form don't arrive", async () => {
		const { a, b, left, leftKey, rightKey } = await pair();
		const signal = await a.sign(state);
		expect(await outcome(b.read(signal, rightKey))).toBe("call.handshake_refused signature");
		const change = async (next: object) =>
			outcome(b.read(await resign(signal, left, (p) => ({ ...p, ...next })), leftKey));
		expect(await change({ callId: "B".repeat(22) })).toBe("meeting.stale");
		expect(await change({ v: 3 })).toBe("call.version_unknown");
		expect(await change({ seq: -1 })).toBe("meeting.malformed");
		expect(await change({ seq: 2 ** 60 })).toBe("meeting.malformed");
		expect(await change({ body: { kind: "unmute" } })).toBe("meeting.malformed");
		expect(
			await change({
				body: { kind: "candidates", list: Array.from({ length: 65 }, () => ({ candidate: "", sdpMLineIndex: 0 })) },
			}),
		).toBe("meeting.malformed");
		const asConfirm = await signMessage({
			type: "incamera-confirm",
			payload: payloadOf(signal),
			privateKey: left.privateKey,
		});
		expect(await outcome(b.read(asConfirm, leftKey))).toBe("meeting.malformed");
		expect(await b.read(signal, leftKey)).toEqual(state);
	});

	it("end with a farewell, even one that was made before", async () => {
		const { a, b, leftKey } = await pair();
		const bye = await a.sign({ kind: "bye", reason: "left" });
		const after = await a.sign(state);
		expect(await b.read(after, leftKey)).toEqual(state);
		expect(await b.read(bye, leftKey)).toEqual({ kind: "bye", reason: "left" });
		expect(await outcome(b.read(await a.sign(state), leftKey))).toBe("meeting.stale");
	});
});

describe("the replay cache", () => {
	it("forgets after its window, and the oldest beyond its size", () => {
		const cache = new ReplayCache({ clock, windowMs: 1000, most: 3 });
		expect([cache.seen("a"), cache.seen("a")]).toEqual([false, true]);
		clock.advance(1001);
		expect(cache.seen("a")).toBe(false);
		for (const id of ["b", "c", "d", "e", "f"]) cache.seen(id);
		expect(cache.seen("f")).toBe(true);
		expect(cache.seen("a")).toBe(false);
	});
});
