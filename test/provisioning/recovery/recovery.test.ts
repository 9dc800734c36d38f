/** What device and bench share of a recovery key: its form, its envelope, for whom, and what a header says. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { open, seal } from "../../../provisioning/recovery/envelope.ts";
import { readLuksHeader, SLOTS, TOKEN_TYPE } from "../../../provisioning/recovery/luksHeader.ts";
import { readCertificate } from "../../../provisioning/recovery/readCertificate.ts";
import { isRecoveryKey, makeRecoveryKey } from "../../../provisioning/recovery/recoveryKey.ts";
import { RecoveryDisk } from "../../sim/image/RecoveryDisk.ts";

const run = promisify(execFile);
let disk: RecoveryDisk;
beforeAll(async () => {
	disk = await RecoveryDisk.make();
});
afterAll(() => disk.remove());

/** A pair as IT's own tools would make it. */
async function madeBy(name: string, ...words: string[]): Promise<{ pem: string; key: string }> {
	const [key, file] = [disk.at(`${name}.key`), disk.at(`${name}.pem`)];
	const common = ["req", "-x509", "-noenc", "-subj", `/CN=${name}`, "-keyout", key, "-out", file];
	await run("openssl", [...common, ...words]);
	return { pem: await readFile(file, "utf8"), key };
}
const noAuthority = ["-addext", "basicConstraints=critical,CA:FALSE"];
const rsa = (bits: number): string[] => ["-newkey", `rsa:${bits}`, ...noAuthority];
const ec = (curve: string): string[] => ["-newkey", "ec", "-pkeyopt", `ec_paramgen_curve:${curve}`, ...noAuthority];

it("a recovery key is as systemd writes it, and never the same", () => {
	const keys = Array.from({ length: 50 }, () => makeRecoveryKey().toString());
	for (const key of keys) expect(key).toMatch(/^(?:[cbdefghijklnrtuv]{8}-){7}[cbdefghijklnrtuv]{8}$/);
	expect(new Set(keys.join("").replaceAll("-", "")).size).toBe(16);
	expect(new Set(keys).size).toBe(50);
	expect(keys.every(isRecoveryKey)).toBe(true);
	expect(isRecoveryKey(`${keys[0]}\n`)).toBe(false);
});

describe("an envelope", () => {
	it.each([
		["RSA", rsa(3072)],
		["P-256", ec("P-256")],
		["P-521", ec("P-521")],
	])("for a key of %s is opened by openssl alone", async (name, words) => {
		const { pem, key } = await madeBy(name, ...words);
		const envelope = await seal(Buffer.from("secret"), readCertificate(pem));
		expect(envelope.includes("secret")).toBe(false);
		await writeFile(disk.at("sealed"), envelope);
		const decrypt = ["cms", "-decrypt", "-binary", "-inform", "DER", "-in", disk.at("sealed"), "-inkey", key];
		expect((await run("openssl", decrypt)).stdout).toBe("secret");
		const { stdout: form } = await run("openssl", [
			"cms",
			"-cmsout",
			"-print",
			"-inform",
			"DER",
			"-in",
			disk.at("sealed"),
		]);
		expect(form).toContain("aes-256-gcm");
		expect(form).not.toMatch(/sha1\b|rsaEncryption \(1\.2\.840\.113549\.1\.1\.1\)\s+parameter/);
	});

	it("with any byte altered, cut off, or for another, gives nothing", async () => {
		const [own, other] = [await disk.pair("own"), await disk.pair("other")];
		const envelope = await seal(makeRecoveryKey(), own.certificate);
		const key = { file: own.key, passphrase: "none" as const };
		expect(isRecoveryKey((await open(envelope, key))?.toString() ?? "")).toBe(true);
		expect(await open(envelope, { ...key, file: other.key })).toBeNull();
		// the last bytes are the content and its tag; before them is what the key hangs on
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 255 }), async (back, by) => {
				const altered = Buffer.from(envelope);
				const at = altered.byteLength - back;
				altered[at] = (altered[at] ?? 0) ^ by;
				const content = await open(altered, key);
				expect(content === null || isRecoveryKey(content.toString())).toBe(true);
				expect(content === null || back > 16).toBe(true);
				expect(await open(envelope.subarray(0, at), key)).toBeNull();
			}),
			{ numRuns: 12 },
		);
	});

	it("says that a private key can't be read", async () => {
		const own = await disk.pair("locked", "--passphrase-file", disk.at("tpm"));
		expect(await readFile(own.key, "utf8")).toContain("ENCRYPTED PRIVATE KEY");
		const envelope = await seal(Buffer.from("x"), own.certificate);
		expect((await open(envelope, { file: own.key, passphrase: { file: disk.at("tpm") } }))?.toString()).toBe("x");
		await writeFile(disk.at("wrong"), "wrong\n");
		for (const passphrase of ["none", { file: disk.at("wrong") }, { file: disk.at("missing") }] as const)
			await expect(open(envelope, { file: own.key, passphrase })).rejects.toMatchObject({
				code: "recover.key_unreadable",
			});
	});
});

describe("a certificate", () => {
	it.each([
		["recovery.certificate_of_authority", ec("P-256").slice(0, 4)],
		["recovery.certificate_unfit", rsa(2048)],
		["recovery.certificate_unfit", ec("secp256k1")],
		["recovery.certificate_unfit", ["-newkey", "ed25519", ...noAuthority]],
	])("is refused: %s", async (code, words) => {
		const { pem } = await madeBy("refused", ...words);
		expect(() => readCertificate(pem)).toThrow(expect.objectContaining({ code }));
	});

	it("is one, without what stands around it", async () => {
		const { pem, key } = await madeBy("around", ...ec("P-384"));
		const read = readCertificate(`${await readFile(key, "utf8")}${pem}`);
		expect(read.pem.trim()).toBe(pem.trim());
		expect(read.kind).toBe("ec");
		for (const text of ["", "x", await readFile(key, "utf8"), pem.slice(0, 300)])
			expect(() => readCertificate(text)).toThrow(expect.objectContaining({ code: "recovery.certificate_unreadable" }));
	});
});

describe("what a header says", () => {
	const note = { certificate: "a".repeat(64), envelope: "b".repeat(64) };
	const header = (keyslots: string[], tokens: Record<string, unknown>): string =>
		JSON.stringify({ keyslots: Object.fromEntries(keyslots.map((one) => [one, {}])), tokens });
	const ours = (...keyslots: string[]) => ({ type: TOKEN_TYPE, keyslots, incamera: note });

	it("is which slots are ours, with or without their note, and which are not", () => {
		const tpm = { type: "systemd-tpm2", keyslots: ["0"] };
		expect(readLuksHeader(header(["0", "1", "2"], { 0: tpm, 1: ours("2"), 2: ours() }))).toEqual({
			slots: new Map([
				[1, null],
				[2, note],
			]),
			taken: new Set(),
			stray: [2],
		});
		expect(readLuksHeader(header(["0", "1"], { 0: { type: "systemd-tpm2", keyslots: ["0", "1"] } }))).toMatchObject({
			slots: new Map(),
			taken: new Set([1]),
		});
	});

	it("may be anything: it is read or refused, and no other slot is ever named", () => {
		const token = fc.record({
			type: fc.constantFrom(TOKEN_TYPE, "systemd-tpm2", "x"),
			keyslots: fc.array(fc.constantFrom("0", "1", "2", "3", "01", "-1", "__proto__")),
			incamera: fc.oneof(fc.constant(note), fc.anything()),
		});
		const whole = fc.record({
			keyslots: fc.dictionary(fc.constantFrom("0", "1", "2", "7", "x"), fc.anything()),
			tokens: fc.dictionary(fc.constantFrom("0", "1", "31", "-1", "100", "1; rm"), token),
		});
		fc.assert(
			fc.property(
				fc.oneof(
					whole.map((one) => JSON.stringify(one)),
					fc.json(),
					fc.string(),
				),
				(text) => {
					try {
						const { slots, taken, stray } = readLuksHeader(text);
						for (const slot of [...slots.keys(), ...taken]) expect(SLOTS).toContain(slot);
						for (const slot of taken) expect(slots.has(slot)).toBe(false);
						for (const id of stray) expect(id >= 0 && id < 100).toBe(true);
					} catch (error) {
						expect(error).toMatchObject({ code: "recovery.header_unreadable" });
					}
				},
			),
		);
	});
});
