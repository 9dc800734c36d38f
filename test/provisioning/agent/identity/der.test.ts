import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeDeviceKey } from "../../../../provisioning/agent/identity/DeviceKey.ts";
import { readDer, readOne, readTime, tags, writeDer } from "../../../../provisioning/agent/identity/der.ts";
import { x509 } from "../../../../provisioning/service/ca/x509.ts";

const code = (work: () => unknown): string => {
	try {
		work();
		return "none";
	} catch (error) {
		return (error as { code?: string }).code ?? "no code";
	}
};

describe("DER", () => {
	test("is read as it was written", () => {
		const content = fc.uint8Array({ maxLength: 70_000, size: "max" });
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 30 }), content, content, (tag, one, other) => {
				const both = Buffer.concat([writeDer(tag, one), writeDer(tags.sequence, other, one)]);
				const [first, second, ...more] = readDer(both);
				expect(more).toEqual([]);
				expect(Buffer.from(first!.content).equals(one)).toBe(true);
				expect(Buffer.from(second!.content).equals(Buffer.concat([other, one]))).toBe(true);
				expect(Buffer.from(second!.whole).equals(both.subarray(first!.whole.length))).toBe(true);
			}),
			{ numRuns: 50 },
		);
	});

	test("of any bytes is read or refused, and never read in two ways", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
				let elements: ReturnType<typeof readDer>;
				try {
					elements = readDer(bytes);
				} catch (error) {
					expect(error).toMatchObject({ code: "der.malformed" });
					return;
				}
				const again = elements.map(({ tag, content }) => writeDer(tag, content));
				expect(Buffer.concat(again)).toEqual(Buffer.from(bytes));
			}),
			{ numRuns: 5000 },
		);
	});

	test("lengths that lie, run out or are longer than they need be are refused", () => {
		for (const hex of [
			"30",
			"3005",
			"3002ff",
			"308100",
			"30810401020304",
			"3082000401020304",
			"3080",
			"3f8101ff00",
			"30850000000001",
		]) {
			expect(
				code(() => readDer(Buffer.from(hex, "hex"))),
				hex,
			).toBe("der.malformed");
		}
		expect(code(() => readOne(Buffer.from("300030", "hex"), tags.sequence))).toBe("der.malformed");
		expect(code(() => readOne(Buffer.from("3000", "hex"), tags.integer))).toBe("der.malformed");
	});

	test("times are those of RFC 5280", () => {
		const time = (tag: number, text: string) => readTime({ tag, content: Buffer.from(text), whole: new Uint8Array() });
		expect(time(tags.utcTime, "491231235959Z")).toBe(Date.UTC(2049, 11, 31, 23, 59, 59));
		expect(time(tags.utcTime, "500101000000Z")).toBe(Date.UTC(1950, 0, 1));
		expect(time(tags.generalizedTime, "20500101000000Z")).toBe(Date.UTC(2050, 0, 1));
		for (const [tag, text] of [
			[tags.utcTime, "20500101000000Z"],
			[tags.utcTime, "500101000000+0100"],
			[tags.utcTime, "501301000000Z"],
			[tags.integer, "500101000000Z"],
		] as const) {
			expect(
				code(() => time(tag, text)),
				text,
			).toBe("der.malformed");
		}
	});
});

describe("a device's key", () => {
	test("comes with a request that others understand: P-256, no name, no attributes, signed", async () => {
		const { request, pem, privateKey } = await makeDeviceKey();
		const read = new x509.Pkcs10CertificateRequest(new Uint8Array(request));
		expect(await read.verify()).toBe(true);
		expect(read.subject).toBe("");
		expect(read.attributes).toEqual([]);
		expect(read.publicKey.algorithm).toMatchObject({ name: "ECDSA", namedCurve: "P-256" });
		expect(privateKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
		expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----/);
		const openssl = spawnSync("openssl", ["req", "-inform", "DER", "-verify", "-noout"], { input: request });
		expect(openssl.status).toBe(0);
	});

	test("is another one each time", async () => {
		const [one, other] = await Promise.all([makeDeviceKey(), makeDeviceKey()]);
		expect(one.pem).not.toBe(other.pem);
	});
});
