import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { Composition } from "../../../device/media/composition.ts";
import { type AppSink, type AppSrc, Bin, Pipeline } from "../../../device/media/gst/index.ts";
import { Hub } from "../../../device/media/Hub.ts";
import type { TvScene } from "../../../device/media/MediaEngine.ts";
import { makeNative } from "./native/built.ts";

beforeAll(() => makeNative(), 300_000);

const call: TvScene = { layout: "call", name: "Ada", status: "", locked: true, selfView: true };

describe("the TV's picture", { timeout: 60_000 }, () => {
	let pipeline: Pipeline;
	afterEach(() => pipeline.dispose());

	/** @param far Launch description of the far end's decoded picture. */
	async function start(far: string): Promise<{ self: Hub; far: Hub }> {
		pipeline = new Pipeline([Hub.description("camera"), Hub.description("far")].join("  "));
		const hubs = { self: new Hub(pipeline, "camera"), far: new Hub(pipeline, "far") };
		await pipeline.play(0);
		pipeline.onMessage(() => pipeline.recalculateLatency(), ["latency"]);
		const source = Bin.parse(far);
		hubs.far.addSource(source);
		source.syncStateWithParent();
		return hubs;
	}
	const find = (name: string) => pipeline.elements({ recursive: true }).find((element) => element.name === name);
	const preview = () => find("tv-jpeg") as AppSink;

	it("goes on where one of the far end's pictures has no time", async () => {
		const [width, height] = [64, 36];
		const caps = `video/x-raw,format=I420,width=${width},height=${height},framerate=30/1`;
		const hubs = await start(`appsrc name=far-pictures is-live=true format=time caps="${caps}"`);
		const size = { width: 320, height: 180, fps: 12, previewFps: 12 };
		const composition = new Composition(pipeline, hubs, { ...size, display: null }, call, false);
		let drawn = 0;
		preview().onSample(() => (drawn += 1));
		await expect.poll(() => drawn).toBeGreaterThan(2);
		const far = find("far-pictures") as AppSrc;
		for (let pushed = 0; pushed < 5; pushed += 1) {
			far.push(Buffer.alloc((width * height * 3) / 2, 128));
			const before = drawn;
			await expect.poll(() => drawn).toBeGreaterThan(before + 2);
		}
		await composition.dispose();
	});

	it("is drawn seldom while nothing moves, and as often as ever once something does", async () => {
		const hubs = await start("videotestsrc is-live=true ! capsfilter caps=video/x-raw,format=I420");
		const size = { width: 320, height: 180, fps: 15, previewFps: 15, display: null };
		const composition = new Composition(pipeline, hubs, size, { ...call, layout: "resting" }, false);
		let rate: unknown;
		preview().onSample(({ caps }) => {
			rate = caps?.["framerate"];
		});
		await expect.poll(() => rate).toBe("5/1");
		composition.setScene(call, false);
		await expect.poll(() => rate).toBe("15/1");
		composition.setScene({ ...call, layout: "resting" }, false);
		await expect.poll(() => rate).toBe("5/1");
		await composition.dispose();
	});

	it.each([
		["seen in the preview", null],
		["on a display", "fakesink sync=true qos=true async=false"],
	])("%s stays in the present on a processor that can't draw every one", async (_, display) => {
		const hubs = await start("videotestsrc is-live=true ! capsfilter caps=video/x-raw,format=I420");
		// Four times the pixels of a large display, twice as often: no machine in a meeting room draws that.
		const size = { width: 3840, height: 2160, fps: 60, previewFps: 12 };
		const composition = new Composition(pipeline, hubs, { ...size, display }, call, false);
		let first: { atMs: number; ptsMs: number } | null = null;
		const drawn: { afterMs: number; lateMs: number }[] = [];
		preview().onSample(({ pts = 0 }) => {
			const [atMs, ptsMs] = [performance.now(), pts / 1e6];
			first ??= { atMs, ptsMs };
			drawn.push({ afterMs: atMs - first.atMs, lateMs: atMs - first.atMs - (ptsMs - first.ptsMs) });
		});
		await expect.poll(() => drawn.at(-1)?.afterMs ?? 0).toBeGreaterThan(6_000);
		expect(Math.min(...drawn.filter(({ afterMs }) => afterMs > 4_000).map(({ lateMs }) => lateMs))).toBeLessThan(1_000);
		await composition.dispose();
	});
});
