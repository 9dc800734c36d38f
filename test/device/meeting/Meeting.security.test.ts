import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CompactSign, decodeProtectedHeader } from "jose";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import type { FailureReason } from "../../../device/contract/failure.ts";
import { ManualClock } from "../../../device/core/clock.ts";
import { fromBase64url, textOf, toBase64url, utf8 } from "../../../device/meeting/bytes.ts";
import type { MeetingFailure } from "../../../device/meeting/failures.ts";
import {
	type HandshakeContext,
	makeAnswer,
	makeOffer,
	readAnswer,
	readOffer,
} from "../../../device/meeting/handshake.ts";
import { createGuestIdentity, type OwnIdentity } from "../../../device/meeting/identity.ts";
import { readHeader, signMessage } from "../../../device/meeting/jws.ts";
import { ReplayCache } from "../../../device/meeting/ReplayCache.ts";
import { SignalChannel } from "../../../device/meeting/SignalChannel.ts";
import type { LinkHolder } from "../../sim/meeting/LinkHolder.ts";
import { MeetingRig, type Seat } from "../../sim/meeting/MeetingRig.ts";
import { TestFleet } from "../../sim/meeting/TestFleet.ts";
import { RelaySimulator } from "../../sim/relay/RelaySimulator.ts";

const sdpOf = (name: string): string => readFileSync(join(import.meta.dirname, "corpus", name), "utf8");
const offerSdp = sdpOf("chromium-offer.sdp");
const answerSdp = sdpOf("webrtcbin-answer.sdp");
const dayMs = 86_400_000;

let rig: MeetingRig;
beforeEach(async () => {
	rig = await MeetingRig.create();
});
afterEach(() => rig.stop());

/** The end that every security failure must have: the code, no media ever, nothing left open. */
async function refused(code: MeetingFailure, ...seats: Seat[]): Promise<void> {
	await rig.until(() => seats.every((seat) => seat.has("failed")));
	for (const seat of seats) {
		expect(seat.last("failed")).toEqual({ code });
		expect(seat.has("connected")).toBe(false);
	}
	expect(rig.network.mediaFlowed).toBe(false);
	await rig.until(() => rig.network.open.length === 0);
	// Never retried.
	const peers = rig.network.peers.length;
	await rig.advance(3_000);
	expect(rig.network.peers).toHaveLength(peers);
	for (const seat of seats) expect(seat.story.at(-1)).toBe("failed");
}
const resign = (
	jws: string,
	identity: OwnIdentity,
	change: (payload: Record<string, unknown>) => object,
): Promise<string> =>
	new CompactSign(
		utf8(JSON.stringify(change(JSON.parse(textOf(fromBase64url(jws.split(".")[1] ?? "") ?? new Uint8Array()))))),
	)
		.setProtectedHeader(decodeProtectedHeader(jws) as { alg: string })
		.sign(identity.privateKey);
const typesHeard = (holder: LinkHolder): string[] => holder.heard.map((jws) => readHeader(jws).typ);
const firstHeard = async (holder: LinkHolder, type: string): Promise<string> => {
	await rig.until(() => typesHeard(holder).includes(type));
	return holder.heard.find((jws) => readHeader(jws).typ === type) ?? "";
};

it("every failure is one that the panel has words for", () => {
	expectTypeOf<MeetingFailure>().toExtend<FailureReason>();
});

describe("a room's certificate", () => {
	const meets = async (identity: OwnIdentity): Promise<{ guest: Seat; room: Seat }> => {
		const room = rig.seat(identity, { name: "Berlin" });
		await rig.until(() => room.has("alone"));
		return { room, guest: await rig.guest() };
	};

	it("of another CA is refused, and both ends say so", async () => {
		const other = await TestFleet.found(rig.clock.now());
		const { guest, room } = await meets(await other.room());
		await refused("call.certificate_untrusted", guest, room);
	});

	it("that expired is refused", async () => {
		const leaf = await rig.fleet.issue({ notAfter: new Date(rig.clock.now() - 1) });
		const { guest, room } = await meets(await rig.fleet.dubiousRoom(leaf, rig.fleet.root));
		await refused("call.certificate_expired", guest, room);
	});

	it("that was revoked is refused by the other room", async () => {
		const one = await rig.room();
		await rig.until(() => one.has("alone"));
		const revoked = await rig.fleet.room({ serial: "4a55" });
		rig.fleet.revoked.add("4a55");
		const two = rig.seat(revoked, { trust: { caPin: rig.fleet.pin, isRevoked: () => false } });
		await refused("call.certificate_revoked", two, one);
	});

	it("of the fleet's broker is no room's", async () => {
		const { ExtendedKeyUsageExtension } = await import("@peculiar/x509");
		const leaf = await rig.fleet.issue({ extensions: [new ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1"])] });
		const { guest, room } = await meets(await rig.fleet.dubiousRoom(leaf, rig.fleet.root));
		await refused("call.certificate_untrusted", guest, room);
	});
});

describe("the transport", () => {
	it("intercepted by somebody who terminates DTLS is refused on both sides", async () => {
		rig.network.intercepted = true;
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		const guest = await rig.guest();
		await refused("call.peer_certificate_mismatch", room, guest);
	});

	it("intercepted only at the rebuild is refused then", async () => {
		const { room, guest } = await rig.call();
		rig.network.intercepted = true;
		rig.network.cut();
		await rig.until(() => room.has("failed") && guest.has("failed"));
		expect(room.last("failed")).toEqual({ code: "call.peer_certificate_mismatch" });
		expect(rig.network.open).toEqual([]);
	});
});

describe("the clock", () => {
	it("an hour off is named on both sides", async () => {
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		const guest = await rig.guest({ clock: new ManualClock(rig.clock.now() + 3_600_000) });
		await refused("call.clock_wrong", room, guest);
	});

	it("so wrong that certificates seem expired is named as the clock, where the room knows", async () => {
		const one = await rig.room();
		await rig.until(() => one.has("alone"));
		const two = rig.seat(await rig.fleet.room(), { clock: new ManualClock(rig.clock.now() + 90 * dayMs) });
		await refused("call.clock_wrong", two, one);
	});

	it("may be off by four minutes", async () => {
		const room = await rig.room();
		await rig.until(() => room.has("alone"));
		const guest = await rig.guest({ clock: new ManualClock(rig.clock.now() - 240_000) });
		await rig.until(() => room.has("connected") && guest.has("connected"));
	});
});

describe("a dishonest holder of the link", () => {
	let room: Seat;
	beforeEach(async () => {
		room = await rig.room();
		await rig.until(() => room.has("alone"));
	});

	it.each<[string, MeetingFailure, (jws: string, holder: LinkHolder) => Promise<string>]>([
		[
			"signed by nobody",
			"call.handshake_refused",
			async (jws) => `${jws.split(".").slice(0, 2).join(".")}.${"A".repeat(86)}`,
		],
		["signed by another", "call.handshake_refused", async (jws) => resign(jws, await createGuestIdentity(), (p) => p)],
		[
			"of an unknown version",
			"call.version_unknown",
			(jws, { context }) => resign(jws, context.identity, (p) => ({ ...p, v: 2 })),
		],
		[
			"an hour old",
			"call.clock_wrong",
			(jws, { context }) => resign(jws, context.identity, (p) => ({ ...p, iat: Number(p["iat"]) - 3_600 })),
		],
		[
			"without DTLS",
			"call.sdp_refused",
			(jws, { context }) =>
				resign(jws, context.identity, (p) => ({ ...p, sdp: offerSdp.replaceAll("UDP/TLS/RTP/SAVPF", "RTP/AVP") })),
		],
		[
			"with SDES keys",
			"call.sdp_refused",
			(jws, { context }) =>
				resign(jws, context.identity, (p) => ({
					...p,
					sdp: offerSdp.replace("a=mid:0\r\n", "a=mid:0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n"),
				})),
		],
	])("sends an OFFER %s, which is refused as %s", async (_, code, spoil) => {
		const holder = await rig.linkHolder();
		const { jws } = await makeOffer(holder.context, offerSdp);
		await holder.say(await spoil(jws, holder));
		await refused(code, room);
		// The refusal is signed and says why.
		await firstHeard(holder, "incamera-signal");
	});

	it("calls itself a guest and signs as a room, or the other way round", async () => {
		const holder = await rig.linkHolder({ identity: await rig.fleet.room() });
		await holder.offer(offerSdp);
		await refused("call.handshake_refused", room);
	});

	it("sends an OFFER of an earlier meeting again", async () => {
		const holder = await rig.linkHolder();
		const { jws } = await holder.offer(offerSdp);
		await firstHeard(holder, "incamera-answer");
		room.meeting.leave();
		holder.close();
		await rig.until(() => rig.relay.members === 0);
		const replays = new ReplayCache({ clock: rig.clock });
		const again = await rig.room({ replays });
		await rig.until(() => again.has("alone"));
		const first = await rig.linkHolder();
		await first.say(jws);
		await firstHeard(first, "incamera-answer");
		again.meeting.leave();
		first.close();
		await rig.until(() => rig.relay.members === 0);
		const third = await rig.room({ replays });
		await rig.until(() => third.has("alone"));
		await (await rig.linkHolder()).say(jws);
		await refused("call.replayed", third);
	});

	it.each<[string, (payload: Record<string, unknown>) => object]>([
		["another nonce than it had committed to", (p) => ({ ...p, nA: "A".repeat(43) })],
		["another transcript", (p) => ({ ...p, transcript: "A".repeat(43) })],
	])("confirms %s", async (_, change) => {
		const holder = await rig.linkHolder();
		const sent = await holder.offer(offerSdp);
		const { confirm } = await readAnswer(holder.context, sent, await firstHeard(holder, "incamera-answer"));
		await holder.say(await resign(confirm, holder.context.identity, change));
		await refused("call.handshake_refused", room);
		expect(rig.network.peers.some((peer) => peer.released)).toBe(false);
	});

	it("shows a card of an unknown version", async () => {
		await rig.linkHolder({ card: { v: 7, kind: "guest", instance: "A".repeat(22) } });
		await refused("call.version_unknown", room);
	});

	it("answers another OFFER than ours, or alters it", async () => {
		const guest = await startGuestAlone();
		const holder = await rig.linkHolder({ kind: "room", identity: await rig.fleet.room() });
		const context: HandshakeContext = { ...holder.context, farKind: "guest" };
		const offer = await readOffer(context, await firstHeard(holder, "incamera-offer"));
		const answer = await makeAnswer(context, offer, answerSdp);
		await holder.say(
			await resign(answer.jws, context.identity, (p) => ({ ...p, offerHash: toBase64url(new Uint8Array(32)) })),
		);
		await refused("call.handshake_refused", guest);
	});

	it("answers with a weaker description", async () => {
		const guest = await startGuestAlone();
		const holder = await rig.linkHolder({ kind: "room", identity: await rig.fleet.room() });
		const context: HandshakeContext = { ...holder.context, farKind: "guest" };
		const offer = await readOffer(context, await firstHeard(holder, "incamera-offer"));
		const answer = await makeAnswer(context, offer, answerSdp);
		await holder.say(
			await resign(answer.jws, context.identity, (p) => ({
				...p,
				sdp: answerSdp.replaceAll(/^a=fingerprint.*\r\n/gm, ""),
			})),
		);
		await refused("call.sdp_refused", guest);
	});

	/** A guest with nobody else there: the room of this group leaves. */
	async function startGuestAlone(): Promise<Seat> {
		room.meeting.leave();
		await rig.until(() => rig.relay.members === 0);
		const guest = await rig.guest();
		await rig.until(() => guest.has("alone"));
		return guest;
	}

	it("adds candidates of another transport than the signed one, which are dropped", async () => {
		const holder = await rig.linkHolder();
		const sent = await holder.offer(offerSdp);
		const { confirm } = await readAnswer(holder.context, sent, await firstHeard(holder, "incamera-answer"));
		await holder.say(confirm);
		const channel = new SignalChannel({ callId: sent.callId, role: "offerer", identity: holder.context.identity });
		const host = "candidate:1 1 udp 1 192.0.2.1 9 typ host";
		const list = ["ufrag of another", `${host} ufrag OTHER`, "rtsp://192.0.2.1", "candidate:\u0000", ""];
		list.push(`${host} ufrag ${sent.description.ufrag}`, host);
		const candidates = list.map((candidate) => ({ candidate, sdpMLineIndex: 0 }));
		await holder.say(await channel.sign({ kind: "candidates", list: candidates }));
		await rig.until(() => rig.network.peers[0]?.candidates === 2);
		expect(room.meeting.dropped["stray"]).toBe(4);
	});

	it("says something signed before it answered, which is dropped", async () => {
		const guest = await startGuestAlone();
		const holder = await rig.linkHolder({ kind: "room", identity: await rig.fleet.room() });
		const { identity } = holder.context;
		const { callId } = JSON.parse(
			textOf(fromBase64url((await firstHeard(holder, "incamera-offer")).split(".")[1] ?? "") ?? new Uint8Array()),
		);
		const body = { kind: "state", microphone: true, camera: true };
		const payload = { v: 1, callId, role: "answerer", seq: 0, body };
		const { privateKey, key } = identity;
		await holder.say(await signMessage({ type: "incamera-signal", payload, privateKey, key }));
		await rig.until(() => guest.meeting.dropped["stale"] === 1);
		expect(guest.has("farMedia")).toBe(false);
	});

	it("can't end a call by a farewell that isn't signed by the far end", async () => {
		const guest = await rig.guest();
		await rig.until(() => room.has("connected") && guest.has("connected"));
		const [offer] = await opened("m1");
		const { callId } = JSON.parse(textOf(fromBase64url(offer?.split(".")[1] ?? "") ?? new Uint8Array()));
		const forger = new SignalChannel({ callId, role: "offerer", identity: await createGuestIdentity() });
		await inject("m2", "m1", await forger.sign({ kind: "bye", reason: "left" }));
		await inject("m2", "m1", await forger.sign({ kind: "state", microphone: false, camera: false }));
		await rig.until(() => Number(room.meeting.dropped["unsigned"]) === 2);
		expect(room.has("ended")).toBe(false);
		expect(room.all("farMedia").every(({ camera }) => camera)).toBe(true);
	});

	it("can't take the far end's place in a rebuild", async () => {
		const guest = await rig.guest();
		await rig.until(() => room.has("connected") && guest.has("connected"));
		const impostor: HandshakeContext = {
			identity: await createGuestIdentity(),
			name: "Ada",
			trust: rig.fleet.trust,
			clock: rig.clock,
			replays: new ReplayCache({ clock: rig.clock }),
			farKind: "room",
			pinned: null,
		};
		await inject("m2", "m1", (await makeOffer(impostor, offerSdp)).jws);
		await rig.until(() => room.has("failed"));
		expect(room.last("failed")).toEqual({ code: "call.handshake_refused" });
		expect(rig.network.peers.filter((peer) => peer.mediaFlowed)).toHaveLength(2);
	});

	it("can't come in the far end's stead after it is gone: the meeting is with that far end", async () => {
		const guest = await rig.guest();
		await rig.until(() => room.has("connected") && guest.has("connected"));
		// The guest's page is gone without a farewell, and the server says nothing.
		rig.relay.tamper = () => [];
		guest.meeting.leave();
		await rig.until(() => rig.relay.members === 1);
		rig.relay.tamper = (frame) => [frame];
		const stranger = await rig.linkHolder();
		await stranger.offer(offerSdp);
		await rig.until(() => Number(room.meeting.dropped["strangers"]) === 1);
		room.meeting.setMedia({ microphone: false, camera: false });
		await rig.quiet();
		rig.network.cut();
		await rig.advanceUntil(() => room.has("failed"), 25_000);
		expect(room.last("failed")).toEqual({ code: "call.far_end_vanished" });
		expect(typesHeard(stranger)).toEqual([]);
	});

	it("can't disturb a call with an old OFFER, from before or within", async () => {
		const guest = await rig.guest();
		await rig.until(() => room.has("connected") && guest.has("connected"));
		const [offer = ""] = await opened("m1");
		await inject("m2", "m1", offer);
		await rig.until(() => Number(room.meeting.dropped["stale"]) === 1);
		await rig.advance(400_000, 5_000);
		await inject("m2", "m1", offer);
		await rig.until(() => Number(room.meeting.dropped["stale"]) === 2);
		expect(room.has("failed")).toBe(false);
		expect(room.all("connected")).toHaveLength(1);
	});

	/** What the relay has delivered to a member, opened with the link. */
	async function opened(to: string): Promise<string[]> {
		const { Seal } = await import("../../../device/meeting/sealing.ts");
		const seal = await Seal.create(rig.link.secret, rig.link.meetingId);
		const frames = rig.relay.seen.filter((seen) => seen.to === to);
		return Promise.all(frames.map(({ frame }) => seal.open({ from: frame.from, to }, frame.sealed)));
	}

	/** What a server that also holds the link can do: speak in another member's name. */
	async function inject(from: string, to: string, jws: string): Promise<void> {
		const { Seal } = await import("../../../device/meeting/sealing.ts");
		const seal = await Seal.create(rig.link.secret, rig.link.meetingId);
		rig.relay.deliver(to, { t: "message", from, sealed: await seal.seal({ from, to }, jws) });
	}
});

describe("a person in the middle who runs the server and holds the link", () => {
	let otherRelay: RelaySimulator;
	beforeEach(async () => {
		otherRelay = await RelaySimulator.start();
	});
	afterEach(() => otherRelay.stop());

	/** One seat on each relay; the one in between sits on both. */
	async function between(here: OwnIdentity, there: OwnIdentity): Promise<{ victimA: Seat; victimB: Seat }> {
		const victimA = rig.seat(here, { name: "Ada" });
		const victimB = rig.seat(there, { name: "Berlin", relay: otherRelay });
		await rig.until(() => victimA.has("alone") && victimB.has("alone"));
		const name = { name: "whoever you expect" };
		rig.seat(await createGuestIdentity(), name);
		rig.seat(await createGuestIdentity(), { ...name, relay: otherRelay });
		await rig.until(() => victimA.has("connected") && victimB.has("connected"));
		return { victimA, victimB };
	}

	it("can't give both the same code", async () => {
		const { victimA, victimB } = await between(await createGuestIdentity(), await rig.fleet.room());
		expect(victimA.last("connected").sas).not.toEqual(victimB.last("connected").sas);
		expect(victimA.last("connected").security).toBe("encrypted");
		// To the guest it can't be the room that it isn't.
		expect(victimA.last("connected").far.kind).toBe("guest");
	});

	it("can't be verified between two rooms", async () => {
		const { victimA, victimB } = await between(await rig.fleet.room(), await rig.fleet.room());
		for (const victim of [victimA, victimB])
			expect(victim.last("connected")).toMatchObject({ security: "encrypted", far: { kind: "guest", deviceId: null } });
	});
});
