import {
	type Bin,
	type BufferCounter,
	type Disconnect,
	type Element,
	type GstObject,
	type Pad,
	Pipeline,
	type SessionDescription,
	WebrtcGate,
} from "../../../../device/media/gst/index.ts";
import { until } from "./until.ts";

const codecs = {
	vp8: {
		send: "vp8enc name=encoder deadline=1 cpu-used=8 keyframe-max-dist=9000 ! rtpvp8pay ! application/x-rtp,media=video,encoding-name=VP8,payload=96",
		receive: "rtpvp8depay ! vp8dec",
	},
	h264: {
		send: "openh264enc name=encoder complexity=low gop-size=9000 ! h264parse ! rtph264pay config-interval=-1 aggregate-mode=zero-latency ! application/x-rtp,media=video,encoding-name=H264,payload=96",
		receive: "rtph264depay ! h264parse ! openh264dec",
	},
};

export type Codec = keyof typeof codecs;

/** One side of a call in this process: a test picture out, decoded frames in. No network but loopback. */
export class Endpoint {
	readonly pipeline: Pipeline;
	readonly webrtcbin: Element;
	readonly gate: WebrtcGate;
	/** Counts decoded frames; null until a source pad appeared. */
	decoded: BufferCounter | null = null;
	/** Whether each new source pad was blocked when JavaScript heard of it. */
	readonly blockedAtFirst: boolean[] = [];
	/** Counts encoded frames, before the gate. Key frames come first and when asked for, not by themselves. */
	readonly encoded: BufferCounter;
	readonly #branch: string;
	readonly #ends: Disconnect[] = [];

	/** `decode: false` takes the packets and never asks for a key frame. */
	constructor(codec: Codec = "vp8", options: { decode?: boolean } = {}) {
		this.#branch = options.decode === false ? "identity" : codecs[codec].receive;
		this.pipeline = new Pipeline(
			`webrtcbin name=webrtc bundle-policy=max-bundle latency=50 videotestsrc is-live=true pattern=ball ! ` +
				`video/x-raw,width=128,height=96,framerate=30/1,format=I420 ! ${codecs[codec].send} ! webrtc.`,
		);
		this.webrtcbin = this.pipeline.getElementByName("webrtc")!;
		const ice = this.webrtcbin.get("ice-agent") as GstObject;
		const agent = ice.get("agent") as GstObject;
		agent.set("upnp", false);
		agent.dispose();
		ice.dispose();
		this.gate = WebrtcGate.of(this.webrtcbin);
		this.encoded = this.pipeline.getElementByName("encoder")!.pad("src")!.count();
		this.#ends.push(this.webrtcbin.connect("pad-added", (pad) => this.#receive(pad as Pad)));
	}

	#receive(pad: Pad): void {
		if (pad.direction !== "src" || this.pipeline.disposed) return;
		this.blockedAtFirst.push(pad.blocked);
		const branch: Bin = this.pipeline.addDescription(`${this.#branch} ! fakesink name=shown sync=false async=false`);
		const shown = branch.getElementByName("shown")!.pad("sink")!;
		this.decoded = shown.count();
		branch.syncStateWithParent();
		pad.link(branch.pad("sink")!);
	}

	get connected(): boolean {
		return this.webrtcbin.get("connection-state") === "connected";
	}

	/** A transport element of webrtcbin, by factory. */
	part(factory: string): Element | undefined {
		const bin = this.webrtcbin as unknown as Bin;
		return bin.elements({ recursive: true }).find((element) => element.factory === factory);
	}

	/** Writes our real fingerprint over webrtcbin's, as the meeting does before it signs. */
	describe(description: SessionDescription): SessionDescription {
		const hex = [...this.gate.certificateSha256]
			.map((byte) => byte.toString(16).toUpperCase().padStart(2, "0"))
			.join(":");
		return { ...description, sdp: description.sdp.replaceAll(/a=fingerprint:.*/g, `a=fingerprint:sha-256 ${hex}`) };
	}

	async dispose(): Promise<void> {
		for (const end of this.#ends) end();
		this.gate.dispose();
		this.decoded?.dispose();
		this.encoded.dispose();
		await this.pipeline.dispose();
	}
}

/** Connects two endpoints; resolves when both transports are up. What the gates expect is the caller's. */
export async function connect(a: Endpoint, b: Endpoint): Promise<void> {
	for (const [from, to] of [
		[a, b],
		[b, a],
	] as const) {
		from.webrtcbin.connect("on-ice-candidate", (line, candidate) => {
			if (!to.pipeline.disposed) to.webrtcbin.emit("add-ice-candidate", line as number, candidate as string);
		});
	}
	await Promise.all([a.pipeline.play(0), b.pipeline.play(0)]);
	const offer = (await a.webrtcbin.request("create-offer", null))?.["offer"] as SessionDescription;
	await a.webrtcbin.request("set-local-description", offer);
	await b.webrtcbin.request("set-remote-description", a.describe(offer));
	const answer = (await b.webrtcbin.request("create-answer", null))?.["answer"] as SessionDescription;
	await b.webrtcbin.request("set-local-description", answer);
	await a.webrtcbin.request("set-remote-description", b.describe(answer));
	await until(() => a.connected && b.connected, "both transports connected");
}
