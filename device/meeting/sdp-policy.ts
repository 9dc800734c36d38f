import { RoomError } from "../core/RoomError.ts";
import { type Bytes, equalBytes } from "./bytes.ts";
import type { SecurityFailure } from "./failures.ts";

/** The rule that a description breaks; `context.rule` of `call.sdp_refused`. */
export type SdpRule =
	| "size"
	| "characters"
	| "line_ends"
	| "line_form"
	| "media.none"
	| "media.too_many"
	| "media.form"
	| "media.protocol"
	| "key.in_sdp"
	| "attribute.repeated"
	| "fingerprint.missing"
	| "fingerprint.form"
	| "fingerprint.algorithm"
	| "fingerprint.sha256_missing"
	| "fingerprint.differs"
	| "fingerprint.changed"
	| "setup.missing"
	| "setup.value"
	| "bundle.missing"
	| "bundle.incomplete"
	| "mid.missing"
	| "rtcp_mux.missing"
	| "ice.missing"
	| "ice.form"
	| "ice.differs"
	| "answer.other_media";

export interface CheckedDescription {
	/** SHA-256 of the DER certificate that DTLS will present: 32 bytes. */
	fingerprint: Bytes;
	/** ICE user fragment of the one bundled transport. */
	ufrag: string;
	/** `mid` and kind (`audio`, `video`, `application`) of every section, in order. */
	media: { mid: string; kind: string }[];
}

/** Real descriptions have 2 to 8 KB; sealed and signed, this still fits into one frame of the rendezvous. */
export const MOST_SDP_CHARACTERS = 24 * 1024;
const MOST_SECTIONS = 8;
const protocols: Record<string, readonly string[]> = {
	"UDP/TLS/RTP/SAVPF": ["audio", "video"],
	"UDP/DTLS/SCTP": ["application"],
};
const digestBytes: Record<string, number> = { "sha-256": 32, "sha-384": 48, "sha-512": 64 };
/** Attributes whose second occurrence in a section two parsers could read differently. */
const once = new Set(["setup", "mid", "ice-ufrag", "ice-pwd", "rtcp-mux"]);

interface Section {
	mLine: string | null;
	attributes: { name: string; value: string }[];
}

function refuse(rule: SdpRule): never {
	const code: SecurityFailure = "call.sdp_refused";
	throw new RoomError(code, `The session description breaks rule ${rule}`, { context: { rule } });
}

/**
 * The one place that decides what kind of media session is acceptable, for local and remote descriptions alike. There is no
 * configuration and no exception: DTLS-SRTP over one bundled transport, keys from the certificate only.
 *
 * Stricter than RFC 8866 about form (CRLF, printable ASCII, nothing twice), so that no parser behind this one can read the text
 * differently than this check did.
 *
 * Sources: RFC 8866 (SDP), RFC 8122 §5 (fingerprint), RFC 8842 (setup), RFC 9143 (BUNDLE), RFC 8834 §4.5 (rtcp-mux), RFC 8839 §5.4 (ICE).
 * @param options.type an offer must leave the DTLS role open (`actpass`), an answer must have taken one.
 * @param options.previousFingerprint of the same transport; a renegotiation may not change it.
 * @param options.offer the description that this one answers: the same sections in the same order.
 * @throws RoomError `call.sdp_refused` with `context.rule`.
 */
export function checkDescription(
	sdp: string,
	options: { type: "offer" | "answer"; previousFingerprint?: Uint8Array; offer?: CheckedDescription },
): CheckedDescription {
	const [session, ...sections] = split(sdp);
	if (!session || sections.length === 0) refuse("media.none");
	if (sections.length > MOST_SECTIONS) refuse("media.too_many");
	for (const section of [session, ...sections]) checkAttributes(section);

	const media = sections.map(checkMedia);
	checkBundle(session, media);
	const fingerprint = commonFingerprint(session, sections);
	if (options.previousFingerprint && !equalBytes(fingerprint, options.previousFingerprint))
		refuse("fingerprint.changed");
	checkSetup(session, sections, options.type);
	for (const section of sections) {
		// One transport, so one multiplexed RTCP; SCTP has none.
		if (protocolOf(section) === "UDP/TLS/RTP/SAVPF" && !has(section, "rtcp-mux")) refuse("rtcp_mux.missing");
	}
	const { offer } = options;
	if (offer) {
		const same = ({ mid, kind }: { mid: string; kind: string }, index: number): boolean =>
			offer.media[index]?.mid === mid && offer.media[index]?.kind === kind;
		if (media.length !== offer.media.length || !media.every(same)) refuse("answer.other_media");
	}
	return { fingerprint, ufrag: commonIce(session, sections), media };
}

function split(sdp: string): Section[] {
	if (sdp.length > MOST_SDP_CHARACTERS) refuse("size");
	if (!/^[\r\n\x20-\x7e]*$/.test(sdp)) refuse("characters");
	if (!sdp.endsWith("\r\n") || /[\r\n]/.test(sdp.replaceAll("\r\n", ""))) refuse("line_ends");
	const lines = sdp.slice(0, -2).split("\r\n");
	if (lines[0] !== "v=0") refuse("line_form");
	const result: Section[] = [{ mLine: null, attributes: [] }];
	for (const line of lines) {
		const form = /^([a-z])=(\S.*)$/.exec(line);
		if (!form) refuse("line_form");
		const [, letter = "", value = ""] = form;
		// `k=` carries a key in the description (RFC 8866 §5.12, obsolete).
		if (letter === "k") refuse("key.in_sdp");
		if (letter === "m") result.push({ mLine: value, attributes: [] });
		if (letter === "a") result.at(-1)?.attributes.push(attributeOf(value));
	}
	return result;
}

/** Names are tokens (RFC 8866 §9), compared in lower case: no `a=Crypto` may pass as something else. */
function attributeOf(text: string): { name: string; value: string } {
	const colon = text.indexOf(":");
	const name = colon < 0 ? text : text.slice(0, colon);
	if (!/^[A-Za-z0-9.!#$%&'*+^_`{|}~-]+$/.test(name)) refuse("line_form");
	return { name: name.toLowerCase(), value: colon < 0 ? "" : text.slice(colon + 1) };
}

const valuesOf = (section: Section, name: string): string[] =>
	section.attributes.filter((attribute) => attribute.name === name).map((attribute) => attribute.value);
const has = (section: Section, name: string): boolean => valuesOf(section, name).length > 0;
const protocolOf = (section: Section): string => (section.mLine ?? "").split(" ")[2] ?? "";

function checkAttributes(section: Section): void {
	const seen = new Set<string>();
	for (const { name } of section.attributes) {
		// Keys in the clear: SDES (RFC 4568) and MIKEY (RFC 4567).
		if (name === "crypto" || name === "key-mgmt") refuse("key.in_sdp");
		if (once.has(name) && seen.has(name)) refuse("attribute.repeated");
		seen.add(name);
	}
}

function checkMedia(section: Section): { mid: string; kind: string } {
	const form = /^([a-z]+) (\d{1,5}) (\S+) \S.*$/.exec(section.mLine ?? "");
	if (!form) refuse("media.form");
	const [, kind = "", , protocol = ""] = form;
	const kinds = Object.hasOwn(protocols, protocol) ? protocols[protocol] : undefined;
	if (!kinds) refuse("media.protocol");
	if (!kinds.includes(kind)) refuse("media.form");
	const mid = valuesOf(section, "mid")[0];
	if (!mid || !/^[A-Za-z0-9._-]{1,32}$/.test(mid)) refuse("mid.missing");
	return { mid, kind };
}

/** All sections, each once, in one group. A rejected section is no exception: nothing of ours rejects one. */
function checkBundle(session: Section, media: { mid: string }[]): void {
	const groups = valuesOf(session, "group")
		.map((value) => value.split(" "))
		.filter(([semantics]) => semantics?.toUpperCase() === "BUNDLE");
	const [group] = groups;
	if (!group) refuse("bundle.missing");
	if (groups.length > 1) refuse("attribute.repeated");
	const bundled = new Set(group.slice(1));
	const mids = new Set(media.map(({ mid }) => mid));
	if (mids.size !== media.length) refuse("attribute.repeated");
	if (bundled.size !== group.length - 1 || bundled.size !== mids.size) refuse("bundle.incomplete");
	if (![...mids].every((mid) => bundled.has(mid))) refuse("bundle.incomplete");
}

/** Every section has a SHA-256 fingerprint (the gate compares that), its own or the session's; per algorithm all are equal. */
function commonFingerprint(session: Section, sections: Section[]): Bytes {
	const found = new Map<string, Bytes>();
	for (const section of [session, ...sections]) {
		for (const value of valuesOf(section, "fingerprint")) {
			const [algorithm, digest] = readFingerprint(value);
			const known = found.get(algorithm);
			if (known && !equalBytes(known, digest)) refuse("fingerprint.differs");
			found.set(algorithm, digest);
		}
	}
	for (const section of sections) {
		const own = valuesOf(section, "fingerprint");
		const effective = own.length > 0 ? own : valuesOf(session, "fingerprint");
		if (effective.length === 0) refuse("fingerprint.missing");
		if (!effective.some((value) => value.startsWith("sha-256 "))) refuse("fingerprint.sha256_missing");
	}
	return found.get("sha-256") ?? refuse("fingerprint.sha256_missing");
}

function readFingerprint(value: string): [string, Bytes] {
	const [algorithm = "", digest = "", ...rest] = value.split(" ");
	const length = Object.hasOwn(digestBytes, algorithm) ? digestBytes[algorithm] : undefined;
	if (!length) refuse("fingerprint.algorithm");
	if (rest.length > 0 || !/^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*$/.test(digest)) refuse("fingerprint.form");
	const bytes = Uint8Array.from(digest.split(":"), (pair) => Number.parseInt(pair, 16));
	if (bytes.length !== length) refuse("fingerprint.form");
	return [algorithm, bytes];
}

function checkSetup(session: Section, sections: Section[], type: "offer" | "answer"): void {
	// RFC 8842 §5.2 and §5.3: the offerer leaves the role open, the answerer takes one.
	const allowed = type === "offer" ? ["actpass"] : ["active", "passive"];
	const values = [session, ...sections].flatMap((section) => valuesOf(section, "setup"));
	if (!has(session, "setup") && !sections.every((section) => has(section, "setup"))) refuse("setup.missing");
	if (!values.every((value) => allowed.includes(value) && value === values[0])) refuse("setup.value");
}

function commonIce(session: Section, sections: Section[]): string {
	const all = [session, ...sections];
	const ufrags = new Set(all.flatMap((section) => valuesOf(section, "ice-ufrag")));
	const passwords = new Set(all.flatMap((section) => valuesOf(section, "ice-pwd")));
	for (const name of ["ice-ufrag", "ice-pwd"])
		if (!has(session, name) && !sections.every((section) => has(section, name))) refuse("ice.missing");
	if (ufrags.size > 1 || passwords.size > 1) refuse("ice.differs");
	const [ufrag = ""] = ufrags;
	const [password = ""] = passwords;
	if (!/^[A-Za-z0-9+/]{4,256}$/.test(ufrag) || !/^[A-Za-z0-9+/]{22,256}$/.test(password)) refuse("ice.form");
	return ufrag;
}
