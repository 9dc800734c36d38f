import type { IceServer } from "../meeting/Peer.ts";
import { type Bin, Element, GstObject, type Pad, type Structure } from "./gst/index.ts";
import { iceServerUris } from "./negotiation.ts";
import type { PeerStats } from "./stats.ts";

/** What webrtcbin 1.22 needs to be told beside its properties, each with what it costs not to. */

const icePacingMs = 5;
/** A stream's first packet waits for earlier ones as long as the jitter buffer is: 90 ms of every call's beginning, so it begins short. */
export const firstPacketMs = 10;
/**
 * Buffering of received packets, ms: sound is played this much later, and what shows pictures reckons with it. 100 ms holds one
 * retransmission over a path of up to 60 ms round trip and keeps sound within what is not noticed as late against the lips
 * (ITU-R BT.1359: 125 ms).
 */
export const latencyMs = 100;
/**
 * How long a lost packet of a picture is waited for, ms. The jitter buffer hands over what arrives in order at once, so this is paid only
 * after a loss, and a shorter stop than a key frame's: it holds some seven tries over a path of 60 ms.
 */
const repairMs = 600;
/**
 * What RTCP's share (5 %) is taken of, bytes a second. It sets how soon one early feedback may follow another (T_rr, RFC 4585 section
 * 3.5.2). From what is really sent GStreamer reckons whole seconds: then most NACKs are dropped, and the far end's bandwidth estimate
 * collapses for want of transport-cc feedback. With this much every loss is told at once; how much is told the loss itself limits.
 */
const feedbackBandwidth = 10_000_000;
/** Regular reports (T_rr_interval, RFC 4585 section 3.4), ns: round trip and loss are known a second after they changed. */
const reportIntervalNs = 1_000_000_000;
/**
 * How often the far end hears by transport-cc what came when, ns: as often as browsers tell each other. By default GStreamer tells of each
 * picture, and every one of these packets costs both ends as much as one of media.
 */
const feedbackIntervalNs = 100_000_000;
/** Packets kept for the far end to ask for again: more than a second of the highest rate. The default holds a third of one. */
const keptPackets = 1_000;
/**
 * A lost packet is asked for again when a round trip has passed, but not sooner than this, ms. By default not sooner than the spacing
 * of pictures, which leaves one try.
 */
const leastRetryMs = 15;

/** STUN, TURN and the ICE agent's own settings. */
export function configureIce(webrtcbin: Element, servers: readonly IceServer[]): void {
	const { stun, turn } = iceServerUris(servers);
	if (stun) webrtcbin.set("stun-server", stun);
	for (const uri of turn) webrtcbin.emit("add-turn-server", uri);
	const ice = webrtcbin.get("ice-agent");
	const agent = ice instanceof GstObject ? ice.get("agent") : null;
	if (agent instanceof GstObject) {
		// UPnP would speak to the building's router; candidates over TCP without a relay help nobody behind a firewall.
		// Checks 5 ms apart, the least that RFC 8445 (section 14.2) allows, shorten the connecting by 40 ms against the default of 20.
		agent.setAll({ upnp: false, "ice-tcp": false, "stun-pacing-timer": icePacingMs });
		agent.dispose();
	}
	if (ice instanceof GstObject) ice.dispose();
}

/** Sets up inner elements, which webrtcbin makes as it goes and gives no property for. */
export function tuneInside(webrtcbin: Element): void {
	webrtcbin.connect("deep-element-added", (parent, element) => {
		if (element instanceof Element) {
			// Without `rtx-next-seqnum: false` it asks for packets that were never sent, whenever a frame is smaller than the last.
			if (element.factory === "rtpjitterbuffer") {
				element.setAll({
					"faststart-min-packets": 1,
					"rtx-next-seqnum": false,
					"rtx-min-retry-timeout": leastRetryMs,
				});
			}
			if (element.factory === "rtpsession") {
				element.setAll({ bandwidth: feedbackBandwidth, "rtcp-min-interval": reportIntervalNs });
				const session = element.get("internal-session");
				if (session instanceof GstObject) {
					session.set("twcc-feedback-interval", feedbackIntervalNs);
					session.dispose();
				}
			}
			if (element.factory === "rtprtxsend") element.set("max-size-packets", keptPackets);
			// It holds every packet back by its source's latency, a whole frame for a camera. That serves files; from live sources it is
			// 33 ms lost.
			if (element.factory === "clocksync") element.set("sync", false);
		}
		for (const wrapper of [parent, element]) if (wrapper instanceof GstObject) wrapper.dispose();
	});
}

/**
 * The streams have begun: their jitter buffers get their length. See `Pad.capLatency` for what the pictures' longer one would else cost.
 * @returns The pictures' jitter buffer, null while none came.
 */
export function lengthenBuffers(webrtcbin: Bin): Element | null {
	webrtcbin.set("latency", latencyMs);
	let pictures: Element | null = null;
	for (const element of webrtcbin.elements({ recursive: true })) {
		// What a stream carries is known only behind its jitter buffer.
		if (element.factory !== "rtpptdemux" || !element.pads().some(carriesVideo)) continue;
		const before = element.pad("sink")?.peer()?.parent();
		if (!(before instanceof Element) || before.factory !== "rtpjitterbuffer") continue;
		before.set("latency", repairMs);
		pictures = before;
	}
	return pictures;
}

function carriesVideo(pad: Pad): boolean {
	return pad.direction === "src" && (pad.caps()?.includes("media=(string)video") ?? false);
}

/** What a jitter buffer has counted. */
export function repairOf(buffer: Element): PeerStats["repair"] {
	const stats = (buffer.get("stats") ?? {}) as Structure;
	const count = (name: string) => Number(stats[name] ?? 0);
	return { asked: count("rtx-count"), repaired: count("rtx-success-count"), lost: count("num-lost") };
}
