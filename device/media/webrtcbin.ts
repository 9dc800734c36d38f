import type { IceServer } from "../meeting/Peer.ts";
import { Element, GstObject } from "./gst/index.ts";
import { iceServerUris } from "./negotiation.ts";

/** What webrtcbin 1.22 needs to be told beside its properties, each with what it costs not to. */

const icePacingMs = 5;
/** A stream's first packet waits for earlier ones as long as the jitter buffer is: 90 ms of every call's beginning, so it begins short. */
export const firstPacketMs = 10;

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
				element.setAll({ "faststart-min-packets": 1, "rtx-next-seqnum": false });
			}
			// It holds every packet back by its source's latency, a whole frame for a camera. That serves files; from live sources it is
			// 33 ms lost.
			if (element.factory === "clocksync") element.set("sync", false);
		}
		for (const wrapper of [parent, element]) if (wrapper instanceof GstObject) wrapper.dispose();
	});
}
