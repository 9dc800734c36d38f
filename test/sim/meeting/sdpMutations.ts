import type { SdpRule } from "../../../device/meeting/sdp-policy.ts";

const nth = (sdp: string, pattern: RegExp, index: number, put: (found: string) => string): string => {
	let count = -1;
	return sdp.replaceAll(new RegExp(pattern, "gm"), (found) => {
		count += 1;
		return count === index ? put(found) : found;
	});
};
export const fingerprintLine = /^a=fingerprint:.*\r\n/m;
export const fingerprintOf = (sdp: string): string => /^a=fingerprint:sha-256 (\S+)/m.exec(sdp)?.[1] ?? "";
export const otherDigest = (length: number): string => Array.from({ length }, () => "5A").join(":");
const afterFirstM = (sdp: string, line: string): string =>
	nth(sdp, /^a=mid:.*\r\n/, 0, (found) => `${found}${line}\r\n`);
export const inSession = (sdp: string, line: string): string => sdp.replace("t=0 0\r\n", `t=0 0\r\n${line}\r\n`);

/** Each row changes a good description in one way and names the rule that must refuse it. */
export const mutations: [string, SdpRule, (sdp: string) => string][] = [
	["RTP/AVP", "media.protocol", (sdp) => nth(sdp, /UDP\/TLS\/RTP\/SAVPF/, 1, () => "RTP/AVP")],
	["RTP/AVPF", "media.protocol", (sdp) => nth(sdp, /UDP\/TLS\/RTP\/SAVPF/, 0, () => "RTP/AVPF")],
	["RTP/SAVP", "media.protocol", (sdp) => nth(sdp, /UDP\/TLS\/RTP\/SAVPF/, 0, () => "RTP/SAVP")],
	["RTP/SAVPF", "media.protocol", (sdp) => nth(sdp, /UDP\/TLS\/RTP\/SAVPF/, 0, () => "RTP/SAVPF")],
	["UDP/TLS/RTP/SAVP", "media.protocol", (sdp) => nth(sdp, /UDP\/TLS\/RTP\/SAVPF/, 0, () => "UDP/TLS/RTP/SAVP")],
	["TCP/DTLS/RTP/SAVPF", "media.protocol", (sdp) => nth(sdp, /UDP\/TLS\/RTP\/SAVPF/, 0, () => "TCP/DTLS/RTP/SAVPF")],
	[
		"protocol in lower case",
		"media.protocol",
		(sdp) => nth(sdp, /UDP\/TLS\/RTP\/SAVPF/, 0, (found) => found.toLowerCase()),
	],
	[
		"a protocol named as a property of every object",
		"media.protocol",
		(sdp) => nth(sdp, /UDP\/TLS\/RTP\/SAVPF/, 0, () => "constructor"),
	],
	["SCTP as audio", "media.form", (sdp) => nth(sdp, /UDP\/TLS\/RTP\/SAVPF/, 0, () => "UDP/DTLS/SCTP")],
	["an unencrypted section of text", "media.form", (sdp) => `${sdp}m=text 9 UDP/TLS/RTP/SAVPF 98\r\na=mid:t\r\n`],
	["a rejected section without encryption", "media.protocol", (sdp) => `${sdp}m=audio 0 RTP/AVP 0\r\na=mid:t\r\n`],
	["no media", "media.none", (sdp) => sdp.slice(0, sdp.indexOf("m="))],
	["empty", "line_ends", () => ""],
	["ninth section", "media.too_many", (sdp) => sdp + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n".repeat(8)],
	["m-line without formats", "media.form", (sdp) => sdp.replace(/^(m=\S+ \d+ \S+).*$/m, "$1")],
	["SDES in a section", "key.in_sdp", (sdp) => afterFirstM(sdp, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA")],
	["SDES in the session", "key.in_sdp", (sdp) => inSession(sdp, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA")],
	["SDES in capitals", "key.in_sdp", (sdp) => afterFirstM(sdp, "a=CRYPTO:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA")],
	["SDES behind a space", "line_form", (sdp) => afterFirstM(sdp, "a= crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA")],
	["SDES behind a tab", "characters", (sdp) => afterFirstM(sdp, "a=\tcrypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA")],
	["MIKEY", "key.in_sdp", (sdp) => inSession(sdp, "a=key-mgmt:mikey AQAFgM0A")],
	["k= line", "key.in_sdp", (sdp) => inSession(sdp, "k=clear:secret")],
	["no setup anywhere", "setup.missing", (sdp) => sdp.replaceAll(/^a=setup:.*\r\n/gm, "")],
	["no setup in one section", "setup.missing", (sdp) => nth(sdp, /^a=setup:.*\r\n/, 1, () => "")],
	["holdconn", "setup.value", (sdp) => sdp.replaceAll(/^a=setup:.*/gm, "a=setup:holdconn")],
	[
		"setup differs",
		"setup.value",
		(sdp) => nth(sdp, /^a=setup:.*/, 1, (found) => (found.endsWith("active") ? "a=setup:passive" : "a=setup:active")),
	],
	[
		"setup in capitals",
		"setup.value",
		(sdp) => sdp.replaceAll(/^a=setup:.*/gm, (found) => found.toUpperCase().replace("A=SETUP", "a=setup")),
	],
	["setup twice", "attribute.repeated", (sdp) => nth(sdp, /^a=setup:.*\r\n/, 0, (found) => found + found)],
	[
		"setup twice, once in capitals",
		"attribute.repeated",
		(sdp) => nth(sdp, /^a=setup:.*\r\n/, 0, (found) => found + found.replace("setup", "Setup")),
	],
	["no fingerprint", "fingerprint.missing", (sdp) => sdp.replaceAll(new RegExp(fingerprintLine, "gm"), "")],
	["one section without a fingerprint", "fingerprint.missing", (sdp) => nth(sdp, fingerprintLine, 1, () => "")],
	[
		"SHA-1",
		"fingerprint.algorithm",
		(sdp) => sdp.replaceAll(/^a=fingerprint:.*/gm, `a=fingerprint:sha-1 ${otherDigest(20)}`),
	],
	[
		"SHA-1 beside SHA-256",
		"fingerprint.algorithm",
		(sdp) => afterFirstM(sdp, `a=fingerprint:sha-1 ${otherDigest(20)}`),
	],
	["MD5", "fingerprint.algorithm", (sdp) => afterFirstM(sdp, `a=fingerprint:md5 ${otherDigest(16)}`)],
	[
		"an algorithm named as a property of every object",
		"fingerprint.algorithm",
		(sdp) => afterFirstM(sdp, "a=fingerprint:toString AA"),
	],
	["algorithm in capitals", "fingerprint.algorithm", (sdp) => sdp.replaceAll("sha-256", "SHA-256")],
	[
		"two different fingerprints in a section",
		"fingerprint.differs",
		(sdp) => afterFirstM(sdp, `a=fingerprint:sha-256 ${otherDigest(32)}`),
	],
	[
		"another fingerprint in the second section",
		"fingerprint.differs",
		(sdp) => nth(sdp, /sha-256 \S+/, 1, () => `sha-256 ${otherDigest(32)}`),
	],
	[
		"another fingerprint in the session",
		"fingerprint.differs",
		(sdp) => inSession(sdp, `a=fingerprint:sha-256 ${otherDigest(32)}`),
	],
	[
		"SHA-512 only",
		"fingerprint.sha256_missing",
		(sdp) => sdp.replaceAll(/^a=fingerprint:.*/gm, `a=fingerprint:sha-512 ${otherDigest(64)}`),
	],
	[
		"SHA-512 only in the second section",
		"fingerprint.sha256_missing",
		(sdp) => nth(sdp, /sha-256 \S+/, 1, () => `sha-512 ${otherDigest(64)}`),
	],
	["digest too short", "fingerprint.form", (sdp) => sdp.replaceAll(/sha-256 \S+/g, `sha-256 ${otherDigest(31)}`)],
	[
		"digest without colons",
		"fingerprint.form",
		(sdp) => sdp.replaceAll(fingerprintOf(sdp), fingerprintOf(sdp).replaceAll(":", "")),
	],
	[
		"something after the digest",
		"fingerprint.form",
		(sdp) => sdp.replaceAll(fingerprintOf(sdp), `${fingerprintOf(sdp)} x`),
	],
	["no BUNDLE", "bundle.missing", (sdp) => sdp.replace(/^a=group:BUNDLE.*\r\n/m, "")],
	["a section outside the BUNDLE", "bundle.incomplete", (sdp) => sdp.replace(/^(a=group:BUNDLE \S+) \S+/m, "$1")],
	["a stranger in the BUNDLE", "bundle.incomplete", (sdp) => sdp.replace(/^(a=group:BUNDLE \S+) \S+/m, "$1 other")],
	["a section twice in the BUNDLE", "bundle.incomplete", (sdp) => sdp.replace(/^(a=group:BUNDLE (\S+) \S+)/m, "$1 $2")],
	["two BUNDLEs", "attribute.repeated", (sdp) => sdp.replace(/^(a=group:BUNDLE.*\r\n)/m, "$1$1")],
	["no mid", "mid.missing", (sdp) => nth(sdp, /^a=mid:.*\r\n/, 0, () => "")],
	["the same mid twice", "attribute.repeated", (sdp) => sdp.replaceAll(/^a=mid:.*/gm, "a=mid:0")],
	["no rtcp-mux in one section", "rtcp_mux.missing", (sdp) => nth(sdp, /^a=rtcp-mux\r\n/, 1, () => "")],
	[
		"rtcp-mux only as another word",
		"rtcp_mux.missing",
		(sdp) => nth(sdp, /^a=rtcp-mux\r\n/, 0, () => "a=rtcp-muxed\r\n"),
	],
	["no user fragment", "ice.missing", (sdp) => nth(sdp, /^a=ice-ufrag:.*\r\n/, 1, () => "")],
	["no ICE password", "ice.missing", (sdp) => sdp.replaceAll(/^a=ice-pwd:.*\r\n/gm, "")],
	["another user fragment", "ice.differs", (sdp) => nth(sdp, /^a=ice-ufrag:.*/, 1, () => "a=ice-ufrag:AAAA")],
	["another ICE password", "ice.differs", (sdp) => nth(sdp, /^a=ice-pwd:.*/, 1, () => `a=ice-pwd:${"A".repeat(22)}`)],
	["user fragment too short", "ice.form", (sdp) => sdp.replaceAll(/^a=ice-ufrag:.*/gm, "a=ice-ufrag:abc")],
	["ICE password too short", "ice.form", (sdp) => sdp.replaceAll(/^a=ice-pwd:.*/gm, "a=ice-pwd:abc")],
	["user fragment with a quote", "ice.form", (sdp) => sdp.replaceAll(/^a=ice-ufrag:.*/gm, 'a=ice-ufrag:ab"cd')],
	["line feeds only", "line_ends", (sdp) => sdp.replaceAll("\r\n", "\n")],
	["carriage returns only", "line_ends", (sdp) => sdp.replaceAll("\r\n", "\r")],
	[
		"one bare line feed that hides an attribute",
		"line_ends",
		(sdp) => inSession(sdp, "a=tool:x\na=crypto:1 A inline:B"),
	],
	["one bare carriage return", "line_ends", (sdp) => inSession(sdp, "a=tool:x\ra=crypto:1 A inline:B")],
	["no end of the last line", "line_ends", (sdp) => sdp.slice(0, -2)],
	["an empty line", "line_form", (sdp) => inSession(sdp, "")],
	["folded line", "line_form", (sdp) => inSession(sdp, " a=crypto:1 A inline:B")],
	["a line of unknown form", "line_form", (sdp) => inSession(sdp, "crypto")],
	["an attribute without a name", "line_form", (sdp) => inSession(sdp, "a=:x")],
	["version twice in front", "line_form", (sdp) => `\r\n${sdp}`],
	["another version", "line_form", (sdp) => sdp.replace("v=0", "v=1")],
	["Unicode", "characters", (sdp) => inSession(sdp, "i=Grüße")],
	["a line separator of Unicode", "characters", (sdp) => inSession(sdp, "i=x\u2028a=crypto:1")],
	["a full-width letter", "characters", (sdp) => afterFirstM(sdp, "a=\uff43rypto:1 A inline:B")],
	["NUL", "characters", (sdp) => inSession(sdp, "i=x\0")],
	["huge", "size", (sdp) => sdp + "a=x:1\r\n".repeat(5000)],
];
