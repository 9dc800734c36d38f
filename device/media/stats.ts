/** Figures of one peer, for the rate control, the service page and the benches; numbers only. */
export interface PeerStats {
	/** What the gate let through and dropped, buffers. */
	gate: {
		state: "waiting" | "open" | "refused";
		sent: { passed: number; dropped: number };
		received: { passed: number; dropped: number };
	};
	/** Decoded frames of the far end. */
	farVideo: { frames: number; width: number; height: number; firstEpochMs: number | null };
	/** Decoded audio buffers of the far end. */
	farAudio: { buffers: number };
	/** Packets of the far end's picture: requests for lost ones, those that came then in time, and those given up. Null in its first second. */
	repair: { asked: number; repaired: number; lost: number } | null;
	/** Encoded pictures that we sent towards the gate, and the present target. */
	sender: {
		codec: "h264" | "vp8" | null;
		encoder: string | null;
		frames: number;
		keyFrames: number;
		bytes: number;
		bitrate: number;
		width: number;
		height: number;
		fps: number;
	};
	/** As reported by the far end; null while unknown. */
	path: {
		loss: number | null;
		roundTripMs: number | null;
		receivedBitrate: number | null;
		delayGrowthUs: number | null;
	};
}
