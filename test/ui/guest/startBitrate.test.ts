import { describe, expect, it } from "vitest";
import { withStartBitrate } from "../../../ui/guest/model/startBitrate.ts";

const lines = (...list: string[]) => `${list.join("\r\n")}\r\n`;

describe("withStartBitrate", () => {
	it("adds the parameter to video formats only, with or without parameters of their own", () => {
		const sdp = lines(
			"v=0",
			"m=audio 9 UDP/TLS/RTP/SAVPF 111",
			"a=rtpmap:111 opus/48000/2",
			"a=fmtp:111 minptime=10;useinbandfec=1",
			"m=video 9 UDP/TLS/RTP/SAVPF 96 97 98",
			"a=rtpmap:96 H264/90000",
			"a=fmtp:96 packetization-mode=1;profile-level-id=42e01f",
			"a=rtpmap:97 rtx/90000",
			"a=fmtp:97 apt=96",
			"a=rtpmap:98 VP8/90000",
		);
		expect(withStartBitrate(sdp)).toBe(
			lines(
				"v=0",
				"m=audio 9 UDP/TLS/RTP/SAVPF 111",
				"a=rtpmap:111 opus/48000/2",
				"a=fmtp:111 minptime=10;useinbandfec=1",
				"m=video 9 UDP/TLS/RTP/SAVPF 96 97 98",
				"a=rtpmap:96 H264/90000",
				"a=fmtp:96 packetization-mode=1;profile-level-id=42e01f;x-google-start-bitrate=1500",
				"a=rtpmap:97 rtx/90000",
				"a=fmtp:97 apt=96",
				"a=rtpmap:98 VP8/90000",
				"a=fmtp:98 x-google-start-bitrate=1500",
			),
		);
	});

	it("leaves a description without video as it is", () => {
		const sdp = lines("v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=rtpmap:111 opus/48000/2");
		expect(withStartBitrate(sdp)).toBe(sdp);
	});
});
