import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RoomError } from "../../../device/core/RoomError.ts";
import { checkDescription, type SdpRule } from "../../../device/meeting/sdp-policy.ts";

const corpus = join(import.meta.dirname, "corpus");
const recorded = readdirSync(corpus)
	.filter((name) => name.endsWith(".sdp"))
	.map(
		(name) =>
			({
				name,
				type: name.includes("answer") ? "answer" : "offer",
				sdp: readFileSync(join(corpus, name), "utf8"),
			}) as const,
	);
const two = recorded.filter(({ sdp }) => sdp.includes("m=video"));

const verdict = (sdp: string, type: "offer" | "answer", previousFingerprint?: Uint8Array): string => {
	try {
		checkDescription(sdp, previousFingerprint ? { type, previousFingerprint } : { type });
	} catch (error) {
		if (error instanceof RoomError && error.code === "call.sdp_refused") return String(error.context["rule"]);
		throw error;
	}
	return "accepted";
};

const nth = (sdp: string, pattern: RegExp, index: number, put: (found: string) => string): string => {
	let count = -1;
	return sdp.replaceAll(new RegExp(pattern, "gm"), (found) => {
		count += 1;
		return count === index ? put(found) : found;
	});
};
const fingerprintLine = /^a=fingerprint:.*\r\n/m;
const fingerprintOf = (sdp: string): string => /^a=fingerprint:sha-256 (\S+)/m.exec(sdp)?.[1] ?? "";
const otherDigest = (length: number): string => Array.from({ length }, () => "5A").join(":");
const afterFirstM = (sdp: string, line: string): string =>
	nth(sdp, /^a=mid:.*\r\n/, 0, (found) => `${found}${line}\r\n`);
const inSession = (sdp: string, line: string): string => sdp.replace("t=0 0\r\n", `t=0 0\r\n${line}\r\n`);

/** Each row changes a good description in one way and names the rule that must refuse it. */
const mutations: [string, SdpRule, (sdp: string) => string][] = [
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

describe("the SDP policy", () => {
	it.each(recorded)("accepts $name as recorded", ({ sdp, type }) => {
		const checked = checkDescription(sdp, { type });
		const hex = Array.from(checked.fingerprint, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
		expect(hex).toBe(fingerprintOf(sdp));
		expect(sdp).toContain(`a=ice-ufrag:${checked.ufrag}\r\n`);
		expect(checked.media).toHaveLength(sdp.split("\r\nm=").length - 1);
	});

	describe.each(two)("refuses in $name", ({ sdp, type }) => {
		it.each(mutations)("%s, by rule %s", (_, rule, mutate) => {
			const mutated = mutate(sdp);
			expect(mutated, "the mutation changes something").not.toBe(sdp);
			expect(verdict(mutated, type)).toBe(rule);
		});

		it("a role that isn't its own", () => {
			expect(verdict(sdp, type === "offer" ? "answer" : "offer")).toBe("setup.value");
		});
	});

	it("accepts fingerprints in the session, of several algorithms, and in lower case", () => {
		const { sdp, type } = recorded.find(({ name }) => name === "chromium-offer.sdp") as (typeof recorded)[number];
		const line = `a=fingerprint:sha-256 ${fingerprintOf(sdp).toLowerCase()}`;
		const moved = inSession(sdp.replaceAll(new RegExp(fingerprintLine, "gm"), ""), line);
		expect(verdict(moved, type)).toBe("accepted");
		expect(verdict(inSession(moved, `a=fingerprint:sha-512 ${otherDigest(64)}`), type)).toBe("accepted");
	});

	it("refuses a renegotiation that changes the fingerprint, and only that", () => {
		for (const { sdp, type } of recorded) {
			const { fingerprint } = checkDescription(sdp, { type });
			expect(verdict(sdp, type, fingerprint)).toBe("accepted");
			const changed = sdp.replaceAll(/sha-256 \S+/g, `sha-256 ${otherDigest(32)}`);
			expect(verdict(changed, type, fingerprint)).toBe("fingerprint.changed");
		}
	});

	it("refuses an answer with other sections than the offer's", () => {
		const sdpOf = (name: string): string => readFileSync(join(corpus, name), "utf8");
		const offer = checkDescription(sdpOf("chromium-offer.sdp"), { type: "offer" });
		const answer = sdpOf("webrtcbin-answer.sdp");
		expect(checkDescription(answer, { type: "answer", offer }).media).toEqual(offer.media);
		const refused = expect.objectContaining({ context: { rule: "answer.other_media" } });
		const renamed = answer.replaceAll("a=mid:1", "a=mid:7").replace("BUNDLE 0 1", "BUNDLE 0 7");
		const [session, first, second] = answer.split(/(?=^m=)/m);
		const dropped = `${session}${first}`.replace("BUNDLE 0 1", "BUNDLE 0");
		for (const other of [renamed, dropped, `${session}${second}${first}`])
			expect(() => checkDescription(other, { type: "answer", offer })).toThrow(refused);
	});

	it("never accepts what names another certificate, or a key, however lines are dropped, doubled, moved and spoilt", () => {
		const evil = [
			"a=crypto:1 A inline:B",
			"k=clear:x",
			"m=audio 9 RTP/AVP 0",
			`a=fingerprint:sha-256 ${otherDigest(32)}`,
			"a=fingerprint:sha-1 AA",
		];
		fc.assert(
			fc.property(
				fc.constantFrom(...recorded),
				fc.array(fc.tuple(fc.nat(200), fc.constantFrom("drop", "double", "swap", "spoil", "evil"), fc.nat(200)), {
					maxLength: 6,
				}),
				({ sdp, type }, edits) => {
					const lines = sdp.split("\r\n").slice(0, -1);
					for (const [at, how, other] of edits) {
						const index = at % lines.length;
						const line = lines[index] ?? "";
						if (how === "drop") lines.splice(index, 1);
						else if (how === "double") lines.splice(index, 0, line);
						else if (how === "swap") lines.splice(other % lines.length, 0, ...lines.splice(index, 1));
						else if (how === "spoil")
							lines[index] = line.slice(0, other % (line.length + 1)) + String.fromCharCode(other);
						else lines.splice(index, 0, evil[other % evil.length] ?? "");
						if (lines.length === 0) return;
					}
					const text = `${lines.join("\r\n")}\r\n`;
					if (verdict(text, type) !== "accepted") return;
					const digests = new Set(
						[...text.matchAll(/^a=fingerprint:(sha-256 \S+)/gim)].map(([, digest]) => digest?.toLowerCase()),
					);
					expect(digests.size).toBe(1);
					expect(text).not.toMatch(/^a=crypto|^a=key-mgmt|^k=|RTP\/AVP|sha-1/im);
				},
			),
			{ numRuns: 1500 },
		);
	});

	it("answers any text with its own error", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (text) => {
				expect(verdict(text, "offer")).not.toBe("accepted");
			}),
		);
	});
});
