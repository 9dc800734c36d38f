import { readFile, truncate, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readGpt } from "../../../../provisioning/cli/image/firmware/gpt.ts";
import { readRaucManifest } from "../../../../provisioning/cli/image/firmware/raucManifest.ts";
import { CommandLine } from "../../../sim/image/CommandLine.ts";
import { COMMIT, FirmwareFiles } from "../../../sim/image/FirmwareFiles.ts";

let files: FirmwareFiles;
let bundle: string;
let disk: string;
let command: CommandLine;

beforeAll(async () => {
	files = await FirmwareFiles.make();
	bundle = await files.bundle();
	disk = (await files.disk()).file;
});
afterAll(() => files.remove());
beforeEach(() => {
	command = new CommandLine();
});

const verify = (file: string, ...words: string[]) =>
	command.run("image", "verify", file, "--keyring", files.keyring, ...words);
/** A copy in which something was changed. */
async function changed(file: string, change: (bytes: Buffer) => Buffer | undefined): Promise<string> {
	const bytes = await readFile(file);
	const copy = `${file.replace(/(\.raucb|\.img(\.zst)?)$/, "")}-changed${/(\.raucb|\.img(\.zst)?)$/.exec(file)?.[0]}`;
	await writeFile(copy, change(bytes) ?? bytes);
	return copy;
}
const flip = (at: number) => (bytes: Buffer) => {
	bytes[at] = (bytes[at] as number) ^ 1;
	return undefined;
};

describe("an update", () => {
	test("says what it is, and that nothing of it was checked", async () => {
		expect(await command.run("image", "info", bundle)).toBe(0);
		expect(command.out).toContain("update bundle");
		expect(command.out).toContain("2.0.0");
		expect(command.out).toContain(COMMIT);
		expect(command.out).toContain("signer ours");
		expect(command.out).toContain("Nothing of that was checked");
		expect(await command.run("--json", "image", "info", bundle)).toBe(0);
		expect(JSON.parse(command.out)).toMatchObject({
			kind: "update",
			version: "2.0.0",
			parts: [{ name: "rootfs", bytes: 900_000 }],
			checks: [],
		});
	});

	test("is right if all is as signed", async () => {
		expect(await verify(bundle)).toBe(0);
		expect(command.out.match(/✓/g)).toHaveLength(4);
		// more than one level of hashes, and one block only
		for (const bytes of [4_000_000, 5000]) expect(await verify(await files.bundle({ bytes }))).toBe(0);
	});

	test("of which any one bit of content, hashes or signature was changed is refused", async () => {
		const whole = await readFile(bundle);
		const payload = whole.byteLength - 8 - Number(whole.readBigUInt64BE(whole.byteLength - 8));
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 4, max: payload - 1 }), async (at) => {
				const file = await changed(bundle, flip(at));
				expect(await verify(file), `${at}`).toBe(7);
				expect(command.err).toMatch(/^firmware\.(altered|signature_wrong)/m);
			}),
			{ numRuns: 25, examples: [[payload - 1], [whole.byteLength - 20]] },
		);
	});

	test("that ends anywhere in the middle is refused, by both commands or by the one that looks", async () => {
		const whole = await readFile(bundle);
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 1100, max: whole.byteLength - 1 }), async (length) => {
				const file = await changed(bundle, (bytes) => bytes.subarray(0, length));
				expect(await verify(file)).toBe(7);
				expect(command.err).toMatch(/^firmware\.(truncated|signature_wrong)/m);
			}),
			{ numRuns: 25 },
		);
		const short = await changed(bundle, (bytes) => bytes.subarray(0, 200_000));
		expect(await command.run("image", "info", short)).toBe(7);
		expect(command.err).toContain("firmware.truncated");
		const longer = await changed(bundle, (bytes) => Buffer.concat([bytes, Buffer.alloc(100)]));
		expect(await verify(longer)).toBe(7);
	});

	test.each([
		["stranger", "firmware.signer_foreign"],
		["expired", "firmware.signer_expired"],
		["server", "firmware.signer_purpose"],
	] as const)("whose signer is %s is refused", async (signer, code) => {
		expect(await verify(await files.bundle({ signer }))).toBe(7);
		expect(command.out).toContain("✗ signature");
		expect(command.out).toContain("– content    not looked at");
		expect(command.err).toContain(code);
	});

	test("for another machine, or of the old form, is refused", async () => {
		const toaster = await files.bundle({ compatible: "toaster" });
		expect(await verify(toaster)).toBe(7);
		expect(command.err).toContain("firmware.incompatible");
		expect(await verify(toaster, "--compatible", "toaster")).toBe(0);
		expect(await verify(await files.bundle({ format: "plain" }))).toBe(7);
	});

	test("can't be judged without a keyring, and a wrong one is our fault, not the file's", async () => {
		expect(await command.run("image", "verify", bundle, "--keyring", files.at("none.pem"))).toBe(1);
		expect(command.err).toContain("firmware.no_keyring");
		expect(command.err).toContain("--keyring bundle-ca.pem");
		expect(await command.run("image", "verify", bundle, "--keyring", files.at("ours.key"))).toBe(1);
		expect(command.err).toContain("firmware.keyring_unreadable");
	});
});

describe("a disk image", () => {
	test("says what it is, packed or not", async () => {
		expect(await command.run("--json", "image", "info", disk)).toBe(0);
		const report = JSON.parse(command.out);
		expect(report).toMatchObject({ kind: "disk", version: "2.0.0", commit: COMMIT, unpacked: 12 * 1024 ** 2 });
		expect(report.parts.map(({ name }: { name: string }) => name)).toEqual(["esp", "rootfs-a"]);
		expect(await verify(disk)).toBe(0);
		expect(command.out.match(/✓/g)).toHaveLength(4);
		const { file } = await files.disk({ name: "plain", packed: false });
		expect(await verify(file)).toBe(0);
	});

	test("without its manifest can be looked at, and not believed", async () => {
		const copy = await changed(disk, () => undefined);
		expect(await command.run("image", "info", copy)).toBe(0);
		expect(command.out).toContain("nobody that is known");
		expect(await verify(copy)).toBe(7);
		expect(command.err).toContain("firmware.no_manifest");
		expect(await verify(copy, "--manifest", files.at("incamera-2.0.0.manifest"))).toBe(0);
	});

	test.each([
		["of which a bit was changed", flip(6 * 1024 ** 2), "firmware.altered"],
		["whose table is damaged", flip(1100), "firmware.unknown_file"],
		["that was cut", (bytes: Buffer) => bytes.subarray(0, 7 * 1024 ** 2), "firmware.truncated"],
		["that is longer", (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)]), "firmware.altered"],
	])("%s is refused", async (_what, change, code) => {
		const { file } = await files.disk({ name: "raw", packed: false });
		expect(await verify(await changed(file, change), "--manifest", files.at("raw.manifest"))).toBe(7);
		expect(command.err).toContain(code);
	});

	test("whose packed file was cut or changed is refused", async () => {
		const manifest = ["--manifest", files.at("incamera-2.0.0.manifest")];
		const cut = await changed(disk, () => undefined);
		await truncate(cut, 500_000);
		expect(await verify(cut, ...manifest)).toBe(7);
		expect(command.err).toContain("firmware.truncated");
		const { byteLength } = await readFile(disk);
		expect(await verify(await changed(disk, flip(byteLength - 30_000)), ...manifest)).toBe(7);
		expect(command.err).toContain("firmware.altered");
	});

	test.each([
		["stranger", {}, "firmware.signer_foreign"],
		["expired", {}, "firmware.signer_expired"],
		["ours", { compatible: "toaster" }, "firmware.incompatible"],
		["ours", "[update]\ncompatible=incamera-x86-64\n", "firmware.signature_wrong"],
	] as const)("with a manifest by %s that says %j is refused", async (signer, said, code) => {
		const { file } = await files.disk({ name: "said", signer, said });
		expect(await verify(file)).toBe(7);
		expect(command.err).toContain(code);
	});
});

test("what is no firmware is said to be none, and never breaks a reader", async () => {
	await writeFile(files.at("holiday.jpg"), Buffer.alloc(5000, "x"));
	expect(await verify(files.at("holiday.jpg"))).toBe(7);
	expect(await verify(files.at("nothing"))).toBe(1);
	expect(command.err).toContain("firmware.unreadable");
	fc.assert(
		fc.property(
			fc.uint8Array({ maxLength: 20_000, size: "max" }),
			fc.string({ size: "max", maxLength: 500 }),
			(bytes, text) => {
				expect(readGpt(bytes)).toBeNull();
				readRaucManifest(text);
			},
		),
		{ numRuns: 200 },
	);
});
