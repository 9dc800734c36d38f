/**
 * Every row of the SDP policy, properly signed, against a real room: refused with its code on the panel, before its engine has seen the
 * description, and without a buffer of media.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EngineClient } from "../../device/media/EngineClient.ts";
import { type HandshakeContext, makeAnswer, makeOffer, readOffer } from "../../device/meeting/handshake.ts";
import type { OwnIdentity } from "../../device/meeting/identity.ts";
import { MOST_SDP_CHARACTERS } from "../../device/meeting/sdp-policy.ts";
import { dubiousRoom, resign } from "../sim/meeting/forgery.ts";
import { mutations } from "../sim/meeting/sdpMutations.ts";
import type { PanelDriver } from "./PanelDriver.ts";
import { heard, TestBuilding } from "./TestBuilding.ts";

const offerSdp = readFileSync(join(import.meta.dirname, "../device/meeting/corpus/chromium-offer.sdp"), "utf8");

/** Beyond the policy's table: what only the whole can judge. */
const further: typeof mutations = [
	[
		"the answer's role in an offer, the offer's in an answer",
		"setup.value",
		(sdp) =>
			sdp.includes("a=setup:actpass")
				? sdp.replaceAll("a=setup:actpass", "a=setup:active")
				: sdp.replaceAll(/a=setup:\S+/g, "a=setup:actpass"),
	],
];
/** Too large even for the message that carries it: dropped like any unreadable message, before anything of it is looked at. */
const rows = [...mutations, ...further].filter(([, rule]) => rule !== "size");

describe("a signed description that breaks the policy", { timeout: 60_000 }, () => {
	let building: TestBuilding;
	let berlin: PanelDriver;
	let engine: EngineClient;
	/** A far room with a good certificate. */
	let identity: OwnIdentity;
	beforeAll(async () => {
		engine = new EngineClient({ camera: "none", microphone: "none", speaker: "none", display: "none" });
		[building] = await Promise.all([TestBuilding.start(), engine.start()]);
		identity = await dubiousRoom(await building.ca.issueDevice("room-elsewhere"));
	}, 120_000);
	afterAll(() => Promise.all([engine?.stop(), building?.stop()]));
	beforeEach(async () => {
		berlin = await building.panel("berlin");
	});
	afterEach(() => building.clearAndClosePanels());

	it.each(rows)("in a guest's OFFER: %s", async (_, _rule, mutate) => {
		const { mark } = building;
		const holder = await building.holder(await building.roomAlone(berlin));
		const { jws } = await makeOffer(holder.context, offerSdp);
		await holder.say(await resign(jws, holder.context.identity, (payload) => ({ ...payload, sdp: mutate(offerSdp) })));
		await building.refused(berlin, "call.sdp_refused", mark);
	});

	it.each(rows)("in a far room's ANSWER: %s", async (_, _rule, mutate) => {
		const { mark } = building;
		const holder = await building.holder(await building.roomAlone(berlin), { kind: "room", identity });
		const context: HandshakeContext = { ...holder.context, farKind: "room" };
		const offer = await readOffer(context, await heard(holder, "incamera-offer"));
		const peer = await engine.createPeer({ iceServers: [] });
		const sdp = await peer.acceptOffer(offer.sdp, offer.description.fingerprint);
		const { jws } = await makeAnswer(context, offer, sdp);
		const mutated = mutate(sdp);
		expect(mutated).not.toBe(sdp);
		await holder.say(await resign(jws, identity, (payload) => ({ ...payload, sdp: mutated })));
		await building.refused(berlin, "call.sdp_refused", mark);
		await peer.close();
	});

	it("in an OFFER with nothing that the room can play: refused by the engine, under the same code", async () => {
		const { mark } = building;
		const holder = await building.holder(await building.roomAlone(berlin));
		const strange = offerSdp.replaceAll(/^a=rtpmap:(\d+) \S+\//gm, "a=rtpmap:$1 unheard-of/");
		await holder.offer(strange);
		await building.refused(berlin, "call.sdp_refused", mark);
	});

	it("in an OFFER larger than a message may be: dropped, and an honest one is answered after it", async () => {
		const holder = await building.holder(await building.roomAlone(berlin));
		const { jws } = await makeOffer(holder.context, offerSdp);
		const huge = `${offerSdp}a=x:${"1".repeat(MOST_SDP_CHARACTERS - offerSdp.length)}\r\n`;
		await holder.say(await resign(jws, holder.context.identity, (payload) => ({ ...payload, sdp: huge })));
		await holder.offer(offerSdp);
		await heard(holder, "incamera-answer");
	});
});
