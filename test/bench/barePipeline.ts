import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { decoders, encodersFor } from "../../device/media/encoder.ts";
import { Pipeline } from "../../device/media/gst/index.ts";
import { defaultEngineOptions } from "../../device/media/protocol.ts";
import { limits } from "../../device/media/rate-control.ts";
import { planSource } from "../../device/media/sources.ts";

const ssrc = { video: 1_111, audio: 2_222 };
/** What webrtcbin negotiates: AES_CM_128_HMAC_SHA1_80 (RFC 5764, section 4.1.2). The key protects nothing here. */
const key = "0123456789abcdef".repeat(4).slice(0, 60);
const suites = "srtp-cipher=aes-128-icm,srtp-auth=hmac-sha1-80,srtcp-cipher=aes-128-icm,srtcp-auth=hmac-sha1-80";

type Ports = Record<"video" | "audio", number>;

async function freeUdpPort(): Promise<number> {
	const socket = createSocket("udp4");
	await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
	const { port } = socket.address();
	await new Promise<void>((resolve) => socket.close(resolve));
	return port;
}

const freePorts = async (): Promise<Ports> => ({ video: await freeUdpPort(), audio: await freeUdpPort() });

/**
 * One end of a call as one would write it for `gst-launch-1.0`: the engine's own source, encoder, payloader, SRTP and back, without
 * everything that makes it a call (ICE, DTLS, RTCP, rate control, retransmission, meters, a process that can be talked to).
 */
function description(own: Ports, far: Ports): string {
	const options = { ...defaultEngineOptions, roomName: "Berlin", camera: "synthetic", microphone: "synthetic" };
	const [encoder] = encodersFor("h264", Pipeline.elementExists);
	if (!encoder) throw new Error("no H.264 encoder");
	const { picture } = options;
	const source = (kind: "camera" | "microphone") => planSource(kind, options, [])?.description ?? "";
	const out = (kind: "video" | "audio") =>
		`srtpenc key=${key} ! udpsink host=127.0.0.1 port=${far[kind]} sync=false async=false`;
	const into = (kind: "video" | "audio", rtp: string) =>
		`udpsrc address=127.0.0.1 port=${own[kind]} caps="application/x-srtp,media=${kind},${rtp},ssrc=(uint)${ssrc[kind]},` +
		`srtp-key=(buffer)${key},${suites},roc=(uint)0" ! srtpdec ! rtpjitterbuffer latency=100`;
	return [
		`${source("camera")} ! ${encoder.description(limits.startBitrate, picture)} ! ` +
			`rtph264pay config-interval=-1 aggregate-mode=zero-latency mtu=1200 pt=96 ssrc=${ssrc.video} ! ${out("video")}`,
		`${source("microphone")} ! opusenc audio-type=voice bitrate=32000 complexity=5 inband-fec=true packet-loss-percentage=5 ` +
			`frame-size=20 ! rtpopuspay pt=97 ssrc=${ssrc.audio} ! ${out("audio")}`,
		`${into("video", "encoding-name=H264,clock-rate=90000,payload=96")} ! rtph264depay ! h264parse ! ${decoders.h264} ! ` +
			"fakesink sync=false",
		`${into("audio", "encoding-name=OPUS,clock-rate=48000,payload=97")} ! rtpopusdepay ! ` +
			"opusdec use-inband-fec=true plc=true ! fakesink sync=false",
	].join("  ");
}

/** A description as a shell would hand it over: words, with quoted spaces kept and the quotes gone. */
function words(text: string): string[] {
	return text.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
}

/** Two ends that send to each other, in a process each, as two engines do. */
export async function startBarePair(): Promise<{ pids: [number, number]; stop(): Promise<void> }> {
	const [a, b] = [await freePorts(), await freePorts()];
	const launch = (own: Ports, far: Ports): ChildProcess =>
		spawn("gst-launch-1.0", ["-q", ...words(description(own, far))], { stdio: ["ignore", "ignore", "pipe"] });
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
