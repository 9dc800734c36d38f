/** One suite of what a Peer does, run against the real engine and against the simulated peers that the meeting's tests rely on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineClient } from "../../device/media/EngineClient.ts";
import type { Candidate, Peer, PeerEvents, PeerFactory } from "../../device/meeting/Peer.ts";
import { checkDescription } from "../../device/meeting/sdp-policy.ts";
import { SimulatedNetwork } from "../sim/meeting/SimulatedPeer.ts";

interface Running {
	create: PeerFactory;
	stop(): Promise<unknown>;
}

const implementations: Record<string, () => Promise<Running>> = {
	"the engine": async () => {
		const engine = new EngineClient({
			camera: "synthetic:bars",
			microphone: "synthetic:tone",
			speaker: "none",
			display: "none",
		});
		await engine.start();
		return { create: engine.createPeer, stop: () => engine.stop() };
	},
	"the simulated peer": async () => ({ create: new SimulatedNetwork().factory("webrtcbin"), stop: async () => {} }),
};

describe.each(Object.entries(implementations))("a peer: %s", { timeout: 60_000 }, (_name, start) => {
	let running: Running;
	beforeAll(async () => {
		running = await start();
	});
	afterAll(() => running.stop());

	/** Two peers and what they said, each candidate handed over once the other can take it. */
	async function couple(altered: (fingerprint: Uint8Array) => Uint8Array = (fingerprint) => fingerprint) {
		const [a, b] = [await running.create({ iceServers: [] }), await running.create({ iceServers: [] })];
		const said = { a: listen(a), b: listen(b) };
		const offer = await a.createOffer();
		const offered = checkDescription(offer, { type: "offer" });
		const answer = await b.acceptOffer(offer, altered(offered.fingerprint));
		const answered = checkDescription(answer, { type: "answer" });
		await a.acceptAnswer(answer, answered.fingerprint);
		handOver(a, b, said.a.candidates);
		handOver(b, a, said.b.candidates);
		return { a, b, said, offered, answered };
	}
	function listen(peer: Peer) {
		const events: (keyof PeerEvents)[] = [];
		const losses: PeerEvents["lost"][] = [];
		const candidates: Candidate[] = [];
		peer.events.on("lost", (loss) => losses.push(loss));
		for (const name of ["connected", "lost", "refused"] as const) peer.events.on(name, () => events.push(name));
		peer.events.on("candidate", (candidate) => candidates.push(candidate));
		return { events, losses, candidates };
	}
	function handOver(from: Peer, to: Peer, early: Candidate[]) {
		for (const candidate of early) void to.addCandidate(candidate);
		from.events.on("candidate", (candidate) => void to.addCandidate(candidate));
	}

	it("describes itself as the policy wants it, each time with a certificate of its own", async () => {
		const { a, b, offered, answered } = await couple();
		expect(offered.fingerprint).toHaveLength(32);
		expect(offered.fingerprint).not.toEqual(answered.fingerprint);
		await Promise.all([a.close(), b.close()]);
		const again = await couple();
		expect(again.offered.fingerprint).not.toEqual(offered.fingerprint);
		await Promise.all([again.a.close(), again.b.close()]);
	});

	it("connects where the certificates are the expected ones", async () => {
		const { a, b, said } = await couple();
		await expect.poll(() => [said.a.events, said.b.events]).toEqual([["connected"], ["connected"]]);
		await Promise.all([a.close(), b.close()]);
	});

	it("refuses another certificate, and is never connected", async () => {
		const { a, b, said } = await couple((fingerprint) => fingerprint.map((byte, i) => (i === 31 ? byte ^ 1 : byte)));
		await expect.poll(() => said.b.events).toContain("refused");
		expect(said.b.events).not.toContain("connected");
		await Promise.all([a.close(), b.close()]);
	});

	it.each(["a", "b"] as const)("tells the other end that it closes: %s", async (closing) => {
		const both = await couple();
		await expect.poll(() => [both.said.a.events, both.said.b.events]).toEqual([["connected"], ["connected"]]);
		const other = closing === "a" ? "b" : "a";
		await both[closing].close();
		await expect.poll(() => both.said[other].losses[0]).toEqual({ byFarEnd: true });
		expect(both.said[closing].losses).toEqual([]);
		await both[other].close();
	});

	it("is closed as often as one likes, and says nothing more", async () => {
		const { a, b, said } = await couple();
		await a.close();
		await a.close();
		const before = said.a.events.length;
		await b.close();
		expect(said.a.events).toHaveLength(before);
	});
});
