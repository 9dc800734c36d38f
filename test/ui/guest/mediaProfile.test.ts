import { describe, expect, it } from "vitest";
import { offeredVideoCodecs } from "../../../ui/guest/model/mediaProfile.ts";

const names = (codecs: { mimeType: string; sdpFmtpLine?: string }[]) =>
	codecs.map(({ mimeType, sdpFmtpLine = "" }) =>
		`${mimeType} ${/42e0|64|42001f|4d/i.exec(sdpFmtpLine)?.[0] ?? ""}`.trim(),
	);

describe("offeredVideoCodecs", () => {
	it("puts constrained baseline H.264 first, then its other profiles, VP8 and retransmission, and nothing else", () => {
		const chromium = [
			{ mimeType: "video/VP8" },
			{ mimeType: "video/rtx" },
			{ mimeType: "video/VP9", sdpFmtpLine: "profile-id=0" },
			{
				mimeType: "video/H264",
				sdpFmtpLine: "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f",
			},
			{
				mimeType: "video/H264",
				sdpFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f",
			},
			{
				mimeType: "video/H264",
				sdpFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
			},
			{ mimeType: "video/AV1" },
			{ mimeType: "video/H265" },
			{ mimeType: "video/ulpfec" },
		];
		const offered = offeredVideoCodecs(chromium);
		expect(names(offered)).toEqual(["video/H264 42e0", "video/H264 64", "video/H264 42e0", "video/VP8", "video/rtx"]);
		expect(offered[2]?.sdpFmtpLine).toContain("packetization-mode=0");
	});

	it("offers VP8 where a browser has no H.264, as Firefox before its plugin is loaded", () => {
		expect(names(offeredVideoCodecs([{ mimeType: "video/VP9" }, { mimeType: "video/VP8" }]))).toEqual(["video/VP8"]);
	});
});
