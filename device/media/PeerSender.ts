import { type EncoderKind, encodersFor, type VideoCodec } from "./encoder.ts";
import { type Bin, type BufferCounter, type Element, type Pad, Pipeline } from "./gst/index.ts";
import { type Hub, isolate } from "./Hub.ts";
import { type NegotiatedMedia, payloaderCaps } from "./negotiation.ts";
import type { EncoderTarget } from "./rate-control.ts";
import type { PeerStats } from "./stats.ts";

/** Encoders that failed in this process: a hardware encoder whose driver gives up must not be tried again with each call. */
const broken = new Set<string>();
/** Bus messages tell an element's name only: each encoder of the process has its own. */
let made = 0;

/**
 * What we send to one far end: from the hubs of camera and microphone through encoder and payloader to webrtcbin's sink pads. Shut by
 * valves before the encoders until `open()`, so that nothing is encoded for nobody and the first picture out is a key frame.
 */
export class PeerSender {
	readonly #pipeline: Pipeline;
	readonly #hubs: { camera: Hub; microphone: Hub };
	readonly #encoders: (codec: VideoCodec) => EncoderKind[];
	#target: EncoderTarget;
	#open = false;
	#video: {
		bin: Bin;
		kind: EncoderKind;
		encoder: Element;
		counter: BufferCounter;
		media: NegotiatedMedia;
		sink: Pad;
		ssrc: number;
	} | null = null;
	#audio: Bin | null = null;

	/** @param encoders Which ways to encode there are, best first; asked again when one failed. */
	constructor(
		pipeline: Pipeline,
		hubs: { camera: Hub; microphone: Hub },
		target: EncoderTarget,
		encoders: (codec: VideoCodec) => EncoderKind[] = (codec) => encodersFor(codec, Pipeline.elementExists),
	) {
		this.#encoders = encoders;
		this.#pipeline = pipeline;
		this.#hubs = hubs;
		this.#target = target;
	}

	/** Builds the sending side of one m-line. `sink`: webrtcbin's pad for it. */
	add(media: NegotiatedMedia, sink: Pad, ssrc: number): void {
		if (media.kind === "audio") this.#addAudio(media, sink, ssrc);
		else this.#addVideo(media, sink, ssrc);
	}

	open(): void {
		this.#open = true;
		for (const bin of [this.#video?.bin, this.#audio]) {
			const valve = bin?.getElementByName("valve");
			valve?.set("drop", false);
			valve?.dispose();
		}
	}

	/** Follows the rate control: the cheapest change that does it. */
	apply(target: EncoderTarget): void {
		const before = this.#target;
		this.#target = target;
		const video = this.#video;
		if (!video) return;
		const { kind } = video;
		if (target.bitrate !== before.bitrate && kind.bitrateProperty) {
			video.encoder.set(
				kind.bitrateProperty.name,
				Math.max(1, Math.round(target.bitrate / kind.bitrateProperty.divisor)),
			);
		}
		if (target.width !== before.width || target.height !== before.height) {
			setIn(video.bin, "size", { caps: sizeCaps(target) });
		}
		if (target.fps !== before.fps) setIn(video.bin, "rate", { "max-rate": target.fps });
	}

	/** Share of packets lost, 0–1: how much repair data Opus spends. */
	setAudioLoss(loss: number): void {
		if (this.#audio)
			setIn(this.#audio, "encoder", {
				"packet-loss-percentage": Math.round(Math.min(0.4, Math.max(0.05, loss)) * 100),
			});
	}

	forceKeyFrame(): void {
		this.#video?.encoder.forceKeyUnit();
	}

	/** Whether a bus message of an element of this name is about our encoder. */
	owns(elementName: string): boolean {
		return this.#video?.encoder.name === elementName;
	}

	/** After a failure: the next best encoder takes its place. False when there is none left. */
	async replaceEncoder(): Promise<boolean> {
		const video = this.#video;
		if (!video) return false;
		broken.add(video.kind.element);
		const { media, sink, ssrc, bin } = video;
		// Or the sink pad would be given back to webrtcbin with the bin, and with it the m-line.
		const src = bin.pad("src");
		src?.unlink();
		src?.dispose();
		await this.#removeVideo();
		this.#addVideo(media, sink, ssrc);
		if (this.#open) this.open();
		return this.#video !== null;
	}

	stats(): PeerStats["sender"] {
		const counts = this.#video?.counter.read();
		return {
			codec: (this.#video?.media.codec as VideoCodec | undefined) ?? null,
			encoder: this.#video?.kind.element ?? null,
			frames: counts?.buffers ?? 0,
			keyFrames: counts?.keyBuffers ?? 0,
			bytes: counts?.bytes ?? 0,
			...this.#target,
		};
	}

	async dispose(): Promise<void> {
		const audio = this.#audio;
		this.#audio = null;
		await Promise.all([this.#removeVideo(), audio ? this.#hubs.microphone.remove(audio) : undefined]);
	}

	async #removeVideo(): Promise<void> {
		const video = this.#video;
		this.#video = null;
		if (!video) return;
		video.counter.dispose();
		await this.#hubs.camera.remove(video.bin);
	}

	#addVideo(media: NegotiatedMedia, sink: Pad, ssrc: number): void {
		const codec = media.codec as VideoCodec;
		const kind = this.#encoders(codec).find(({ element }) => !broken.has(element));
		if (!kind) return;
		const name = `encoder-${++made}`;
		const pay =
			codec === "h264"
				? "rtph264pay config-interval=-1 aggregate-mode=zero-latency mtu=1200"
				: "rtpvp8pay picture-id-mode=15-bit mtu=1200";
		// videorate and videoscale pass buffers through untouched until the rate control asks for less.
		const bin = this.#pipeline.addDescription(
			`${isolate} ! valve name=valve drop=true drop-mode=forward-sticky-events ! videorate name=rate drop-only=true max-rate=${this.#target.fps} ! ` +
				`videoscale name=scale n-threads=1 ! capsfilter name=size caps="${sizeCaps(this.#target)}" ! ` +
				`${kind.description(this.#target.bitrate, this.#target).replace("name=encoder", `name=${name}`)} ! ${pay} pt=${media.payloadType} name=payloader ! ` +
				`capsfilter name=rtp caps="${payloaderCaps(media, ssrc)}"`,
		);
		const encoder = bin.getElementByName(name) as Element;
		const encoded = encoder.pad("src") as Pad;
		const counter = encoded.count();
		encoded.dispose();
		this.#video = { bin, kind, encoder, counter, media, sink, ssrc };
		this.#link(bin, sink, this.#hubs.camera);
	}

	#addAudio(media: NegotiatedMedia, sink: Pad, ssrc: number): void {
		// Speech at 32 kbit/s with in-band repair (RFC 6716, section 2.1.7); complexity 5 halves the cost of 10 and is not heard at this rate.
		const bin = this.#pipeline.addDescription(
			`${isolate} ! valve name=valve drop=true drop-mode=forward-sticky-events ! ` +
				"opusenc name=encoder audio-type=voice bitrate=32000 complexity=5 inband-fec=true packet-loss-percentage=5 frame-size=20 ! " +
				`rtpopuspay pt=${media.payloadType} min-ptime=20000000 ! capsfilter caps="${payloaderCaps(media, ssrc)}"`,
		);
		this.#audio = bin;
		this.#link(bin, sink, this.#hubs.microphone);
	}

	#link(bin: Bin, sink: Pad, hub: Hub): void {
		const src = bin.pad("src") as Pad;
		src.link(sink);
		src.dispose();
		bin.syncStateWithParent();
		const input = bin.pad("sink") as Pad;
		hub.linkUser(input);
		input.dispose();
	}
}

function sizeCaps({ width, height }: EncoderTarget): string {
	return `video/x-raw,width=${width},height=${height},pixel-aspect-ratio=1/1`;
}

function setIn(bin: Bin, name: string, properties: Record<string, string | number>): void {
	const element = bin.getElementByName(name);
	element?.setAll(properties);
	element?.dispose();
}
