import { describe, expect, it } from "vitest";
import {
	iceServerUris,
	negotiate,
	offerCaps,
	payloaderCaps,
	preferenceCaps,
	withFingerprint,
} from "../../../device/media/negotiation.ts";

const twcc = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/** As Chromium writes it, cut to what matters: VP8 first, H.264 in both packetization modes and two profiles. */
const chromium = [
	"v=0",
	"o=- 1 2 IN IP4 127.0.0.1",
	"s=-",
	"t=0 0",
	"a=group:BUNDLE 0 1",
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9",
	"a=fingerprint:sha-256 00:11",
	"a=mid:0",
	`a=extmap:3 ${twcc}`,
	"a=rtpmap:111 opus/48000/2",
	"a=fmtp:111 minptime=10;useinbandfec=1",
	"a=rtpmap:63 red/48000/2",
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104 107 108 109 114",
	"a=fingerprint:sha-256 00:11",
	"a=mid:1",
	`a=extmap:4/sendrecv ${twcc}`,
	"a=rtpmap:96 VP8/90000",
	"a=rtpmap:97 rtx/90000",
	"a=fmtp:97 apt=96",
	"a=rtpmap:103 H264/90000",
	"a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f",
	"a=rtpmap:107 H264/90000",
	"a=fmtp:107 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f",
	"a=rtpmap:109 H264/90000",
	"a=fmtp:109 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	"",
].join("\r\n");

describe("negotiation", () => {
	it("takes payload types, level and extension ids from the offer, H.264 before the offerer's own favourite", () => {
		expect(negotiate(chromium, ["h264", "vp8"], "offer")).toEqual([
			{ mline: 0, kind: "audio", codec: "opus", payloadType: 111, profileLevelId: null, transportCcId: 3 },
			{ mline: 1, kind: "video", codec: "h264", payloadType: 109, profileLevelId: "42e01f", transportCcId: 4 },
		]);
	});

	it("takes VP8 where there is no H.264 that both can do", () => {
		const [, video] = negotiate(
			chromium.replace("packetization-mode=1;profile-level-id=42e01f", "packetization-mode=1;profile-level-id=4d001f"),
			["h264", "vp8"],
			"offer",
		);
		expect(video).toMatchObject({ codec: "vp8", payloadType: 96 });
	});

	it("follows the far end's order in an answer", () => {
		expect(negotiate(chromium, ["h264", "vp8"], "answer")[1]).toMatchObject({ codec: "vp8", payloadType: 96 });
	});

	it("leaves out rejected and inactive media, and refuses a description without any", () => {
		expect(negotiate(chromium.replace("m=video 9", "m=video 0"), ["h264"], "offer")).toHaveLength(1);
		expect(negotiate(chromium.replace("a=mid:1", "a=mid:1\r\na=inactive"), ["h264"], "offer")).toHaveLength(1);
		const useless = chromium.replace("opus/48000", "speex/16000").replace("m=video 9", "m=video 0");
		expect(() => negotiate(useless, ["h264", "vp8"], "offer")).toThrow(
			expect.objectContaining({ code: "call.sdp_refused" }),
		);
		expect(() => negotiate("", ["h264"], "offer")).toThrow(expect.objectContaining({ code: "call.sdp_refused" }));
	});

	it("hands the offer's own values back to webrtcbin and to the payloader", () => {
		const [audio, video] = negotiate(chromium, ["h264"], "offer");
		if (!audio || !video) throw new Error("nothing negotiated");
		expect(preferenceCaps(video, 4_000_000_001)).toContain("payload=(int)109");
		expect(preferenceCaps(video, 4_000_000_001)).toContain("profile-level-id=(string)42e01f");
		expect(preferenceCaps(video, 4_000_000_001)).toContain(`extmap-4=(string)${twcc}`);
		expect(payloaderCaps(audio, 17)).toContain("payload=111");
		// Browsers drop a stream whose SSRC was not announced.
		expect(preferenceCaps(video, 4_000_000_001)).toContain("ssrc=(uint)4000000001");
		expect(payloaderCaps(audio, 17)).toContain("ssrc=(uint)17");
		expect(preferenceCaps(audio, 17)).toContain("useinbandfec=(string)1");
	});

	it("offers what the machine can do, in order", () => {
		expect(offerCaps(["h264", "vp8"], { audio: 1, video: 2 }).video).toMatch(
			/H264.*payload=\(int\)96.*;.*VP8.*payload=\(int\)97/,
		);
		expect(offerCaps(["vp8"], { audio: 1, video: 2 }).video).not.toContain("H264");
	});

	it("writes the fingerprint of the real certificate into every m-line and keeps the line ends", () => {
		const written = withFingerprint(chromium, new Uint8Array(32).fill(0xab));
		const expected = `a=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}\r\n`;
		expect(written.split(expected)).toHaveLength(3);
		expect(written).not.toContain("00:11");
	});

	it("turns STUN and TURN servers into what webrtcbin takes, credentials escaped", () => {
		expect(
			iceServerUris([
				{ urls: ["stun:stun.example.org"] },
				{
					urls: ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:5349"],
					username: "1700:room",
					credential: "a/b+c=",
				},
				{ urls: ["turn:open.example.org", "http://not.a.server"] },
			]),
		).toEqual({
			stun: "stun://stun.example.org:3478",
			turn: [
				"turn://1700%3Aroom:a%2Fb%2Bc%3D@turn.example.org:3478?transport=udp",
				"turns://1700%3Aroom:a%2Fb%2Bc%3D@turn.example.org:5349",
			],
		});
	});
});
