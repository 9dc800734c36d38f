import { decoders, type VideoCodec } from "./encoder.ts";
import type { Bin, BufferCounter, Pad, Pipeline } from "./gst/index.ts";
import { type Hub, isolate } from "./Hub.ts";
import type { PeerStats } from "./stats.ts";
import { latencyMs } from "./webrtcbin.ts";

interface Branch {
	bin: Bin;
	decoded: BufferCounter;
}

const codecs: Record<string, VideoCodec | "opus"> = { OPUS: "opus", H264: "h264", VP8: "vp8" };

/** A packet that is lost for good asks for a key frame at once: openh264dec gives no picture again before one. */
const descriptions: Record<VideoCodec | "opus", string> = {
	h264: `${isolate} ! rtph264depay request-keyframe=true ! h264parse ! ${decoders.h264}`,
	vp8: `${isolate} ! rtpvp8depay request-keyframe=true ! ${decoders.vp8}`,
	opus: `${isolate} ! rtpopusdepay ! opusdec use-inband-fec=true plc=true`,
};

/** What we get from one far end: from webrtcbin's source pads through depayloader and decoder to the hubs of screen and speaker. */
export class PeerReceiver {
	readonly #pipeline: Pipeline;
	readonly #hubs: { farVideo: Hub; farAudio: Hub };
	readonly #branches = new Map<VideoCodec | "opus", Branch>();

	constructor(pipeline: Pipeline, hubs: { farVideo: Hub; farAudio: Hub }) {
		this.#pipeline = pipeline;
		this.#hubs = hubs;
	}

	/** Makes the decoder for what was negotiated, so that the first packet finds it playing. */
	prepare(codec: VideoCodec | "opus"): void {
		this.#branch(codec);
	}

	/** Takes a new source pad of webrtcbin. One that carries nothing we know stays blocked. */
	add(pad: Pad): void {
		const caps = pad.caps() ?? pad.caps("query") ?? "";
		const codec = codecs[/encoding-name=\(string\)([A-Z0-9]+)/.exec(caps)?.[1] ?? ""];
		if (!codec) return;
		const branch = this.#branch(codec);
		const sink = branch.bin.pad("sink") as Pad;
		// Or sound, and pictures without loss, would wait as long as a lost packet of a picture may.
		if (codec !== "opus") pad.capLatency(latencyMs);
		if (!sink.linked) pad.link(sink);
		sink.dispose();
	}

	/** Asks the far end for a key frame (RFC 4585 PLI), when its stream has begun. */
	requestKeyFrame(): void {
		const sink = this.#video?.bin.pad("sink");
		if (sink?.linked) sink.forceKeyUnit();
		sink?.dispose();
	}

	stats(): Pick<PeerStats, "farVideo" | "farAudio"> {
		const video = this.#video?.decoded.read();
		return {
			farVideo: {
				frames: video?.buffers ?? 0,
				width: video?.width ?? 0,
				height: video?.height ?? 0,
				firstEpochMs: video?.firstEpochMs ?? null,
			},
			farAudio: { buffers: this.#branches.get("opus")?.decoded.read().buffers ?? 0 },
		};
	}

	async dispose(): Promise<void> {
		const branches = [...this.#branches.values()];
		this.#branches.clear();
		for (const { decoded } of branches) decoded.dispose();
		await Promise.all(branches.map(({ bin }) => this.#pipeline.removeSafely(bin)));
	}

	get #video(): Branch | undefined {
		return this.#branches.get("h264") ?? this.#branches.get("vp8");
	}

	#branch(codec: VideoCodec | "opus"): Branch {
		const known = this.#branches.get(codec);
		if (known) return known;
		const bin = this.#pipeline.addDescription(descriptions[codec]);
		const src = bin.pad("src") as Pad;
		const branch = { bin, decoded: src.count() };
		(codec === "opus" ? this.#hubs.farAudio : this.#hubs.farVideo).linkSource(src);
		src.dispose();
		bin.syncStateWithParent();
		this.#branches.set(codec, branch);
		return branch;
	}
}
