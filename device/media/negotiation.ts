import { RoomError } from "../core/RoomError.ts";
import type { IceServer } from "../meeting/Peer.ts";
import type { VideoCodec } from "./encoder.ts";

/**
 * What we read out of and write into session descriptions (RFC 8866, RFC 9429), and the caps that tell webrtcbin the same. Only what
 * media needs: whether a description is allowed at all was decided by the meeting's SDP policy.
 */
const transportCc = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/** Identifier of our own offers; an answer takes the offerer's. */
const ownTransportCcId = 3;

export interface NegotiatedMedia {
	/** Index of the m-line. */
	mline: number;
	kind: "audio" | "video";
	codec: VideoCodec | "opus";
	payloadType: number;
	/** H.264's level and profile as the far end wrote them (RFC 6184, section 8.1); null where it did not. */
	profileLevelId: string | null;
	/** Identifier of the transport-cc header extension, null where it was not negotiated. */
	transportCcId: number | null;
}

interface Format {
	payloadType: number;
	/** Encoding name, lower case. */
	name: string;
	parameters: Map<string, string>;
}

/**
 * The formats that we use, one for each m-line of audio and video that has one.
 * From an offer: our preference among what is offered. From an answer: what the far end has put first.
 * @throws RoomError `call.sdp_refused` when there is neither audio nor video that both sides know.
 */
export function negotiate(sdp: string, usable: readonly VideoCodec[], from: "offer" | "answer"): NegotiatedMedia[] {
	const chosen = sections(sdp).flatMap((lines, mline): NegotiatedMedia[] => {
		const [, kind, port] = /^m=(audio|video) (\d+) /.exec(lines[0] ?? "") ?? [];
		if (kind !== "audio" && kind !== "video") return [];
		if (port === "0" && !lines.includes("a=bundle-only")) return [];
		if (lines.includes("a=inactive")) return [];
		const codecs: readonly (VideoCodec | "opus")[] = kind === "audio" ? ["opus"] : usable;
		const known = formats(lines).flatMap((format) => {
			const codec = codecs.find((one) => fits(format, one));
			return codec ? [{ format, codec }] : [];
		});
		if (from === "offer") known.sort((a, b) => codecs.indexOf(a.codec) - codecs.indexOf(b.codec));
		const [first] = known;
		if (!first) return [];
		return [
			{
				mline,
				kind,
				codec: first.codec,
				payloadType: first.format.payloadType,
				profileLevelId: first.format.parameters.get("profile-level-id") ?? null,
				transportCcId: extension(lines),
			},
		];
	});
	if (chosen.length === 0) {
		throw new RoomError("call.sdp_refused", "The far end offers neither sound nor picture that this room knows.");
	}
	return chosen;
}

function sections(sdp: string): string[][] {
	return sdp
		.split(/\r?\n(?=m=)/)
		.slice(1)
		.map((section) => section.split(/\r?\n/));
}

function formats(lines: string[]): Format[] {
	const order = (lines[0] ?? "").split(" ").slice(3).map(Number);
	const named = new Map<number, Format>();
	for (const line of lines) {
		const map = /^a=rtpmap:(\d+) ([^/\s]+)\//.exec(line);
		if (map)
			named.set(Number(map[1]), {
				payloadType: Number(map[1]),
				name: String(map[2]).toLowerCase(),
				parameters: new Map(),
			});
	}
	for (const line of lines) {
		const [, payloadType, text] = /^a=fmtp:(\d+) (.+)$/.exec(line) ?? [];
		for (const pair of text?.split(";") ?? []) {
			const [key, value] = pair.split("=");
			if (key) named.get(Number(payloadType))?.parameters.set(key.trim().toLowerCase(), value?.trim() ?? "");
		}
	}
	return order.flatMap((payloadType) => named.get(payloadType) ?? []);
}

/** H.264 as we send it: packetization mode 1, a profile that a constrained baseline stream satisfies (RFC 6184, section 8.1). */
function fits({ name, parameters }: Format, codec: VideoCodec | "opus"): boolean {
	if (name !== codec) return false;
	if (codec !== "h264") return true;
	return parameters.get("packetization-mode") === "1" && /^42/.test(parameters.get("profile-level-id") ?? "42e01f");
}

function extension(lines: string[]): number | null {
	for (const line of lines) {
		const [, id, uri] = /^a=extmap:(\d+)(?:\/\S+)? (\S+)/.exec(line) ?? [];
		if (uri === transportCc) return Number(id);
	}
	return null;
}

const feedback = "rtcp-fb-nack-pli=(boolean)true,rtcp-fb-ccm-fir=(boolean)true";
const encodingNames: Record<VideoCodec | "opus", string> = { h264: "H264", vp8: "VP8", opus: "OPUS" };

/**
 * Caps of one format for a transceiver's `codec-preferences`: they become the m-line.
 * @param ssrc of the stream that we will send: webrtcbin writes it, and the RTX stream that repairs it, into the description
 * (RFC 5576 section 4.2). Left out it would announce streams that never come, and browsers drop what comes instead.
 */
export function preferenceCaps(
	{ kind, codec, payloadType, profileLevelId, transportCcId }: NegotiatedMedia,
	ssrc: number,
): string {
	const fields = [
		`application/x-rtp,media=(string)${kind},encoding-name=(string)${encodingNames[codec]}`,
		`clock-rate=(int)${kind === "audio" ? 48_000 : 90_000},payload=(int)${payloadType}`,
	];
	if (kind === "audio") fields.push("encoding-params=(string)2,useinbandfec=(string)1,minptime=(string)10");
	if (codec === "h264") fields.push("packetization-mode=(string)1,level-asymmetry-allowed=(string)1");
	// An answer repeats the offer's level: webrtcbin would leave it out, and any other one matches nothing.
	if (codec === "h264" && profileLevelId !== null) fields.push(`profile-level-id=(string)${profileLevelId}`);
	if (kind === "video") fields.push(feedback);
	fields.push(`ssrc=(uint)${ssrc}`);
	if (transportCcId !== null) {
		fields.push(`rtcp-fb-transport-cc=(boolean)true,extmap-${transportCcId}=(string)${transportCc}`);
	}
	return fields.join(",");
}

/** What we offer: Opus, and every video codec that this machine can do, best first. */
export function offerCaps(
	usable: readonly VideoCodec[],
	ssrc: Record<"audio" | "video", number>,
): { audio: string; video: string } {
	const common = { mline: 0, profileLevelId: null, transportCcId: ownTransportCcId };
	const audio = preferenceCaps({ ...common, kind: "audio", codec: "opus", payloadType: 111 }, ssrc.audio);
	const video = usable.map((codec, index) =>
		preferenceCaps(
			{ ...common, kind: "video", codec, payloadType: 96 + index, profileLevelId: codec === "h264" ? "42e01f" : null },
			ssrc.video,
		),
	);
	return { audio, video: video.join(";") };
}

/** Caps behind a payloader: with them it takes payload type, SSRC and header extension. */
export function payloaderCaps({ kind, codec, payloadType, transportCcId }: NegotiatedMedia, ssrc: number): string {
	const base = `application/x-rtp,media=${kind},encoding-name=${encodingNames[codec]},payload=${payloadType},ssrc=(uint)${ssrc}`;
	return transportCcId === null ? base : `${base},extmap-${transportCcId}=(string)${transportCc}`;
}

/** The description with the fingerprint of the certificate that DTLS will really present (RFC 8122, section 5). */
export function withFingerprint(sdp: string, sha256: Uint8Array): string {
	const hex = [...sha256].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
	return sdp.replace(/^a=fingerprint:.*$/gm, `a=fingerprint:sha-256 ${hex}`);
}

/** STUN and TURN servers in the form of webrtcbin's properties; what it can't use is left out. */
export function iceServerUris(servers: readonly IceServer[]): { stun: string | null; turn: string[] } {
	let stun: string | null = null;
	const turn: string[] = [];
	for (const { urls, username, credential } of servers) {
		for (const url of urls) {
			const [, scheme, host, query] = /^(stuns?|turns?):([^?]+)(?:\?(.*))?$/.exec(url) ?? [];
			if (!scheme || !host) continue;
			if (scheme === "stun") stun ??= `stun://${host.includes(":") ? host : `${host}:3478`}`;
			if (!scheme.startsWith("turn") || username === undefined || credential === undefined) continue;
			const at = `${encodeURIComponent(username)}:${encodeURIComponent(credential)}@${host}`;
			turn.push(`${scheme}://${at}${query ? `?${query}` : ""}`);
		}
	}
	return { stun, turn };
}
