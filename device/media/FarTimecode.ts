import type { AppSink, Pipeline } from "./gst/index.ts";
import type { Hub } from "./Hub.ts";
import { readTimecode } from "./timecode.ts";

/** Reads the moment out of each decoded far-end picture as soon as it is there, for benches; costs a copy of every picture. */
export function readFarTimecodes(
	pipeline: Pipeline,
	farVideo: Hub,
	onPicture: (picture: { atMs: number; code: number | null }) => void,
): void {
	const bin = pipeline.addDescription("appsink name=far-timecode max-buffers=2 drop=true sync=false async=false");
	const sink = bin.getElementByName("far-timecode") as AppSink;
	sink.onSample(({ buffer, caps }) => {
		const atMs = Date.now();
		const [width, height] = [Number(caps?.["width"]), Number(caps?.["height"])];
		if (!buffer || !(width > 0 && height > 0)) return;
		// I420 as decoders give it: rows of luma first, each rounded up to four bytes.
		onPicture({ atMs, code: readTimecode(buffer, width, height, (width + 3) & ~3) });
	});
	bin.syncStateWithParent();
	const pad = bin.pad("sink");
	if (pad) farVideo.linkUser(pad);
	pad?.dispose();
}
