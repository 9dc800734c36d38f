import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RoomError } from "../../../device/core/RoomError.ts";
import { checkDescription } from "../../../device/meeting/sdp-policy.ts";
import { fingerprintLine, fingerprintOf, inSession, mutations, otherDigest } from "../../sim/meeting/sdpMutations.ts";

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
