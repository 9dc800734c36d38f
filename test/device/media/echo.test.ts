/**
 * The microphone's processing, as the room uses it: what the loudspeaker plays comes back into the microphone, as in every room, and hardly
 * any of it may go out to the far end that said it.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { microphoneDescription, speakerDescription } from "../../../device/media/audio.ts";
import type { FoundDevice } from "../../../device/media/devices.ts";
import { Pipeline } from "../../../device/media/gst/index.ts";
import { makeNative } from "./native/built.ts";

const rate = 48_000;

/** Its way through the room: three metres, and three tenths of it. */
const echoMs = 10;
const echoGain = 0.3;

/**
 * Something like speech, WAV: low-passed noise in syllables of uneven loudness, the same each time. Left what the loudspeaker plays, right what
 * of it reaches the microphone.
 */
function speech(seconds: number): Buffer {
	const samples = new Int16Array(2 * seconds * rate);
	let state = 1;
	const random = (): number => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 31 - 1;
	};
	let [sound, loudness, target] = [0, 0, 0];
	for (let at = 0; at < seconds * rate; at++) {
		if (at % (rate / 8) === 0) target = Math.max(0, random());
		loudness += (target - loudness) / 1_000;
		sound += (random() - sound) / 8;
		samples[2 * at] = 20_000 * loudness * sound;
		samples[2 * at + 1] = echoGain * (samples[2 * (at - (echoMs * rate) / 1_000)] ?? 0);
	}
	const data = Buffer.from(samples.buffer);
	const head = Buffer.alloc(44);
	head.write("RIFF", 0);
	head.writeUInt32LE(36 + data.length, 4);
	head.write("WAVEfmt ", 8);
	head.writeUInt32LE(16, 16);
	head.writeUInt16LE(1, 20);
	head.writeUInt16LE(2, 22);
	head.writeUInt32LE(rate, 24);
	head.writeUInt32LE(rate * 4, 28);
	head.writeUInt16LE(4, 32);
	head.writeUInt16LE(16, 34);
	head.write("data", 36);
	head.writeUInt32LE(data.length, 40);
	return Buffer.concat([head, data]);
}

/** Of sound, dB, ten for each second of it. */
interface Levels {
	/** What the microphone hears. */
	heard: number[];
	/** What goes out to the far end. */
	out: number[];
}

const mean = (levels: number[]): number =>
	10 * Math.log10(levels.reduce((sum, dB) => sum + 10 ** (dB / 10), 0) / levels.length);

describe("the microphone's processing", { timeout: 60_000 }, () => {
	const folder = mkdtempSync(join(tmpdir(), "incamera-echo-"));
	const file = join(folder, "speech.wav");
	beforeAll(() => {
		makeNative();
		writeFileSync(file, speech(6));
	}, 300_000);
	afterAll(() => rmSync(folder, { recursive: true }));

	/**
	 * Lets the far end speak into a room whose microphone hears its loudspeaker. Not in real time, so that a busy machine changes
	 * nothing: the loudspeaker is at most 200 ms of sound behind what it is given, its queue being full then, and the microphone 300 ms at least.
	 */
	async function levels({ speaker }: { speaker: boolean }): Promise<Levels> {
		const air =
			"queue min-threshold-time=300000000 max-size-time=0 max-size-buffers=0 max-size-bytes=0 ! level name=heard ! audioconvert";
		const microphone = { device: { id: "", label: "", kind: "microphone", api: "alsa" }, feeder: null } as const;
		const plan = { ...microphone, acoustic: true, description: air };
		const pipeline = new Pipeline(
			`filesrc location="${file}" ! wavparse ! deinterleave name=room  ` +
				`room.src_0 ! ${speakerDescription({ element: "fakesink sync=false" } as FoundDevice)}  ` +
				`room.src_1 ! ${microphoneDescription(plan, { muted: false, speaker })} ! fakesink sync=false async=false`,
		);
		const levels: Levels = { heard: [], out: [] };
		const ended = Promise.withResolvers<void>();
		pipeline.onMessage(({ type, srcElementName, structure, errorMessage }) => {
			const [rms] = (structure?.["rms"] as number[] | undefined) ?? [];
			if (typeof rms === "number" && !Number.isNaN(rms) && srcElementName === "heard") levels.heard.push(rms);
			if (typeof rms === "number" && !Number.isNaN(rms) && srcElementName === "microphone-level") levels.out.push(rms);
			if (type === "eos") ended.resolve();
			if (type === "error") ended.reject(new Error(errorMessage));
		});
		// the canceller works from when the loudspeaker's delay is told
		await pipeline.pause(0);
		pipeline.recalculateLatency();
		await pipeline.play(0);
		await ended.promise;
		await pipeline.dispose();
		// after it has adapted
		return { heard: levels.heard.slice(30), out: levels.out.slice(30) };
	}

	it("takes out of what goes to the far end what the loudspeaker played", async () => {
		const { heard, out } = await levels({ speaker: true });
		expect(mean(out)).toBeLessThan(mean(heard) - 30);
	});

	it("leaves it in where there is no loudspeaker, and brings it to the level of speech", async () => {
		const { heard, out } = await levels({ speaker: false });
		expect(mean(out)).toBeGreaterThan(mean(heard) + 1);
	});
});
