import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type BufferData, type BusMessage, type GstSample, Pipeline } from "../../../../device/media/gst/index.ts";
import { makeNative } from "./built.ts";
import { until } from "./until.ts";

beforeAll(() => makeNative(), 300_000);

/** Runs with a pipeline that is gone afterwards. */
async function using(description: string, body: (pipeline: Pipeline) => Promise<void> | void): Promise<void> {
	const pipeline = new Pipeline(description);
	try {
		await body(pipeline);
	} finally {
		await pipeline.dispose();
	}
}

// What a program written for gst-kit 0.2 relies on, by its README and types.
describe("gst-kit's Pipeline", () => {
	it("plays, pauses and stops with detailed results", async () => {
		await using("videotestsrc ! fakesink", async (pipeline) => {
			expect(pipeline.playing()).toBe(false);
			expect(await pipeline.play()).toEqual({ result: "success", finalState: 4, targetState: 4 });
			expect(pipeline.playing()).toBe(true);
			expect(await pipeline.pause(1500)).toEqual({ result: "success", finalState: 3, targetState: 3 });
			expect(pipeline.playing()).toBe(false);
			expect(await pipeline.play(2000)).toMatchObject({ result: "success", finalState: 4 });
			expect(await pipeline.stop(500)).toEqual({ result: "success", finalState: 1, targetState: 1 });
			expect(await pipeline.stop()).toMatchObject({ result: "success" });
			expect(pipeline.playing()).toBe(false);
		});
	});

	it("changes state in the order in which it was asked", async () => {
		await using("videotestsrc ! fakesink", async (pipeline) => {
			const results = await Promise.all([pipeline.play(), pipeline.stop(), pipeline.play(), pipeline.stop()]);
			expect(results.at(-1)).toMatchObject({ targetState: 1, finalState: 1 });
			expect(pipeline.playing()).toBe(false);
		});
	});

	it("tells failure and async", async () => {
		await using("filesrc location=/nonexistent/file ! fakesink", async (pipeline) => {
			expect(await pipeline.play()).toMatchObject({ result: "failure", targetState: 4 });
		});
		await using("appsrc ! fakesink", async (pipeline) => {
			expect(await pipeline.play(0)).toMatchObject({ result: "async", targetState: 4 });
		});
	});

	it("names what is wrong with a description", () => {
		expect(() => new Pipeline("nosuchelement ! fakesink")).toThrow(/no element "nosuchelement"/);
		expect(() => new Pipeline("nosuchelement ! fakesink")).toThrow(
			expect.objectContaining({ name: "RoomError", code: "media.gst_element_missing" }),
		);
		expect(() => new Pipeline("videotestsrc !! fakesink")).toThrow(
			expect.objectContaining({ code: "media.gst_parse" }),
		);
		expect(() => new Pipeline("videotestsrc ! opusenc ! fakesink")).toThrow(
			expect.objectContaining({ code: "media.gst_parse" }),
		);
	});

	it("finds elements and their kind", async () => {
		await using("appsrc name=in ! identity name=mid ! appsink name=out", (pipeline) => {
			expect(pipeline.getElementByName("in")?.type).toBe("app-src-element");
			expect(pipeline.getElementByName("mid")?.type).toBe("element");
			expect(pipeline.getElementByName("out")?.type).toBe("app-sink-element");
			expect(pipeline.getElementByName("none")).toBeNull();
		});
		expect(Pipeline.elementExists("fakesink")).toBe(true);
		expect(Pipeline.elementExists("nosuchelement")).toBe(false);
	});

	it("queries and seeks in seconds", async () => {
		await using("audiotestsrc num-buffers=1000 ! fakesink sync=true", async (pipeline) => {
			expect(pipeline.queryPosition()).toBe(-1);
			expect(pipeline.queryDuration()).toBe(-1);
			await pipeline.pause();
			expect(pipeline.seek(2)).toBe(true);
			await until(() => pipeline.queryPosition() >= 1.9, "the new position");
			expect(pipeline.queryPosition()).toBeLessThan(2.5);
			expect(() => pipeline.seek(-1)).toThrow(/Position must be >= 0/);
		});
	});

	it("gives bus messages, and null in time", async () => {
		await using("videotestsrc num-buffers=1 ! fakesink", async (pipeline) => {
			expect(await pipeline.busPop(10)).toBeNull();
			await pipeline.play();
			const seen: BusMessage[] = [];
			while (seen.at(-1)?.type !== "eos") {
				const message = await pipeline.busPop(-1);
				if (message) seen.push(message);
			}
			const changed = seen.find((message) => message.type === "state-changed");
			expect(changed).toMatchObject({ structureName: "GstMessageStateChanged", oldState: 1, newState: 2 });
			expect(typeof changed?.timestamp).toBe("bigint");
			expect(typeof changed?.srcElementName).toBe("string");
		});
	});

	it("tells an error with its domain", async () => {
		await using("filesrc location=/nonexistent/file name=file ! fakesink", async (pipeline) => {
			await pipeline.play();
			let message = await pipeline.busPop();
			while (message && message.type !== "error") message = await pipeline.busPop();
			expect(message).toMatchObject({ srcElementName: "file", errorDomain: "gst-resource-error-quark", errorCode: 3 });
			expect(message?.errorMessage).toMatch(/not exist|No such|found/i);
			expect(message?.debugInfo).toContain("/nonexistent/file");
		});
	});

	it("ends a stream on demand", async () => {
		await using("videotestsrc is-live=true ! fakesink", async (pipeline) => {
			await pipeline.play();
			expect(pipeline.endOfStream()).toBe(true);
			let message = await pipeline.busPop();
			while (message && message.type !== "eos") message = await pipeline.busPop();
			expect(message?.type).toBe("eos");
		});
	});

	it("is disposed at any time, and then says so", async () => {
		const fresh = new Pipeline("videotestsrc ! fakesink");
		await fresh.dispose();
		await fresh.dispose();
		const busy = new Pipeline("videotestsrc ! videoconvert ! queue ! fakesink name=sink");
		const sink = busy.getElementByName("sink");
		const playing = busy.play();
		const gone = busy.dispose();
		for (const use of [
			() => busy.playing(),
			() => busy.queryPosition(),
			() => busy.getElementByName("sink"),
			() => busy.seek(0),
			() => busy.endOfStream(),
			() => busy.play(),
			() => busy.busPop(0),
			() => sink?.getElementProperty("sync"),
		]) {
			expect(use).toThrow(/used after dispose/);
			expect(use).toThrow(expect.objectContaining({ code: "media.gst_disposed" }));
		}
		await expect(playing).resolves.toBeDefined();
		await gone;
	});

	it("lets nobody wait for what was disposed", async () => {
		const pipeline = new Pipeline("appsrc ! appsink name=sink");
		const sink = pipeline.getElementByName("sink");
		if (sink?.type !== "app-sink-element") throw new Error("no app sink");
		await pipeline.play(0);
		const silent = new Pipeline("appsrc ! fakesink");
		const waiting = [silent.busPop(-1), sink.getSample(-1)];
		await Promise.all([silent.dispose(), pipeline.dispose()]);
		expect(await Promise.all(waiting)).toEqual([null, null]);
	});
});

describe("gst-kit's elements", () => {
	it("have properties with their kind", async () => {
		await using(
			"videotestsrc name=src num-buffers=3 ! capsfilter name=filter ! fakesink name=sink enable-last-sample=true",
			async (pipeline) => {
				const src = pipeline.getElementByName("src")!;
				const filter = pipeline.getElementByName("filter")!;
				const sink = pipeline.getElementByName("sink")!;
				src.setElementProperty("pattern", "ball");
				src.setElementProperty("is-live", true);
				expect(src.getElementProperty("pattern")).toEqual({ type: "primitive", value: "ball" });
				expect(src.getElementProperty("is-live")).toEqual({ type: "primitive", value: true });
				expect(src.getElementProperty("timestamp-offset")).toEqual({ type: "primitive", value: 0n });
				expect(src.getElementProperty("nonexistent")).toBeNull();
				filter.setElementProperty("caps", "video/x-raw,width=64,height=48,framerate=30/1");
				expect(filter.getElementProperty("caps")).toMatchObject({
					type: "primitive",
					value: expect.stringContaining("framerate=(fraction)30/1"),
				});
				expect(sink.getElementProperty("last-sample")).toBeNull();
				await pipeline.play();
				await until(() => sink.getElementProperty("last-sample") !== null, "a sample");
				const sample = sink.getElementProperty("last-sample");
				expect(sample).toMatchObject({
					type: "sample",
					value: { caps: { name: "video/x-raw", width: 64, framerate: "30/1" } },
				});
				expect((sample!.value as GstSample).buffer).toBeInstanceOf(Buffer);
				expect(sink.getElementProperty("stats")).toMatchObject({ type: "object", value: { dropped: 0n } });
			},
		);
	});

	it("refuse values that do not fit, and say what was expected", async () => {
		await using("videotestsrc name=src ! capsfilter name=filter ! fakesink", (pipeline) => {
			const src = pipeline.getElementByName("src")!;
			const filter = pipeline.getElementByName("filter")!;
			expect(() => src.setElementProperty("nonexistent", 1)).toThrow("Property 'nonexistent' not found");
			expect(() => src.setElementProperty("is-live", "yes")).toThrow("Expected boolean value, got string");
			expect(() => src.setElementProperty("num-buffers", "3")).toThrow("Expected number value, got string");
			expect(() => src.setElementProperty("num-buffers", 3e10)).toThrow("out of range");
			expect(() => src.setElementProperty("num-buffers", Number.NaN)).toThrow("out of range");
			expect(() => src.setElementProperty("pattern", "nonsense")).toThrow("Invalid enum value: nonsense");
			expect(() => filter.setElementProperty("caps", "!!!")).toThrow("Invalid caps string");
			expect(() => src.setElementProperty("is-live", undefined)).toThrow(
				expect.objectContaining({ code: "media.gst_property_value" }),
			);
		});
	});

	it("show buffers at a pad, with the RTP header", async () => {
		await using(
			"videotestsrc num-buffers=5 ! video/x-raw,width=64,height=48 ! vp8enc ! rtpvp8pay name=pay pt=97 ! fakesink",
			async (pipeline) => {
				const seen: BufferData[] = [];
				const stop = pipeline.getElementByName("pay")!.addPadProbe("src", (data) => seen.push(data));
				await pipeline.play();
				await until(() => seen.length >= 5, "five packets");
				expect(seen[0]).toMatchObject({ caps: { name: "application/x-rtp" }, rtp: { payloadType: 97 } });
				expect(seen[0]?.buffer?.length).toBeGreaterThan(12);
				expect(seen[1]?.rtp?.ssrc).toBe(seen[0]?.rtp?.ssrc);
				expect(typeof seen[0]?.pts).toBe("number");
				stop();
				stop();
			},
		);
		await using("videotestsrc ! fakesink name=sink", (pipeline) => {
			expect(() => pipeline.getElementByName("sink")!.addPadProbe("none", () => undefined)).toThrow(
				"Failed to get pad: none",
			);
		});
	});

	it("switch pads and describe them", async () => {
		await using(
			"input-selector name=sel ! fakesink videotestsrc ! sel.sink_0 videotestsrc ! sel.sink_1",
			async (pipeline) => {
				const selector = pipeline.getElementByName("sel")!;
				await pipeline.play();
				selector.setPad("active-pad", "sink_1");
				expect(selector.getPad("sink_1")).toMatchObject({ name: "sink_1", direction: 2 });
				expect(selector.getPad("src")).toMatchObject({ direction: 1 });
				expect(selector.getPad("none")).toBeNull();
				expect(() => selector.setPad("active-pad", "none")).toThrow("Pad not found: none");
			},
		);
	});
});

describe("gst-kit's app elements", () => {
	it("pull samples until the end", async () => {
		await using("videotestsrc num-buffers=10 ! appsink name=sink sync=false", async (pipeline) => {
			const sink = pipeline.getElementByName("sink");
			if (sink?.type !== "app-sink-element") throw new Error("no app sink");
			expect(await sink.getSample()).toBeNull();
			await pipeline.play();
			let samples = 0;
			for (let sample = await sink.getSample(); sample; sample = await sink.getSample()) {
				samples++;
				expect(sample.buffer?.length).toBeGreaterThan(0);
			}
			expect(samples).toBe(10);
		});
		await using("appsrc ! appsink name=sink", async (pipeline) => {
			const sink = pipeline.getElementByName("sink");
			if (sink?.type !== "app-sink-element") throw new Error("no app sink");
			await pipeline.play(0);
			expect(await sink.getSample(20)).toBeNull();
		});
	});

	it("push samples to callbacks", async () => {
		await using("videotestsrc num-buffers=10 ! appsink name=sink sync=false", async (pipeline) => {
			const sink = pipeline.getElementByName("sink");
			if (sink?.type !== "app-sink-element") throw new Error("no app sink");
			let count = 0;
			const stop = sink.onSample(() => count++);
			await pipeline.play();
			await until(() => count === 10, "ten samples");
			stop();
		});
	});

	it("take bytes from JavaScript to a file", async () => {
		const folder = mkdtempSync(join(tmpdir(), "incamera-gst-"));
		const file = join(folder, "out");
		await using(`appsrc name=src format=time ! identity name=mid ! filesink location=${file}`, async (pipeline) => {
			const src = pipeline.getElementByName("src");
			if (src?.type !== "app-src-element") throw new Error("no app source");
			const stamps: (number | undefined)[] = [];
			pipeline.getElementByName("mid")!.addPadProbe("src", (data) => stamps.push(data.pts));
			await pipeline.play(0);
			src.push(Buffer.from("one "), 1000);
			src.push(Buffer.from("two "), Buffer.from([0, 0, 0, 0, 0, 0, 0x07, 0xd0]));
			src.push(Buffer.from("three"));
			src.endOfStream();
			let message = await pipeline.busPop();
			while (message && message.type !== "eos") message = await pipeline.busPop();
			await pipeline.stop();
			await until(() => stamps.length === 3, "three buffers");
			expect(stamps.slice(0, 2)).toEqual([1000, 2000]);
			expect(readFileSync(file, "utf8")).toBe("one two three");
			expect(() => src.push("text" as unknown as Buffer)).toThrow("First argument must be a Buffer");
			expect(() => src.push(Buffer.from("late"))).toThrow(/flushing|eos/);
		});
		rmSync(folder, { recursive: true });
	});
});
