import { createHash, hkdfSync, scryptSync } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CODE_ALPHABET, csrMacInput, readCode, writeCode } from "../../../../provisioning/contract/enrolment.ts";
import { deviceId } from "../../../../provisioning/contract/topics.ts";
import { CodeKeys, isMacOfOne, macOf } from "../../../../provisioning/service/enrolment/CodeKeys.ts";
import { newCode, newDeviceId } from "../../../../provisioning/service/enrolment/codes.ts";

test("a key is scrypt of the secret, salted with lookup and serial number, at the contract's cost", async () => {
	const key = await new CodeKeys().derive("SECRETSECRET", "ABCD", "serial-ü");
	const salt = Buffer.from("ABCDserial-ü", "utf8");
	expect(key).toEqual(scryptSync("SECRETSECRET", salt, 32, { N: 32_768, r: 8, p: 1, maxmem: 2 ** 26 }));
});

test("keys are computed a few at a time, and who comes when many wait is sent away", async () => {
	const keys = new CodeKeys({ atOnce: 1, waiting: 2 });
	const asked = [0, 1, 2].map((index) => keys.derive("S", "ABCD", `${index}`));
	expect(keys.waiting).toBe(2);
	await expect(keys.derive("S", "ABCD", "3")).rejects.toMatchObject({ code: "enrol.too_many" });
	expect(new Set((await Promise.all(asked)).map(String)).size).toBe(3);
	await keys.derive("S", "ABCD", "4");
	expect(keys.waiting).toBe(0);
});

test("a MAC holds for exactly the bytes that it was made of, under one of the listener's certificates", () => {
	const key = Buffer.from(hkdfSync("sha256", "key", "", "", 32));
	const [shown, before, strange] = ["now", "before", "strange"].map((name) =>
		createHash("sha256").update(name).digest(),
	);
	const of = { csr: Buffer.from("csr"), devNonce: "d".repeat(22), srvNonce: "s".repeat(22) };
	const inputs = [shown, before].map((serverCertificate) =>
		csrMacInput({ ...of, serverCertificate: serverCertificate! }),
	);
	const mac = (of: Parameters<typeof csrMacInput>[0]) => macOf(key, csrMacInput(of));
	expect(isMacOfOne(mac({ ...of, serverCertificate: shown! }), key, inputs)).toBe(true);
	expect(isMacOfOne(mac({ ...of, serverCertificate: before! }), key, inputs)).toBe(true);
	expect(isMacOfOne(mac({ ...of, serverCertificate: strange! }), key, inputs)).toBe(false);
	expect(isMacOfOne(mac({ ...of, serverCertificate: shown! }), Buffer.alloc(32), inputs)).toBe(false);
	expect(isMacOfOne(mac({ ...of, devNonce: "x".repeat(22), serverCertificate: shown! }), key, inputs)).toBe(false);
	expect(isMacOfOne(mac({ ...of, serverCertificate: shown! }), key, [])).toBe(false);
	expect(isMacOfOne("", key, inputs)).toBe(false);
});

test("a code is drawn from the whole alphabet, is read back as it is typed, and an id says nothing", () => {
	const seen = new Set<string>();
	for (let index = 0; index < 200; index++) {
		const { lookup, secret } = newCode();
		for (const character of lookup + secret) seen.add(character);
		expect(readCode(writeCode(lookup + secret).toLowerCase())).toEqual({ lookup, secret });
		const id = newDeviceId();
		expect(deviceId.safeParse(id).success).toBe(true);
	}
	expect([...seen].sort().join("")).toBe(CODE_ALPHABET);
});

test("any MAC that is not the right one is refused, whatever it looks like", () => {
	const key = Buffer.alloc(32, 7);
	fc.assert(
		fc.property(fc.string({ maxLength: 60 }), fc.uint8Array({ maxLength: 40 }), (mac, input) => {
			expect(isMacOfOne(mac, key, [input])).toBe(mac === macOf(key, input));
		}),
	);
});
