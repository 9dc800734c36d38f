import { Emitter } from "../core/Emitter.ts";
import { RoomError } from "../core/RoomError.ts";
import { type Candidate, FAREWELL_MS, type IceServer, type Peer, type PeerEvents } from "../meeting/Peer.ts";
import { CloseNotify } from "./CloseNotify.ts";
import { usableCodecs, type VideoCodec } from "./encoder.ts";
import {
	type Bin,
	Element,
	type GstObject,
	type GstValue,
	Pad,
	Pipeline,
	type SessionDescription,
	WebrtcGate,
} from "./gst/index.ts";
import type { Hub } from "./Hub.ts";
import { type NegotiatedMedia, negotiate, offerCaps, preferenceCaps, withFingerprint } from "./negotiation.ts";
import { PeerReceiver } from "./PeerReceiver.ts";
import { PeerSender } from "./PeerSender.ts";
import { nextRate, type RateState, startRate, targetOf } from "./rate-control.ts";
import { SendFeedback } from "./SendFeedback.ts";
import type { PeerStats } from "./stats.ts";
import { configureIce, firstPacketMs, lengthenBuffers, repairOf, tuneInside } from "./webrtcbin.ts";

export interface PeerSurroundings {
	pipeline: Pipeline;
	hubs: { camera: Hub; microphone: Hub; farVideo: Hub; farAudio: Hub };
	iceServers: readonly IceServer[];
	onFarPicture: (picture: { atMs: number; width: number; height: number }) => void;
}

/** So long after its beginning a stream's jitter buffer gets its length. */
const settledMs = 1_000;
const rateIntervalMs = 500;
/** ICE may come back from `disconnected` by itself. */
const disconnectedMs = 4_000;
/** No packet at all, not even RTCP (every 5 s at most, RFC 3550 section 6.2). */
const silentMs = 12_000;

/** webrtcbin as a Peer of the meeting: bundled, with NACK and RTX, transport-cc, a certificate of its own behind the native gate. */
export class GstPeer implements Peer {
	readonly events = new Emitter<PeerEvents>();
	readonly #around: PeerSurroundings;
	readonly #webrtc: Element;
	readonly #gate: WebrtcGate;
	readonly #sender: PeerSender;
	readonly #receiver: PeerReceiver;
	readonly #codecs: readonly VideoCodec[];
	/** webrtcbin's own pads; released with it. */
	readonly #sinks: { audio?: Pad; video?: Pad } = {};
	/** Of what we send; random (RFC 3550 section 8.1), and known before the payloaders are, for the description. */
	readonly #ssrc = { audio: randomSsrc(), video: randomSsrc() };
	#feedback: SendFeedback | null = null;
	#closeNotify: CloseNotify | null = null;
	#pictureBuffer: Element | null = null;
	#rate: RateState;
	#path: PeerStats["path"] = { loss: null, roundTripMs: null, receivedBitrate: null, delayGrowthUs: null };
	#lastBytes = 0;
	#heard = { count: 0, atMs: 0 };
	#connected = false;
	#over = false;
	#closing: Promise<void> | null = null;
	readonly #timers = new Set<NodeJS.Timeout>();

	constructor(around: PeerSurroundings) {
		this.#around = around;
		this.#codecs = usableCodecs(Pipeline.elementExists);
		const { pipeline, hubs } = around;
		this.#webrtc = Element.make("webrtcbin");
		this.#webrtc.setAll({ "bundle-policy": "max-bundle", latency: firstPacketMs });
		this.#gate = WebrtcGate.of(this.#webrtc);
		this.#rate = startRate(performance.now());
		this.#sender = new PeerSender(pipeline, hubs, targetOf(this.#rate));
		this.#receiver = new PeerReceiver(pipeline, hubs);
		configureIce(this.#webrtc, around.iceServers);
		this.#webrtc.connect("on-ice-candidate", (mline, candidate) => {
			if (this.#over) return;
			this.events.emit("candidate", { candidate: String(candidate), sdpMLineIndex: Number(mline) });
		});
		this.#webrtc.connect("pad-added", (pad) => this.#padAdded(pad));
		this.#webrtc.onNotify("connection-state", (state) => this.#stateChanged(String(state)));
		this.#gate.onChange((state) => this.#gateChanged(state));
		tuneInside(this.#webrtc);
		pipeline.add(this.#webrtc);
		this.#webrtc.syncStateWithParent();
	}

	get name(): string {
		return this.#webrtc.name;
	}

	async createOffer(): Promise<string> {
		const { audio, video } = offerCaps(this.#codecs, this.#ssrc);
		this.#transceiver("audio", audio);
		this.#transceiver("video", video);
		const offer = await this.#describe("create-offer", "offer");
		await this.#webrtc.request("set-local-description", offer);
		return withFingerprint(offer.sdp, this.#gate.certificateSha256);
	}

	async acceptOffer(sdp: string, expectedFingerprint: Uint8Array): Promise<string> {
		const media = negotiate(sdp, this.#codecs, "offer");
		this.#gate.expect(expectedFingerprint);
		for (const one of media) this.#transceiver(one.kind, preferenceCaps(one, this.#ssrc[one.kind]));
		await this.#webrtc.request("set-remote-description", { type: "offer", sdp });
		const answer = await this.#describe("create-answer", "answer");
		await this.#webrtc.request("set-local-description", answer);
		// While the answer travels: encoders and decoders are ready before the far end is.
		setImmediate(() => this.#build(media));
		return withFingerprint(answer.sdp, this.#gate.certificateSha256);
	}

	async acceptAnswer(sdp: string, expectedFingerprint: Uint8Array): Promise<void> {
		const media = negotiate(sdp, this.#codecs, "answer");
		this.#gate.expect(expectedFingerprint);
		await this.#webrtc.request("set-remote-description", { type: "answer", sdp });
		this.#build(media);
	}

	async addCandidate({ candidate, sdpMLineIndex }: Candidate): Promise<void> {
		if (this.#over || candidate === "") return;
		this.#webrtc.emit("add-ice-candidate", sdpMLineIndex, candidate);
	}

	release(): void {
		if (!this.#over) this.#gate.release();
	}

	stats(): PeerStats {
		return {
			gate: { state: this.#gate.state, ...this.#gate.counters() },
			...this.#receiver.stats(),
			repair: this.#pictureBuffer && repairOf(this.#pictureBuffer),
			sender: this.#sender.stats(),
			path: this.#path,
		};
	}

	/** Takes an error of the bus; true when it was about this peer. */
	handleError(elementName: string): boolean {
		if (this.#over) return false;
		if (this.#sender.owns(elementName)) {
			void this.#sender.replaceEncoder().then((replaced) => {
				if (!replaced) this.#lose();
			});
			return true;
		}
		const own = (this.#webrtc as Bin).getElementByName(elementName);
		own?.dispose();
		// A transport that stopped does not start again by itself.
		if (own) this.#lose();
		return own !== null;
	}

	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #close(): Promise<void> {
		this.#over = true;
		this.#pictureBuffer = null;
		this.events.clear();
		for (const timer of this.#timers) clearTimeout(timer);
		this.#feedback?.dispose();
		this.#gate.dispose();
		await Promise.all([this.#closeNotify?.send(), this.#sender.dispose()]);
		this.#closeNotify?.dispose();
		await this.#around.pipeline.removeSafely(this.#webrtc);
		await this.#receiver.dispose();
	}

	/** One m-line: webrtcbin's sink pad makes its transceiver, the caps say what it may carry. */
	#transceiver(kind: "audio" | "video", caps: string): void {
		const pad = this.#webrtc.requestPad("sink_%u");
		const transceiver = pad.get("transceiver") as GstObject;
		transceiver.set("codec-preferences", caps);
		if (kind === "video") transceiver.set("do-nack", true);
		transceiver.dispose();
		this.#sinks[kind] = pad;
	}

	#build(media: readonly NegotiatedMedia[]): void {
		if (this.#over) return;
		for (const one of media) {
			this.#receiver.prepare(one.codec);
			const sink = this.#sinks[one.kind];
			if (sink) this.#sender.add(one, sink, this.#ssrc[one.kind]);
		}
		if (this.#gate.state === "open") this.#sender.open();
	}

	async #describe(signal: "create-offer" | "create-answer", field: "offer" | "answer"): Promise<SessionDescription> {
		const reply = await this.#webrtc.request(signal, null);
		const description = reply?.[field];
		if (isDescription(description)) return description;
		throw new RoomError("media.engine_failed", "webrtcbin made no description.", { context: { signal } });
	}

	#padAdded(pad: GstValue): void {
		if (!(pad instanceof Pad) || this.#over || pad.direction !== "src") return;
		this.#receiver.add(pad);
		pad.dispose();
		this.#after(settledMs, () => (this.#pictureBuffer = lengthenBuffers(this.#webrtc as Bin)));
	}

	#stateChanged(state: string): void {
		if (this.#over) return;
		if (state === "connected") this.#up();
		else if (state === "failed" || (state === "closed" && this.#connected)) this.#lose();
		else if (state === "disconnected") {
			this.#after(disconnectedMs, () => {
				if (this.#webrtc.get("connection-state") === "disconnected") this.#lose();
			});
		}
	}

	/** DTLS is through: the certificate was presented, and the gate has compared it, natively, before this state was. */
	#up(): void {
		if (this.#connected || this.#gate.state === "refused") return;
		this.#connected = true;
		this.#feedback = new SendFeedback(this.#webrtc as Bin);
		this.#closeNotify = new CloseNotify(this.#webrtc as Bin, () =>
			this.#after(FAREWELL_MS, () => this.#lose({ byFarEnd: true })),
		);
		this.#heard = { count: 0, atMs: performance.now() };
		this.#rate = startRate(performance.now());
		this.#every(rateIntervalMs, () => this.#regulate());
		this.events.emit("connected", undefined);
	}

	#gateChanged(state: "open" | "refused"): void {
		if (this.#over) return;
		if (state === "refused") {
			this.events.emit("refused", { code: "call.peer_certificate_mismatch" });
			return;
		}
		this.#sender.open();
		// Its first key frame may have come before the gate was open.
		this.#receiver.requestKeyFrame();
		const watch = this.#every(10, () => {
			const { firstEpochMs, width, height } = this.#receiver.stats().farVideo;
			if (firstEpochMs === null) return;
			this.#cancel(watch);
			this.#around.onFarPicture({ atMs: firstEpochMs, width, height });
		});
	}

	#regulate(): void {
		const feedback = this.#feedback;
		if (!feedback || this.#over) return;
		const atMs = performance.now();
		const { bytes } = this.#sender.stats();
		const sentBitrate = ((bytes - this.#lastBytes) * 8_000) / rateIntervalMs;
		this.#lastBytes = bytes;
		this.#path = feedback.read();
		this.#rate = nextRate(this.#rate, { atMs, sentBitrate, ...this.#path });
		this.#sender.apply(targetOf(this.#rate));
		if (this.#path.loss !== null) this.#sender.setAudioLoss(this.#path.loss);
		const count = feedback.received();
		if (count !== this.#heard.count) this.#heard = { count, atMs };
		else if (atMs - this.#heard.atMs > silentMs) this.#lose();
	}

	#lose(loss: PeerEvents["lost"] = { byFarEnd: false }): void {
		if (this.#over) return;
		this.events.emit("lost", loss);
	}

	#after(ms: number, run: () => void): void {
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			if (!this.#over) run();
		}, ms);
		this.#timers.add(timer);
	}

	#every(ms: number, run: () => void): NodeJS.Timeout {
		const timer = setInterval(() => {
			if (!this.#over) run();
		}, ms);
		this.#timers.add(timer);
		return timer;
	}

	#cancel(timer: NodeJS.Timeout): void {
		clearTimeout(timer);
		this.#timers.delete(timer);
	}
}

function isDescription(value: GstValue): value is SessionDescription {
	return typeof value === "object" && value !== null && "sdp" in value && typeof value.sdp === "string";
}

function randomSsrc(): number {
	const [ssrc] = crypto.getRandomValues(new Uint32Array(1));
	return ssrc || 1;
}
