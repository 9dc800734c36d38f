/** 720p30: what a room's TV shows well and what H.264 level 3.1, the level every browser offers, allows. */
export const videoConstraints = {
	width: { ideal: 1280 },
	height: { ideal: 720 },
	frameRate: { ideal: 30, max: 30 },
} satisfies MediaTrackConstraints;

/** A person in a room: the browser's echo cancellation, noise suppression and gain, one channel. */
export const audioConstraints = {
	echoCancellation: true,
	noiseSuppression: true,
	autoGainControl: true,
	channelCount: { ideal: 1 },
} satisfies MediaTrackConstraints;

/** Bits a second and frames a second at most; the browser's congestion control (transport-cc) works below it. */
export const videoEncoding: RTCRtpEncodingParameters = { maxBitrate: 2_500_000, maxFramerate: 30 };

/**
 * H.264 first (rooms encode and decode it, often in hardware), constrained baseline with packetization mode 1 before its other
 * profiles, then VP8, then retransmission. VP9, AV1 and H.265 are left out: no room answers with them.
 *
 * Sound needs no such list: Opus with in-band FEC is what every browser offers first. DTX stays off (browsers' default): at Opus'
 * rate it saves little beside the picture, and the far end could not tell a pause from a loss.
 */
export function offeredVideoCodecs<Codec extends { mimeType: string; sdpFmtpLine?: string }>(
	available: readonly Codec[],
): Codec[] {
	const rank = ({ mimeType, sdpFmtpLine = "" }: Codec): number => {
		switch (mimeType.toLowerCase()) {
			case "video/h264":
				if (!/packetization-mode=1/.test(sdpFmtpLine)) return 2;
				return /profile-level-id=42e0/i.test(sdpFmtpLine) ? 0 : 1;
			case "video/vp8":
				return 3;
			case "video/rtx":
				return 4;
			default:
				return Number.POSITIVE_INFINITY;
		}
	};
	return available.filter((codec) => Number.isFinite(rank(codec))).sort((a, b) => rank(a) - rank(b));
}
