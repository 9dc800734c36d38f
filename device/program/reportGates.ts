import type { Log } from "../core/log.ts";
import type { RemotePeer } from "../media/RemotePeer.ts";
import type { IceServer, Peer, PeerFactory } from "../meeting/Peer.ts";

/**
 * Peers that say in the log, when they end, what their gate let through: after a call that was refused, the proof that nothing did.
 * Numbers only, and no call waits for them.
 */
export function reportGates(
	createPeer: (options: { iceServers: IceServer[] }) => Promise<RemotePeer>,
	log: Log,
): PeerFactory {
	return async (options) => {
		const peer = await createPeer(options);
		let reported = false;
		const report = (): void => {
			if (reported) return;
			reported = true;
			peer.stats().then(
				({ gate: { state, sent, received } }) =>
					log.write("info", "call.gate", { state, sent: sent.passed, received: received.passed }),
				// the engine is gone, and its counters with it
				() => {},
			);
		};
		return {
			events: peer.events,
			createOffer: () => peer.createOffer(),
			acceptOffer: (sdp, expectedFingerprint) => peer.acceptOffer(sdp, expectedFingerprint),
			acceptAnswer: (sdp, expectedFingerprint) => peer.acceptAnswer(sdp, expectedFingerprint),
			addCandidate: (candidate) => peer.addCandidate(candidate),
			release: () => peer.release(),
			async close() {
				// asked before the end is, so that the engine still has the answer; the end follows without waiting for it
				report();
				await peer.close();
			},
		} satisfies Peer;
	};
}
