import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { decoders, encodersFor } from "../../device/media/encoder.ts";
import { Pipeline } from "../../device/media/gst/index.ts";
import { defaultEngineOptions } from "../../device/media/protocol.ts";
import { planSource } from "../../device/media/sources.ts";

/** What webrtcbin negotiates: AES_CM_128_HMAC_SHA1_80 (RFC 5764, section 4.1.2). The key protects nothing here. */
const key = "0123456789abcdef".repeat(4).slice(0, 60);
const suites = "srtp-cipher=aes-128-icm,srtp-auth=hmac-sha1-80,srtcp-cipher=aes-128-icm,srtcp-auth=hmac-sha1-80";

type Kind = "video" | "audio";
/** Where one end listens, and what its streams are called (two that send under one name would be a collision, RFC 3550 section 8.2). */
interface End {
	ports: Record<Kind | `${Kind}Control`, number>;
	ssrc: Record<Kind, number>;
}

async function freeUdpPort(): Promise<number> {
	const socket = createSocket("udp4");
	await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
	const { port } = socket.address();
	await new Promise<void>((resolve) => socket.close(resolve));
	return port;
}

const newEnd = async (number: number): Promise<End> => ({
	ports: {
		video: await freeUdpPort(),
		audio: await freeUdpPort(),
		videoControl: await freeUdpPort(),
		audioControl: await freeUdpPort(),
	},
	ssrc: { video: 1_000 + number, audio: 2_000 + number },
});

/** What a bare pipeline is like. */
export interface Bare {
	/** What the encoder is asked for, bit/s: the engine's, whose rate control moves it, so that both encode and carry as much. */
	bitrate: number;
	/**
	 * `call`: with what a browser expects of a media path, by the elements that the engine has for it too: `rtpbin` with a session of RTCP
	 * for each medium and retransmission both ways. `plain`: RTP and SRTP alone, which no browser would talk to.
	 */
	path: "call" | "plain";
}

const rtp = {
	video: "encoding-name=H264,clock-rate=90000,payload=96",
	audio: "encoding-name=OPUS,clock-rate=48000,payload=97",
};

/**
 * One end of a call as one would write it for `gst-launch-1.0`: the engine's own source, encoder, payloader, SRTP and back, without what
 * else makes it a call (ICE, DTLS, bundling, transport-cc, rate control, meters, a process that can be talked to).
 */
function description(own: End, far: End, { bitrate, path }: Bare): string {
	const options = { ...defaultEngineOptions, roomName: "Berlin", camera: "synthetic", microphone: "synthetic" };
	const [encoder] = encodersFor("h264", Pipeline.elementExists);
	if (!encoder) throw new Error("no H.264 encoder");
	const { picture } = options;
	const source = (kind: "camera" | "microphone") => planSource(kind, options, [])?.description ?? "";
	const sink = (port: number) => `udpsink host=127.0.0.1 port=${port} sync=false async=false`;
	const receive = (port: number, media: string, kind: Kind) =>
		`udpsrc address=127.0.0.1 port=${port} caps="${media},ssrc=(uint)${far.ssrc[kind]},srtp-key=(buffer)${key},${suites},roc=(uint)0"`;
	const session = { video: 0, audio: 1 };
	const out = (kind: Kind): string => {
		if (path === "plain") return `srtpenc key=${key} ! ${sink(far.ports[kind])}`;
		const [id, again] = [session[kind], kind === "video" ? "96=(uint)98" : "97=(uint)99"];
		return (
			`rtprtxsend payload-type-map="application/x-rtp-pt-map,${again}" ! rtp.send_rtp_sink_${id} ` +
			`rtp.send_rtp_src_${id} ! ${kind}-out.rtp_sink_0 srtpenc name=${kind}-out key=${key} ! ${sink(far.ports[kind])} ` +
			`rtp.send_rtcp_src_${id} ! ${kind}-out.rtcp_sink_0 ${kind}-out.rtcp_src_0 ! ${sink(far.ports[`${kind}Control`])}`
		);
	};
	const into = (kind: Kind): string => {
		const media = `media=${kind},${rtp[kind]}`;
		const packets = receive(own.ports[kind], `application/x-srtp,${media}`, kind);
		if (path === "plain") return `${packets} ! srtpdec ! rtpjitterbuffer latency=100`;
		const id = session[kind];
		return (
			`${packets} ! ${kind}-in.rtp_sink srtpdec name=${kind}-in ` +
			`${kind}-in.rtp_src ! application/x-rtp,${media} ! rtp.recv_rtp_sink_${id} ` +
			`${receive(own.ports[`${kind}Control`], "application/x-srtcp", kind)} ! ${kind}-in.rtcp_sink ` +
			`${kind}-in.rtcp_src ! rtp.recv_rtcp_sink_${id} rtp. ! application/x-rtp,media=${kind}`
		);
	};
	return [
		path === "call" ? "rtpbin name=rtp latency=100 do-retransmission=true rtp-profile=savpf" : "",
		`${source("camera")} ! ${encoder.description(bitrate, picture)} ! ` +
			`rtph264pay config-interval=-1 aggregate-mode=zero-latency mtu=1200 pt=96 ssrc=${own.ssrc.video} ! ${out("video")}`,
		`${source("microphone")} ! opusenc audio-type=voice bitrate=32000 complexity=5 inband-fec=true packet-loss-percentage=5 ` +
			`frame-size=20 ! rtpopuspay pt=97 ssrc=${own.ssrc.audio} ! ${out("audio")}`,
		`${into("video")} ! rtph264depay ! h264parse ! ${decoders.h264} ! fakesink name=seen sync=false`,
		`${into("audio")} ! rtpopusdepay ! opusdec use-inband-fec=true plc=true ! fakesink name=heard sync=false`,
	].join("  ");
}

/** A description as a shell would hand it over: words, with quoted spaces kept and the quotes gone. */
function words(text: string): string[] {
	return text.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
}

/** Two ends that send to each other, in a process each, as two engines do. */
export async function startBarePair(bare: Bare): Promise<{ pids: [number, number]; stop(): Promise<void> }> {
	const [a, b] = [await newEnd(1), await newEnd(2)];
	const launch = (own: End, far: End): ChildProcess =>
		spawn("gst-launch-1.0", ["-q", ...words(description(own, far, bare))], { stdio: ["ignore", "ignore", "pipe"] });
	const children = [launch(a, b), launch(b, a)];
	let noise = "";
	for (const child of children) child.stderr?.on("data", (chunk) => (noise = (noise + chunk).slice(-2_000)));
	const ended = children.map((child) => new Promise<void>((resolve) => child.once("exit", () => resolve())));
	await Promise.race([...ended, new Promise((resolve) => setTimeout(resolve, 1_500))]);
	const stop = async () => {
		for (const child of children) child.kill("SIGKILL");
		await Promise.all(ended);
	};
	if (children.some((child) => child.exitCode !== null)) {
		await stop();
		throw new Error(`gst-launch-1.0 ended: ${noise}`);
	}
	return { pids: children.map(({ pid }) => pid ?? -1) as [number, number], stop };
}
