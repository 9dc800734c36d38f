import { beforeAll, describe, it, onTestFinished } from "vitest";
import { until } from "./engines.ts";
import { makeNative } from "./native/built.ts";
import { joinEnds, PeerEnd } from "./PeerEnd.ts";

beforeAll(() => makeNative(), 300_000);

const tone = (hertz: number): string =>
	`audiotestsrc is-live=true freq=${hertz} volume=0.1 samplesperbuffer=960 ! audio/x-raw,format=S16LE,rate=48000,channels=1 ! identity`;

async function end(sound: string): Promise<PeerEnd> {
	const made = await PeerEnd.start(sound);
	onTestFinished(() => made.close());
	return made;
}

describe("a call's sound", { timeout: 60_000 }, () => {
	it("is the far end's: each plays the tone that the other hears, at its pitch", async () => {
		const [low, high] = await Promise.all([end(tone(440)), end(tone(1320))]);
		await joinEnds(low, high);
		await until(() => Math.abs(low.pitch - 1320) <= 20 && Math.abs(high.pitch - 440) <= 20);
	});
});
