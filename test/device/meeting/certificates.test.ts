import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Bytes } from "../../../device/meeting/bytes.ts";
import { caPinOf, certificatesOfPem, readRevocationList, verifyChain } from "../../../device/meeting/certificates.ts";
import { createRoomIdentity, importPrivateKey, readIdentity } from "../../../device/meeting/identity.ts";
import { caExtensions, derOf, type Issued, type LeafOptions, TestFleet } from "../../sim/meeting/TestFleet.ts";

const nowMs = Date.UTC(2026, 10, 23, 9);
const dayMs = 86_400_000;
const { BasicConstraintsExtension, KeyUsagesExtension, KeyUsageFlags } = x509;
const usage = (flags: number): x509.Extension => new KeyUsagesExtension(flags, true);
const purpose = (oid: string): x509.Extension => new x509.ExtendedKeyUsageExtension([oid]);

let fleet: TestFleet;
let otherFleet: TestFleet;
beforeAll(async () => {
	fleet = await TestFleet.found(nowMs);
	otherFleet = await TestFleet.found(nowMs);
});

const verdict = (chain: readonly Bytes[], time = nowMs) =>
	verifyChain(chain, { ...fleet.trust, nowMs: time }).then(
		({ deviceId }) => deviceId,
		({ code, context }: { code: string; context: { check: string } }) => `${code} ${context.check}`,
	);
const leafVerdict = async (options: LeafOptions, time = nowMs): Promise<string> =>
	verdict([derOf(await fleet.issue(options)), derOf(fleet.root)], time);

describe("a room's certificate chain", () => {
	it("is accepted with the CA that the pin names, and gives the device's id and key", async () => {
		const leaf = await fleet.issue({ name: "CN=room-7, O=Somewhere", serial: "00ab01" });
		const device = await verifyChain([derOf(leaf), derOf(fleet.root)], { ...fleet.trust, nowMs });
		expect(device).toMatchObject({ deviceId: "room-7", serial: "ab01" });
		expect(device.spki).toEqual(new Uint8Array(leaf.certificate.publicKey.rawData));
	});

	it("may have an intermediate", async () => {
		const middle = await fleet.issue({ name: "CN=Site CA", extensions: caExtensions(0) });
		const leaf = await fleet.issue({ name: "CN=room-8", issuer: middle });
		expect(await verdict([leaf, middle, fleet.root].map(derOf))).toBe("room-8");
	});

	it.each<[string, () => Promise<string>, string]>([
		[
			"of another CA",
			async () => verdict([derOf(await otherFleet.issue()), derOf(otherFleet.root)]),
			"untrusted anchor",
		],
		[
			"of another CA of the same name, with our CA appended",
			async () => verdict([derOf(await otherFleet.issue()), derOf(fleet.root)]),
			"untrusted signature",
		],
		[
			"signed by itself, with our CA appended",
			async () => {
				const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
				return leafVerdict({ signedBy: keys.privateKey });
			},
			"untrusted signature",
		],
		["without the CA", async () => verdict([derOf(await fleet.issue())]), "untrusted form"],
		["too long", async () => verdict(Array.from({ length: 5 }, () => derOf(fleet.root))), "untrusted form"],
		["that is the CA only", async () => verdict([derOf(fleet.root), derOf(fleet.root)]), "untrusted leaf_is_ca"],
		["in the wrong order", async () => verdict([derOf(fleet.root), derOf(await fleet.issue())]), "untrusted anchor"],
		[
			"issued by another room",
			async () => {
				const room = await fleet.issue({ name: "CN=room-1" });
				return verdict([await fleet.issue({ issuer: room }), room, fleet.root].map(derOf));
			},
			"untrusted not_a_ca",
		],
		[
			"issued by a CA that may only sign messages",
			async () => {
				const extensions = [new BasicConstraintsExtension(true, 0, true), usage(KeyUsageFlags.digitalSignature)];
				const middle = await fleet.issue({ name: "CN=Site CA", extensions });
				return verdict([await fleet.issue({ issuer: middle }), middle, fleet.root].map(derOf));
			},
			"untrusted key_usage",
		],
		[
			"longer than the CA allows",
			async () => {
				const one = await fleet.issue({ name: "CN=One", extensions: caExtensions() });
				const two = await fleet.issue({ name: "CN=Two", issuer: one, extensions: caExtensions() });
				return verdict([await fleet.issue({ issuer: two }), two, one, fleet.root].map(derOf));
			},
			"untrusted path_length",
		],
		["whose leaf is a CA", () => leafVerdict({ extensions: caExtensions() }), "untrusted leaf_is_ca"],
		[
			"whose leaf may not sign",
			() => leafVerdict({ extensions: [usage(KeyUsageFlags.keyAgreement)] }),
			"untrusted key_usage",
		],
		[
			"of a server, such as the broker",
			() => leafVerdict({ extensions: [purpose("1.3.6.1.5.5.7.3.1")] }),
			"untrusted purpose",
		],
		[
			"with a critical extension that nobody understands",
			() => leafVerdict({ extensions: [new x509.Extension("1.2.3.4", true, new Uint8Array([5, 0]))] }),
			"untrusted extension",
		],
		["that names another issuer", () => leafVerdict({ issuerName: "CN=Other CA" }), "untrusted issuer"],
		[
			"with the same extension twice",
			() => leafVerdict({ extensions: [purpose("1.3.6.1.5.5.7.3.2"), purpose("1.3.6.1.5.5.7.3.1")] }),
			"untrusted extension",
		],
		["without a common name", () => leafVerdict({ name: "O=Somewhere" }), "untrusted name"],
		["with two common names", () => leafVerdict({ name: "CN=a, CN=b" }), "untrusted name"],
		[
			"of another curve",
			() => leafVerdict({ algorithm: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" } }),
			"untrusted form",
		],
		["expired", () => leafVerdict({ notAfter: new Date(nowMs - 1) }), "expired not_after"],
		["not yet valid", () => leafVerdict({ notBefore: new Date(nowMs + dayMs) }), "expired not_before"],
		[
			"whose CA expired",
			() => leafVerdict({ notAfter: new Date(nowMs + 9000 * dayMs) }, nowMs + 5000 * dayMs),
			"expired not_after",
		],
	])("%s is refused", async (_, act, expected) => {
		expect(await act()).toBe(`call.certificate_${expected}`);
	});

	it("is refused once revoked, however the serial is written", async () => {
		const leaf = await fleet.issue({ serial: "0AbC" });
		expect(await verdict([leaf, fleet.root].map(derOf))).toMatch(/^room-/);
		fleet.revoked.add("abc");
		expect(await verdict([leaf, fleet.root].map(derOf))).toBe("call.certificate_revoked list");
	});

	it("is refused with any byte changed, added or missing, and with bytes that are no certificate", async () => {
		const leaf = derOf(await fleet.issue({ name: "CN=room-7" }));
		await fc.assert(
			fc.asyncProperty(
				fc.nat(leaf.length - 1),
				fc.integer({ min: 1, max: 255 }),
				fc.constantFrom("change", "add", "cut", "noise"),
				async (at, by, how) => {
					const changed = leaf.slice();
					changed[at] = (changed[at] ?? 0) ^ by;
					const bytes = {
						change: changed,
						add: new Uint8Array([...leaf, by]),
						cut: leaf.slice(0, at),
						noise: new Uint8Array(at).fill(by),
					}[how];
					expect(await verdict([bytes, derOf(fleet.root)])).toMatch(/^call\.certificate_(untrusted|expired)/);
				},
			),
		);
	});
});

describe("what nobody signed of a certificate", () => {
	/** Places of the frame, the second naming of the algorithm, and all of the signature but its numbers' digits. */
	const aroundTheSigned = (der: Bytes): number[] => {
		const places = (start: number, count: number) => Array.from({ length: count }, (_, index) => start + index);
		// 30 82 xx xx, then 30 81 xx or 30 82 xx xx before what is signed
		const signed = der[5] === 0x81 ? 7 + (der[6] as number) : 8 + (der[6] as number) * 256 + (der[7] as number);
		const signature = signed + 12;
		const secondNumber = signature + 7 + (der[signature + 6] as number);
		return [...places(0, 4), ...places(signed, 12 + 8), ...places(secondNumber, 3)];
	};

	it("has no second spelling: any byte of it changed in any way is refused", async () => {
		// Both lengths of the signature's numbers: with and without a leading zero.
		const lengths = new Set<number>();
		while (lengths.size < 3) {
			const leaf = derOf(await fleet.issue({ name: "CN=room-7" }));
			if (lengths.has(leaf.length)) continue;
			lengths.add(leaf.length);
			expect(await verdict([leaf, derOf(fleet.root)])).toBe("room-7");
			const accepted: string[] = [];
			for (const at of aroundTheSigned(leaf)) {
				for (let by = 1; by < 256; by++) {
					const changed = leaf.slice();
					changed[at] = (changed[at] as number) ^ by;
					if ((await verdict([changed, derOf(fleet.root)])) === "room-7") accepted.push(`${at}^${by}`);
				}
			}
			expect(accepted).toEqual([]);
		}
	});
});

describe("the revocation list", () => {
	const listOf = async (issuer: Issued, serials: string[], endless = false): Promise<string> => {
		const list = await x509.X509CrlGenerator.create({
			issuer: issuer.certificate.subject,
			thisUpdate: new Date(nowMs),
			...(endless ? {} : { nextUpdate: new Date(nowMs + 60 * dayMs) }),
			entries: serials.map((serialNumber) => ({ serialNumber, revocationDate: new Date(nowMs) })),
			signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
			signingKey: issuer.keys.privateKey,
		});
		return list.toString("pem");
	};
	const pemOf = ({ certificate }: Issued): string => certificate.toString("pem");

	it("gives the revoked serials in the form in which chains are asked for", async () => {
		const serials = await readRevocationList(await listOf(fleet.root, ["0abc", "4a01"]), pemOf(fleet.root));
		expect(serials).toEqual(new Set(["abc", "4a01"]));
	});

	it("may be empty", async () => {
		expect(await readRevocationList(await listOf(fleet.root, []), pemOf(fleet.root))).toEqual(new Set());
	});

	it("is refused where another CA of the same name signed it", async () => {
		const list = await listOf(otherFleet.root, ["01"]);
		await expect(readRevocationList(list, pemOf(fleet.root))).rejects.toMatchObject({
			code: "identity.revocation_list_refused",
		});
	});

	it("is refused without an end, rather than taken for empty", async () => {
		const list = await listOf(fleet.root, ["0abc"], true);
		await expect(readRevocationList(list, pemOf(fleet.root))).rejects.toMatchObject({
			code: "identity.revocation_list_refused",
		});
	});

	it("is refused where it is none", async () => {
		for (const text of ["", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----", pemOf(fleet.root)])
			await expect(readRevocationList(text, pemOf(fleet.root))).rejects.toMatchObject({ code: "identity.malformed" });
	});
});

describe("an identity", () => {
	it("of a room has its chain in the header, and a key that can't be read out", async () => {
		const leaf = await fleet.issue({ name: "CN=room-7" });
		const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", leaf.keys.privateKey)).toString("base64");
		const privateKey = await importPrivateKey(`-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`);
		expect(privateKey.extractable).toBe(false);
		const room = await fleet.identityOf([leaf.certificate, fleet.root.certificate], privateKey);
		const far = await readIdentity(room.key, { ...fleet.trust, nowMs });
		expect(far).toMatchObject({ kind: "room", deviceId: "room-7", fingerprint: room.fingerprint });
	});

	it("is refused at its own room already: wrong key, wrong CA, no PEM", async () => {
		const [leaf, other] = [await fleet.issue(), await fleet.issue()];
		const chain = [leaf.certificate, fleet.root.certificate];
		await expect(fleet.identityOf(chain, other.keys.privateKey)).rejects.toMatchObject({
			code: "identity.key_mismatch",
		});
		await expect(otherFleet.identityOf(chain, leaf.keys.privateKey)).rejects.toMatchObject({
			code: "call.certificate_untrusted",
		});
		const options = { privateKey: leaf.keys.privateKey, trust: fleet.trust, nowMs };
		await expect(createRoomIdentity({ chainPem: "x", ...options })).rejects.toMatchObject({
			code: expect.stringMatching(/^(identity\.malformed|call\.certificate_untrusted)$/),
		});
		await expect(importPrivateKey("x")).rejects.toMatchObject({ code: "identity.malformed" });
	});

	it("names a chain or a key, not both and not neither", async () => {
		const room = await fleet.room();
		const jwk = { kty: "EC", crv: "P-256", x: "A".repeat(43), y: "A".repeat(43) } as const;
		const malformed = { code: "meeting.malformed" };
		const trust = { ...fleet.trust, nowMs };
		await expect(readIdentity({}, trust)).rejects.toMatchObject(malformed);
		await expect(readIdentity({ ...room.key, jwk }, trust)).rejects.toMatchObject(malformed);
		await expect(readIdentity({ x5c: ["%", "%"] }, trust)).rejects.toMatchObject(malformed);
		// A point that isn't on the curve.
		await expect(readIdentity({ jwk }, trust)).rejects.toMatchObject({
			code: "call.handshake_refused",
			context: { check: "key" },
		});
	});

	it("has the pin that links carry", async () => {
		const pem = fleet.root.certificate.toString("pem");
		expect(await caPinOf(pem)).toEqual(fleet.pin);
		expect(certificatesOfPem(`${pem}\n${pem}`)).toHaveLength(2);
		await expect(caPinOf("x")).rejects.toMatchObject({ code: "identity.malformed" });
	});
});
