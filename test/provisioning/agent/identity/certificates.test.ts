import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRevocationList as readByRoom } from "../../../../device/meeting/certificates.ts";
import { certificatesOf, checkCertificate, serialOf } from "../../../../provisioning/agent/identity/certificates.ts";
import { makeDeviceKey } from "../../../../provisioning/agent/identity/DeviceKey.ts";
import { readRevocationList } from "../../../../provisioning/agent/identity/revocationList.ts";
import { type FleetCa, openCa } from "../../../../provisioning/service/ca/FleetCa.ts";

let folder: string;
let ca: FleetCa;
let foreign: FleetCa;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-agent-ca-"));
	[ca, foreign] = await Promise.all([openCa(join(folder, "ours")), openCa(join(folder, "theirs"))]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const checkOf = (work: () => unknown): string => {
	try {
		work();
		return "fine";
	} catch (error) {
		return (error as { context?: { check?: string } }).context?.check ?? String(error);
	}
};

describe("a certificate", () => {
	test("that the fleet issued for our key and name is taken, and its serial number read as the fleet writes it", async () => {
		const key = await makeDeviceKey();
		const issued = await ca.issueFromCsr(key.request, "dev-00000001");
		const leaf = checkCertificate({
			chain: issued.chain,
			authority: ca.certificate,
			deviceId: "dev-00000001",
			key: key.privateKey,
			nowMs: Date.now(),
		});
		expect(serialOf(leaf)).toBe(issued.serial);
		// without the root in the chain, too
		const given = { authority: ca.certificate, deviceId: "dev-00000001", key: key.privateKey, nowMs: Date.now() };
		expect(checkOf(() => checkCertificate({ ...given, chain: issued.certificate }))).toBe("fine");
	});

	test("that is any other is refused", async () => {
		const key = await makeDeviceKey();
		const { chain, certificate } = await ca.issueFromCsr(key.request, "dev-00000001");
		const good = {
			chain,
			authority: ca.certificate,
			deviceId: "dev-00000001",
			key: key.privateKey,
			nowMs: Date.now() as number | null,
		};
		const check = (over: Partial<typeof good>) => checkOf(() => checkCertificate({ ...good, ...over }));
		expect(check({})).toBe("fine");
		expect(check({ key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey })).toBe("key");
		expect(check({ deviceId: "dev-00000002" })).toBe("name");
		expect(check({ authority: foreign.certificate })).toBe("issuer");
		// an authority that came along with the certificate is none
		expect(check({ authority: foreign.certificate, chain: certificate + ca.certificate })).toBe("issuer");
		expect(check({ authority: "" })).toBe("issuer");
		expect(check({ chain: "" })).toBe("form");
		expect(check({ chain: ca.certificate })).toBe("key");
		expect(check({ chain: certificate.replace("MII", "MIJ") })).toBe("form");
		expect(check({ nowMs: Date.now() + 61 * 86_400_000 })).toBe("dates");
		expect(check({ nowMs: Date.now() - 86_400_000 })).toBe("dates");
		expect(check({ nowMs: null })).toBe("fine");
		const another = await ca.issueDevice("dev-00000003");
		// a device is no authority, whatever it signs
		expect(check({ authority: another.certificate, chain: certificate, key: createPrivateKey(key.pem) })).toBe(
			"issuer",
		);
		expect(certificatesOf("nothing")).toEqual([]);
	});
});

describe("a revocation list", () => {
	test("of ours is taken, alone or with the certificate before it, and the room program reads what it is given", async () => {
		const revoked = await ca.issueDevice("dev-revoked1");
		await ca.revoke(revoked.serial);
		const list = readRevocationList(`${ca.certificate}\n${ca.crl}`, ca.certificate);
		expect(Math.abs(list.madeAt - Date.now())).toBeLessThan(10 * 60_000);
		// beside the proof that each list brings
		expect([...(await readByRoom(list.pem, ca.certificate))]).toContain(revoked.serial);
		expect(readRevocationList(list.pem, ca.certificate)).toEqual(list);
	});

	test("of others, altered or torn is refused", () => {
		const code = (text: string, authority = ca.certificate) => {
			try {
				readRevocationList(text, authority);
				return "fine";
			} catch (error) {
				return (error as { code: string }).code;
			}
		};
		expect(code(foreign.crl)).toBe("revocations.not_ours");
		expect(code(ca.crl, foreign.certificate)).toBe("revocations.not_ours");
		expect(code(ca.crl, "")).toBe("revocations.not_ours");
		expect(code(ca.certificate)).toBe("revocations.malformed");
		expect(code("")).toBe("revocations.malformed");
		const der = Buffer.from(ca.crl.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
		const pem = (bytes: Uint8Array) =>
			`-----BEGIN X509 CRL-----\n${Buffer.from(bytes).toString("base64")}\n-----END X509 CRL-----`;
		expect(code(pem(der))).toBe("fine");
		// every single bit of it is looked at
		for (let at = 0; at < der.length; at++) {
			const altered = Buffer.from(der);
			altered[at] = (altered[at] as number) ^ (1 << (at % 8));
			expect(code(pem(altered)), `byte ${at}`).toMatch(/^revocations\./);
			expect(code(pem(der.subarray(0, at))), `cut at ${at}`).toMatch(/^revocations\./);
		}
		expect(code(pem(Buffer.concat([der, Buffer.from([0])])))).toBe("revocations.malformed");
	});
});
