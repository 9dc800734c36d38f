import { execFile } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openCa } from "../../../../provisioning/service/ca/FleetCa.ts";

const openssl = (...args: string[]) => promisify(execFile)("openssl", args);
let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-ca-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("issues a device certificate that OpenSSL verifies for a client and for nothing else", async () => {
	const ca = await openCa(join(folder, "ca"), { development: true });
	const device = await ca.issueDevice("room-berlin");
	const path = join(folder, "device.pem");
	await writeFile(path, device.certificate);
	const authority = [
		"-CAfile",
		join(ca.folder, "ca.pem"),
		"-x509_strict",
		"-crl_check",
		"-CRLfile",
		join(ca.folder, "crl.pem"),
	];
	await openssl("verify", ...authority, "-purpose", "sslclient", path);
	await expect(openssl("verify", ...authority, "-purpose", "sslserver", path)).rejects.toThrow(/unsuitable|purpose/);

	const leaf = new X509Certificate(device.certificate);
	expect(leaf.subject).toBe("CN=room-berlin");
	expect(leaf.serialNumber.toLowerCase()).toBe(device.serial);
	expect(device.serial).toMatch(/^[0-9a-f]{32}$/);
	expect(leaf.ca).toBe(false);
	expect(leaf.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
	const days = (leaf.validToDate.getTime() - Date.now()) / 86_400_000;
	expect(Math.round(days)).toBe(60);
	const { stdout } = await openssl("x509", "-in", path, "-noout", "-ext", "keyUsage,basicConstraints");
	expect(stdout).toContain("Digital Signature");
	expect(stdout).toContain("CA:FALSE");
});

test("issues a server certificate for names and addresses", async () => {
	const ca = await openCa(join(folder, "ca"));
	const server = await ca.issueServer(["127.0.0.1", "::1", "broker.example"]);
	const path = join(folder, "server.pem");
	await writeFile(path, server.certificate);
	const base = ["verify", "-CAfile", join(ca.folder, "ca.pem"), "-x509_strict", "-purpose", "sslserver"];
	await openssl(...base, "-verify_ip", "127.0.0.1", path);
	await openssl(...base, "-verify_ip", "::1", path);
	await openssl(...base, "-verify_hostname", "broker.example", path);
	await expect(openssl(...base, "-verify_hostname", "other.example", path)).rejects.toThrow(/mismatch/);
});

test("the pin is the SHA-256 of the root's public key", async () => {
	const ca = await openCa(join(folder, "ca"), { development: true });
	const root = new X509Certificate(ca.certificate);
	const spki = root.publicKey.export({ type: "spki", format: "der" });
	expect(ca.pin).toBe(createHash("sha256").update(spki).digest("base64url"));
	expect(root.subject).toContain("development");
	expect(root.ca).toBe(true);
});

test("keeps secrets to itself and is the same authority when opened again", async () => {
	const first = await openCa(join(folder, "ca"));
	for (const name of ["ca.key.pem", "revocations.json"]) {
		expect((await stat(join(first.folder, name))).mode & 0o777).toBe(0o600);
	}
	expect((await stat(first.folder)).mode & 0o777).toBe(0o700);
	expect(new X509Certificate(first.certificate).subject).not.toContain("development");
	const again = await openCa(join(folder, "ca"));
	expect(again.certificate).toBe(first.certificate);
	const device = await again.issueDevice("room-berlin");
	expect(new X509Certificate(device.certificate).verify(new X509Certificate(first.certificate).publicKey)).toBe(true);
});

test("revocations that come at once all stay, over a restart too, and each list has a higher number", async () => {
	const ca = await openCa(join(folder, "ca"));
	const devices = await Promise.all(["room-aaaa", "room-bbbb", "room-cccc"].map((id) => ca.issueDevice(id)));
	await Promise.all(devices.map((device) => ca.revoke(device.serial)));
	await ca.revoke((devices[0]?.serial ?? "").toUpperCase());
	const again = await openCa(join(folder, "ca"));
	await writeFile(join(folder, "crl.pem"), again.crl);
	const { stdout } = await openssl("crl", "-in", join(folder, "crl.pem"), "-noout", "-text");
	for (const device of devices) expect(stdout.match(new RegExp(device.serial, "gi"))).toHaveLength(1);
	// one list when it was founded, three revocations (the fourth changed nothing), one at the second opening
	expect(stdout).toMatch(/X509v3 CRL Number:\s+5\b/);
	await writeFile(join(folder, "device.pem"), devices[1]?.certificate ?? "");
	const check = ["verify", "-CAfile", join(again.folder, "ca.pem"), "-crl_check", "-CRLfile", join(folder, "crl.pem")];
	await expect(openssl(...check, join(folder, "device.pem"))).rejects.toThrow(/revoked/);
});

test.each(["short", "Room-Berlin", "room berlin", "room+berlin", "room/berlin", "a".repeat(41), "room-berlin\n"])(
	"refuses the device id %j",
	async (id) => {
		const ca = await openCa(join(folder, "ca"));
		await expect(ca.issueDevice(id)).rejects.toMatchObject({ code: "ca.device_id_invalid" });
	},
);

test("never founds a new root over an old one's remains", async () => {
	const ca = await openCa(join(folder, "ca"));
	await rm(join(ca.folder, "ca.key.pem"));
	await expect(openCa(ca.folder)).rejects.toMatchObject({ code: "ca.unreadable" });
	expect(await readFile(join(ca.folder, "ca.pem"), "utf8")).toBe(ca.certificate);
});

test("a key of another root is noticed", async () => {
	const [a, b] = await Promise.all([openCa(join(folder, "a")), openCa(join(folder, "b"))]);
	await writeFile(join(a.folder, "ca.key.pem"), await readFile(join(b.folder, "ca.key.pem")));
	await expect(openCa(a.folder)).rejects.toMatchObject({ code: "ca.unreadable" });
});
