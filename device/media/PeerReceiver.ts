import { decoders, type VideoCodec } from "./encoder.ts";
import type { Bin, BufferCounter, Pad, Pipeline } from "./gst/index.ts";
import type { Hub } from "./Hub.ts";
import type { PeerStats } from "./stats.ts";

/** What we get from one far end: from webrtcbin's source pads through depayloader and decoder to the hubs of screen and speaker. */
export class PeerReceiver {
	readonly #pipeline: Pipeline;
	readonly #hubs: { farVideo: Hub; farAudio: Hub };
	readonly #bins: Bin[] = [];
	#video: { bin: Bin; counter: BufferCounter } | null = null;
	#audio: BufferCounter | null = null;

	constructor(pipeline: Pipeline, hubs: { farVideo: Hub; farAudio: Hub }) {
		this.#pipeline = pipeline;
		this.#hubs = hubs;
	}

	/** Takes a new source pad of webrtcbin. One that carries nothing we know stays blocked. */
	add(pad: Pad): void {
		const caps = pad.caps() ?? pad.caps("query") ?? "";
		const encoding = /encoding-name=\(string\)([A-Z0-9]+)/.exec(caps)?.[1];
		if (encoding === "OPUS" && !this.#audio) {
			const { bin, decoded } = this.#attach(pad, "rtpopusdepay ! opusdec use-inband-fec=true plc=true", this.#hubs.farAudio);
			this.#bins.push(bin);
			this.#audio = decoded;
		} else if ((encoding === "H264" || encoding === "VP8") && !this.#video) {
			const codec: VideoCodec = encoding === "H264" ? "h264" : "vp8";
			// A lost packet asks for a key frame at once and is concealed until it comes: a smear for a moment instead of a frozen face.
			const depay = codec === "h264" ? "rtph264depay request-keyframe=true ! h264parse" : "rtpvp8depay request-keyframe=true";
			const { bin, decoded } = this.#attach(pad, `${depay} ! ${decoders[codec]}`, this.#hubs.farVideo);
			this.#bins.push(bin);
			this.#video = { bin, counter: decoded };
		}
	}

	/** Asks the far end for a key frame (RFC 4585 PLI), when its stream has begun. */
	requestKeyFrame(): void {
		const sink = this.#video?.bin.pad("sink");
		sink?.forceKeyUnit();
		sink?.dispose();
	}

	stats(): Pick<PeerStats, "farVideo" | "farAudio"> {
		const video = this.#video?.counter.read();
		return {
			farVideo: {
				frames: video?.buffers ?? 0,
				width: video?.width ?? 0,
				height: video?.height ?? 0,
				firstEpochMs: video?.firstEpochMs ?? null,
			},
			farAudio: { buffers: this.#audio?.read().buffers ?? 0 },
		};
	}

	async dispose(): Promise<void> {
		this.#video?.counter.dispose();
		this.#audio?.dispose();
		this.#video = null;
		this.#audio = null;
		await Promise.all(this.#bins.splice(0).map((bin) => this.#pipeline.removeSafely(bin)));
	}

	#attach(pad: Pad, description: string, hub: Hub): { bin: Bin; decoded: BufferCounter } {
		const bin = this.#pipeline.addDescription(description);
		const src = bin.pad("src") as Pad;
		const decoded = src.count();
		hub.linkSource(src);
		src.dispose();
		bin.syncStateWithParent();
		const sink = bin.pad("sink") as Pad;
		pad.link(sink);
		sink.dispose();
		return { bin, decoded };
	}
}
