import { createDecipheriv, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64url, toBase64url } from "../../../device/meeting/bytes.ts";
import { createLink } from "../../../device/meeting/link.ts";
import { type Route, Seal } from "../../../device/meeting/sealing.ts";

const link = createLink({ origin: "https://meet.example", caPin: new Uint8Array(32) });
const route: Route = { from: "m1", to: "m2" };
const seal = await Seal.create(link.secret, link.meetingId);
const wrong = { code: "meeting.wrong_seal" };

describe("the seal", () => {
	it("opens what it sealed, for the same route", async () => {
		await fc.assert(
			fc.asyncProperty(fc.string({ unit: "grapheme" }), async (text) => {
				expect(await seal.open(route, await seal.seal(route, text))).toBe(text);
			}),
		);
	});

	it("opens nothing in which any bit is another, or which is shorter", async () => {
		const sealed = fromBase64url(await seal.seal(route, "a message")) ?? new Uint8Array();
		await fc.assert(
			fc.asyncProperty(fc.nat(sealed.length * 8 - 1), fc.boolean(), async (bit, cutOff) => {
				const changed = cutOff ? sealed.slice(0, bit >> 3) : sealed.slice();
				if (!cutOff) changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
				await expect(seal.open(route, toBase64url(changed))).rejects.toMatchObject(wrong);
			}),
		);
	});

	it("opens nothing that isn't sealed", async () => {
		await fc.assert(
			fc.asyncProperty(fc.string(), async (text) => {
				await expect(seal.open(route, text)).rejects.toMatchObject(wrong);
			}),
		);
	});

	it.each<[string, Route]>([
		["from another member", { from: "m3", to: "m2" }],
		["to another member", { from: "m1", to: "m3" }],
		["turned round", { from: "m2", to: "m1" }],
		["as a card", { hello: true }],
	])("doesn't open what was moved: %s", async (_, other) => {
		await expect(seal.open(other, await seal.seal(route, "x"))).rejects.toMatchObject(wrong);
	});

	it("doesn't open what was sealed for another meeting with the same secret, or with another secret", async () => {
		const other = createLink({ origin: "https://meet.example", caPin: new Uint8Array(32) });
		const sealed = await seal.seal(route, "x");
		const [sameSecret, sameMeeting] = [
			await Seal.create(link.secret, other.meetingId),
			await Seal.create(other.secret, link.meetingId),
		];
		await expect(sameSecret.open(route, sealed)).rejects.toMatchObject(wrong);
		await expect(sameMeeting.open(route, sealed)).rejects.toMatchObject(wrong);
	});

	it("never seals twice alike", async () => {
		const sealed = await Promise.all(Array.from({ length: 50 }, () => seal.seal(route, "same")));
		expect(new Set(sealed.map((text) => text.slice(0, 16))).size).toBe(50);
	});

	it("is AES-256-GCM under HKDF-SHA256 as the design says, by another implementation", async () => {
		const info = Buffer.concat([Buffer.from("seal"), Buffer.from(link.meetingId, "base64url")]);
		const key = Buffer.from(hkdfSync("sha256", link.secret, "incamera/1", info, 32));
		const bytes = Buffer.from(await seal.seal(route, "Grüße"), "base64url");
		const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
		decipher.setAAD(Buffer.from(JSON.stringify([link.meetingId, "m1", "m2"])));
		decipher.setAuthTag(bytes.subarray(-16));
		expect(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString()).toBe("Grüße");
	});
});
