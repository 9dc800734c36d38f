import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { CallAttempt } from "../../../device/meeting/CallAttempt.ts";
import {
	type HandshakeContext,
	makeAnswer,
	makeOffer,
	readAnswer,
	readOffer,
} from "../../../device/meeting/handshake.ts";
import { createGuestIdentity, type OwnIdentity } from "../../../device/meeting/identity.ts";
import { readHeader } from "../../../device/meeting/jws.ts";
import { PreparedPeer } from "../../../device/meeting/PreparedPeer.ts";
import { ReplayCache } from "../../../device/meeting/ReplayCache.ts";
import { SignalChannel } from "../../../device/meeting/SignalChannel.ts";
import { SimulatedNetwork } from "../../sim/meeting/SimulatedPeer.ts";

const clock = new ManualClock(Date.UTC(2026, 10, 23, 9));
const answerSdp = readFileSync(join(import.meta.dirname, "corpus/webrtcbin-answer.sdp"), "utf8");
const offerSdp = readFileSync(join(import.meta.dirname, "corpus/chromium-offer.sdp"), "utf8");

let identities: [OwnIdentity, OwnIdentity];
beforeAll(async () => {
	identities = [await createGuestIdentity(), await createGuestIdentity()];
});

let network: SimulatedNetwork;
let sent: string[];
/** Types that can't be sent now. */
let unsendable: Set<string>;
let told: string[];
let counters: { stray: number };
beforeEach(() => {
	[network, sent, unsendable, told] = [new SimulatedNetwork(), [], new Set(), []];
	counters = { stray: 0 };
});

const contextOf = (identity: OwnIdentity): HandshakeContext => ({
	identity,
	name: "Ada",
	trust: { caPin: new Uint8Array(32), isRevoked: () => false },
	clock,
	replays: new ReplayCache({ clock }),
	farKind: "guest",
	pinned: null,
});

function attempt(offer: Awaited<ReturnType<typeof readOffer>> | null = null): CallAttempt {
	const made = new CallAttempt(
		{
			context: contextOf(identities[0]),
			takePeer: () => PreparedPeer.create(network.factory("chromium"), []),
			counters,
			async send(jws) {
				if (unsendable.has(readHeader(jws).typ)) return false;
				sent.push(jws);
				return true;
			},
		},
		offer,
	);
	for (const event of ["proved", "connected", "failed"] as const) made.events.on(event, () => told.push(event));
	return made;
}
const answerTo = async (jws: string): Promise<string> => {
	const far = contextOf(identities[1]);
	return (await makeAnswer(far, await readOffer(far, jws), answerSdp)).jws;
};

/** What the far end has to say of its candidates in the call of an OFFER, signed by that or another key. */
async function candidatesFor(offerJws: string, identity: OwnIdentity, count: number): Promise<string[]> {
	const { callId } = await readOffer(contextOf(identities[1]), offerJws);
	const channel = new SignalChannel({ callId, role: "answerer", identity });
	const candidate = { candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMLineIndex: 0 };
	const made: string[] = [];
	for (let n = 0; n < count; n += 1) made.push(await channel.sign({ kind: "candidates", list: [candidate] }));
	return made;
}

describe("an attempt", () => {
	it("uses candidates that overtook the ANSWER, a few of them, once it knows whose key they have to be signed with", async () => {
		const offering = attempt();
		await offering.begin();
		const early = await candidatesFor(sent[0] ?? "", identities[1], 5);
		for (const jws of early.slice(0, 4)) await offering.receive(jws);
		await expect(offering.receive(early[4] ?? "")).rejects.toMatchObject({ code: "meeting.malformed" });
		expect(network.peers[0]?.candidates).toBe(0);
		await offering.receive(await answerTo(sent[0] ?? ""));
		expect(network.peers[0]?.candidates).toBe(4);
		expect(counters.stray).toBe(0);
	});

	it("counts what came early and is signed by somebody else, and uses nothing of it", async () => {
		const offering = attempt();
		await offering.begin();
		const [forged = ""] = await candidatesFor(sent[0] ?? "", await createGuestIdentity(), 1);
		await offering.receive(forged);
		await offering.receive(await answerTo(sent[0] ?? ""));
		expect([network.peers[0]?.candidates, counters.stray]).toEqual([0, 1]);
		expect(told).toEqual(["proved"]);
	});

	it("releases media at the offerer once the ANSWER holds and the CONFIRM is sent", async () => {
		const offering = attempt();
		await offering.begin();
		expect(network.peers[0]?.released).toBe(false);
		await offering.receive(await answerTo(sent[0] ?? ""));
		expect(sent.map((jws) => readHeader(jws).typ)).toContain("incamera-confirm");
		expect(network.peers[0]?.released).toBe(true);
		expect(told).toEqual(["proved"]);
	});

	it("releases nothing where the CONFIRM can't be sent", async () => {
		const offering = attempt();
		await offering.begin();
		unsendable.add("incamera-confirm");
		await offering.receive(await answerTo(sent[0] ?? ""));
		expect(network.peers[0]?.released).toBe(false);
		expect(told).toEqual(["failed"]);
		expect(offering.session).toBeNull();
	});

	it("fails where its OFFER or ANSWER can't be sent", async () => {
		unsendable.add("incamera-offer");
		await attempt().begin();
		expect(told).toEqual(["failed"]);
		unsendable.add("incamera-answer");
		const own = contextOf(identities[0]);
		const far = contextOf(identities[1]);
		await attempt(await readOffer(own, (await makeOffer(far, offerSdp)).jws)).begin();
		expect(told).toEqual(["failed", "failed"]);
		expect(sent).toEqual([]);
	});

	it("releases media at the answerer once the CONFIRM holds", async () => {
		const far = contextOf(identities[1]);
		const offer = await makeOffer(far, offerSdp);
		const answering = attempt(await readOffer(contextOf(identities[0]), offer.jws));
		await answering.begin();
		expect(network.peers[0]?.released).toBe(false);
		const { confirm } = await readAnswer(far, offer, sent[0] ?? "");
		await answering.receive(confirm);
		expect(network.peers[0]?.released).toBe(true);
		await expect(answering.receive(confirm)).rejects.toMatchObject({ code: "meeting.stale" });
	});

	it("that is closed tells nothing, answers nothing, and closes a peer that is only then made", async () => {
		const closed = attempt();
		const begun = closed.begin();
		closed.close();
		await begun;
		await setImmediate();
		expect(network.open).toEqual([]);
		await expect(
			closed.receive(await answerTo((await makeOffer(contextOf(identities[0]), offerSdp)).jws)),
		).rejects.toMatchObject({ code: "meeting.stale" });
		expect([told, sent]).toEqual([[], []]);
	});
});
