import { execFile } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FleetCa, openCa } from "../../../../provisioning/service/ca/FleetCa.ts";
import { signing, x509 } from "../../../../provisioning/service/ca/x509.ts";

const ID = "room-berlin";
let folder: string;
let ca: FleetCa;
let keys: CryptoKeyPair;
let honest: Buffer;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-csr-test-"));
	ca = await openCa(join(folder, "ca"));
	keys = await crypto.subtle.generateKey(signing, true, ["sign", "verify"]);
	honest = await request();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const request = async (params: Partial<x509.Pkcs10CertificateRequestCreateParams> = {}): Promise<Buffer> => {
	const csr = await x509.Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: signing, ...params });
	return Buffer.from(csr.rawData);
};
const openssl = (...args: string[]) => promisify(execFile)("openssl", args, { cwd: folder });
/** A request by OpenSSL, with a new key. */
const byOpenssl = async (newKey: string[], ...args: string[]): Promise<Buffer> => {
	const section = (name: string, mask: string) => `[${name}]\nprompt=no\ndistinguished_name=dn\nstring_mask=${mask}\n`;
	const config = `${section("req", "utf8only")}${section("utf8only", "utf8only")}${section("nombstr", "nombstr")}`;
	await writeFile(join(folder, "req.cnf"), `${config}[dn]\n[ext]\nbasicConstraints=CA:TRUE\n`);
	await openssl("genpkey", ...newKey, "-out", "key.pem");
	await openssl("req", "-new", "-config", "req.cnf", "-key", "key.pem", "-outform", "DER", "-out", "req.der", ...args);
	return readFile(join(folder, "req.der"));
};
const ec = (curve: string) => ["-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${curve}`];
const refused = async (csr: Uint8Array): Promise<void> => {
	await expect(ca.issueFromCsr(csr, ID)).rejects.toMatchObject({ name: "RoomError", code: "enrol.csr_refused" });
};

test("signs for the key and the id, and copies nothing else", async () => {
	for (const csr of [honest, await request({ name: `CN=${ID}` })]) {
		const issued = await ca.issueFromCsr(csr, ID);
		const leaf = new X509Certificate(issued.certificate);
		expect(leaf.subject).toBe(`CN=${ID}`);
		expect(leaf.publicKey.export({ type: "spki", format: "der" })).toEqual(
			Buffer.from(await crypto.subtle.exportKey("spki", keys.publicKey)),
		);
		expect(leaf.verify(new X509Certificate(ca.certificate).publicKey)).toBe(true);
		expect(leaf.subjectAltName).toBeUndefined();
		expect(leaf.ca).toBe(false);
		expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
		expect(leaf.validToDate.getTime()).toBe(issued.notAfter);
		expect(leaf.validFromDate.getTime()).toBe(issued.notBefore);
		expect(leaf.serialNumber.toLowerCase()).toBe(issued.serial);
		expect(issued).not.toHaveProperty("key");
	}
});

test("takes what OpenSSL writes too, with either type of string", async () => {
	for (const mask of ["utf8only", "nombstr"]) {
		const csr = await byOpenssl(ec("P-256"), "-subj", `/CN=${ID}`, "-section", mask);
		expect(csr.includes(mask === "utf8only" ? 0x0c : 0x13)).toBe(true);
		expect(new X509Certificate((await ca.issueFromCsr(csr, ID)).certificate).subject).toBe(`CN=${ID}`);
	}
	await ca.issueFromCsr(await byOpenssl(ec("P-256"), "-subj", "/"), ID);
});

test("lives as long as it is told to", async () => {
	const { notBefore, notAfter } = await ca.issueFromCsr(honest, ID, { days: 1 });
	expect(notAfter - notBefore).toBe(86_400_000 + 300_000);
});

test.each<[string, () => Promise<Uint8Array>]>([
	["another device's name", () => request({ name: "CN=room-munich" })],
	["a worker's name", () => request({ name: "CN=fleet-service-1" })],
	["its name in capitals", () => request({ name: "CN=ROOM-BERLIN" })],
	["more than a name", () => request({ name: `CN=${ID}, O=InCamera` })],
	["two names", () => request({ name: `CN=${ID}, CN=${ID}` })],
	["two names in one part", () => request({ name: `CN=${ID}+CN=room-munich` })],
	["no CN but an O", () => request({ name: `O=${ID}` })],
	["a name with a NUL", () => request({ name: `CN=${ID}\0` })],
	["P-384", () => byOpenssl(ec("P-384"), "-subj", "/")],
	["secp256k1", () => byOpenssl(ec("secp256k1"), "-subj", "/")],
	[
		"P-256 with its parameters spelt out",
		() => byOpenssl([...ec("P-256"), "-pkeyopt", "ec_param_enc:explicit"], "-subj", "/"),
	],
	[
		"P-256, compressed point",
		async () => {
			await openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "plain.pem");
			await openssl("ec", "-in", "plain.pem", "-conv_form", "compressed", "-out", "c.pem");
			const args = ["-key", "c.pem", "-outform", "DER", "-out", "c.der", "-subj", "/"];
			await openssl("req", "-new", "-config", "req.cnf", ...args);
			return readFile(join(folder, "c.der"));
		},
	],
	["RSA 1024", () => byOpenssl(["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "-subj", "/")],
	["RSA 3072", () => byOpenssl(["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"], "-subj", "/")],
	["Ed25519", () => byOpenssl(["-algorithm", "ED25519"], "-subj", "/")],
	["SHA-1", () => byOpenssl(ec("P-256"), "-subj", "/", "-sha1")],
	["SHA-384", () => byOpenssl(ec("P-256"), "-subj", "/", "-sha384")],
	["a wish to be an authority", () => byOpenssl(ec("P-256"), "-subj", "/", "-reqexts", "ext")],
	["a further name", () => byOpenssl(ec("P-256"), "-subj", "/", "-addext", "subjectAltName=DNS:broker.example")],
	[
		"server usage",
		() => request({ extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth])] }),
	],
	["an attribute", () => request({ attributes: [new x509.ChallengePasswordAttribute("secret")] })],
	[
		"PEM instead of DER",
		async () => Buffer.from(new x509.Pkcs10CertificateRequest(new Uint8Array(honest)).toString("pem")),
	],
	["base64 instead of DER", async () => Buffer.from(honest.toString("base64"))],
	["hex instead of DER", async () => Buffer.from(honest.toString("hex"))],
	["a certificate", async () => Buffer.from(new X509Certificate(ca.certificate).raw)],
	["nothing", async () => Buffer.alloc(0)],
	["bytes after its end", async () => Buffer.concat([honest, Buffer.from([5, 0])])],
	["4 KB and more", async () => Buffer.concat([honest, Buffer.alloc(4096)])],
	[
		"an outer length in long form",
		async () => Buffer.concat([Buffer.from([0x30, 0x82, 0, honest[2] as number]), honest.subarray(3)]),
	],
	[
		"an endless outer length",
		async () => Buffer.concat([Buffer.from([0x30, 0x80]), honest.subarray(3), Buffer.alloc(2)]),
	],
	["deep nesting", async () => Buffer.from("3081".repeat(2000), "hex")],
	[
		"a point that is not on the curve",
		async () => {
			const bytes = Buffer.from(honest);
			const at = bytes.indexOf(Buffer.from("034200", "hex")) + 4;
			bytes.fill(1, at, at + 64);
			return bytes;
		},
	],
])("refuses %s", async (_what, make) => refused(await make()));

test("refuses a key that somebody else proves", async () => {
	const others = await crypto.subtle.generateKey(signing, true, ["sign", "verify"]);
	const csr = new x509.Pkcs10CertificateRequest(new Uint8Array(await request({ keys: others })));
	// The honest request with a valid signature of another key.
	const signature = Buffer.from(csr.signature);
	const start = honest.indexOf(Buffer.from("a000300a", "hex")) + 2 + 12;
	const info = honest.subarray(3, start - 12);
	const tail = Buffer.concat([
		honest.subarray(start - 12, start),
		Buffer.from([3, signature.length + 1, 0]),
		signature,
	]);
	await refused(Buffer.concat([Buffer.from([0x30, 0x81, info.length + tail.length]), info, tail]));
});

test("no byte can be another one: each of them flipped in each way", async () => {
	// Two bits for each byte, and random other values.
	for (let at = 0; at < honest.length; at++) {
		for (const flip of [1, 0x80]) {
			const bytes = Buffer.from(honest);
			bytes[at] = (bytes[at] as number) ^ flip;
			await refused(bytes);
		}
	}
	await fc.assert(
		fc.asyncProperty(fc.nat(honest.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
			const bytes = Buffer.from(honest);
			bytes[at] = (bytes[at] as number) ^ flip;
			await refused(bytes);
		}),
		{ numRuns: 200 },
	);
});

test("garbage from any offset on, cut off anywhere, with anything put in: refused, never another error", async () => {
	const length = honest.length;
	await fc.assert(
		fc.asyncProperty(fc.nat(length - 1), fc.uint8Array({ maxLength: 300 }), fc.nat(3), async (at, garbage, how) => {
			const head = honest.subarray(0, at);
			const csr = [
				Buffer.concat([head, garbage]),
				Buffer.concat([head, garbage, honest.subarray(at)]),
				Buffer.concat([head, garbage, honest.subarray(at + garbage.length)]),
				head,
			][how] as Buffer;
			fc.pre(!csr.equals(honest));
			await refused(csr);
		}),
		{ numRuns: 600 },
	);
	await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 4200 }), refused), { numRuns: 100 });
});

test("refuses ids that are none, and the fleet's own names", async () => {
	for (const id of ["Room-Berlin", "short", "fleet-service-1", "fleet-bootstrap", "fleet-anything"]) {
		await expect(ca.issueFromCsr(honest, id)).rejects.toMatchObject({ code: "ca.device_id_invalid" });
		await expect(ca.issueDevice(id)).rejects.toMatchObject({ code: "ca.device_id_invalid" });
	}
	expect(new X509Certificate((await ca.issueWorker(7)).certificate).subject).toBe("CN=fleet-service-7");
	for (const worker of [0, -1, 1.5, Number.NaN]) {
		await expect(ca.issueWorker(worker)).rejects.toMatchObject({ code: "ca.worker_invalid" });
	}
});

test("each certificate has a serial of its own, also for the same request", async () => {
	const [a, b] = await Promise.all([ca.issueFromCsr(honest, ID), ca.issueFromCsr(honest, ID)]);
	expect(a.serial).not.toBe(b.serial);
	expect(createHash("sha256").update(a.certificate).digest()).not.toEqual(
		createHash("sha256").update(b.certificate).digest(),
	);
});
