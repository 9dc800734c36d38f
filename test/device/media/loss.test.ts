import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { LossyUdpRelay } from "../../sim/network/LossyUdpRelay.ts";
import { type Connected, join, startEngine, until } from "./engines.ts";
import { makeNative } from "./native/built.ts";

beforeAll(() => makeNative(), 300_000);

/** Two engines whose packets cross one lossy hop: the offerer is told its address in place of the answerer's. */
async function joinOverHop(): Promise<Connected & { hop: LossyUdpRelay }> {
	const [one, other] = await Promise.all([startEngine(), startEngine()]);
	await Promise.all([one, other].map(({ engine }) => engine.setSources({ microphone: false, camera: true })));
	const hop = Promise.withResolvers<LossyUdpRelay>();
	let placed = false;
	const connected = await join(one.engine, other.engine, {
		offererHidden: true,
		candidateOfAnswerer: async (candidate) => {
			const [, before, address, port, after] =
				/^(.* udp \d+ )(\d+\.\d+\.\d+\.\d+) (\d+)( typ host.*)$/i.exec(candidate.candidate) ?? [];
			if (placed || !address) return null;
			placed = true;
			const relay = await LossyUdpRelay.start({ host: address, port: Number(port) }, 1, address);
			onTestFinished(() => relay.stop());
			hop.resolve(relay);
			return { ...candidate, candidate: `${before}${address} ${relay.port}${after}` };
		},
	});
	await until(() => one.told.farPictures[0] && other.told.farPictures[0]);
	return { ...connected, hop: await hop.promise };
}

describe("a call over a path that loses packets", { timeout: 60_000 }, () => {
	it("asks for what was lost and gets nearly all of it in time", async () => {
		const { a, b, hop } = await joinOverHop();
		// In its first second a stream is not held up for what it lost.
		await until(async () => (await a.stats()).repair && (await b.stats()).repair);
		hop.set({ loss: 0.1, delayMs: 10 });
		await until(async () => ((await a.stats()).repair?.repaired ?? 0) >= 20);
		await until(async () => ((await b.stats()).repair?.repaired ?? 0) >= 20);
		// A fifth of the single tries would be lost again on their way there or back: there are more.
		for (const peer of [a, b]) {
			const { repair } = await peer.stats();
			if (!repair) throw new Error("no picture came");
			expect(repair.asked).toBeGreaterThanOrEqual(repair.repaired);
			expect(repair.lost).toBeLessThan(repair.repaired / 8);
		}
		expect(hop.up.counters.lost).toBeGreaterThan(20);
		expect(hop.downstream.counters.lost).toBeGreaterThan(20);
	});
});
