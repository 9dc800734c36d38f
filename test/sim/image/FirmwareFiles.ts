import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { zstdCompressSync } from "node:zlib";
import type { DiskManifest } from "../../../provisioning/contract/diskManifest.ts";
import { keyToPem, toPem } from "../../../provisioning/service/ca/root.ts";
import { signing, x509 } from "../../../provisioning/service/ca/x509.ts";

const run = promisify(execFile);
const DAY_MS = 86_400_000;
const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
export const COMMIT = "c".repeat(40);

type Signer = "ours" | "stranger" | "expired" | "server";

/** Small firmware as our build makes it: bundles by RAUC, disks with their manifests, and signers of each sort. */
export class FirmwareFiles {
	readonly folder: string;

	private constructor(folder: string) {
		this.folder = folder;
	}

	static async make(): Promise<FirmwareFiles> {
		const files = new FirmwareFiles(await mkdtemp(join(tmpdir(), "incamera-firmware-")));
		const [ours, theirs] = [await authority("ours"), await authority("stranger")];
		await writeFile(files.keyring, toPem(ours.certificate));
		for (const [name, of, days, use] of [
			["ours", ours, 1, CODE_SIGNING],
			["stranger", theirs, 1, CODE_SIGNING],
			["expired", ours, -1, CODE_SIGNING],
			["server", ours, 1, "1.3.6.1.5.5.7.3.1"],
		] as const) {
			const keys = await crypto.subtle.generateKey(signing, true, ["sign", "verify"]);
			const certificate = await x509.X509CertificateGenerator.create({
				subject: `CN=signer ${name}`,
				issuer: of.certificate.subject,
				notBefore: new Date(Date.now() - 3 * DAY_MS),
				notAfter: new Date(Date.now() + days * DAY_MS),
				signingAlgorithm: signing,
				signingKey: of.keys.privateKey,
				publicKey: keys.publicKey,
				extensions: [
					new x509.BasicConstraintsExtension(false, undefined, true),
					new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
					new x509.ExtendedKeyUsageExtension([use]),
				],
			});
			await writeFile(files.at(`${name}.pem`), toPem(certificate));
			await writeFile(files.at(`${name}.key`), await keyToPem(keys.privateKey));
		}
		return files;
	}

	at(name: string): string {
		return join(this.folder, name);
	}

	get keyring(): string {
		return this.at("keyring.pem");
	}

	/** An update whose root is so many random bytes. */
	async bundle(of: { compatible?: string; signer?: Signer; format?: string; bytes?: number } = {}): Promise<string> {
		const { compatible = "incamera-x86-64", signer = "ours", format = "verity", bytes = 900_000 } = of;
		const inside = await mkdtemp(this.at("bundle-"));
		const file = `${inside}.raucb`;
		await writeFile(join(inside, "rootfs.img"), randomBytes(bytes));
		await writeFile(
			join(inside, "manifest.raucm"),
			`[update]\ncompatible=${compatible}\nversion=2.0.0\nbuild=2026-06-01T10:00:00+02:00 ${COMMIT}\n\n[bundle]\nformat=${format}\n\n[image.rootfs]\nfilename=rootfs.img\n`,
		);
		await run("rauc", [
			...[`--cert=${this.at(`${signer}.pem`)}`, `--key=${this.at(`${signer}.key`)}`],
			"bundle",
			inside,
			file,
		]);
		return file;
	}

	/** A disk of 12 MiB with an ESP of 4 and a root, packed, with its manifest. */
	async disk(
		of: { name?: string; signer?: Signer; packed?: boolean; said?: Partial<DiskManifest> | string } = {},
	): Promise<{ file: string; image: Buffer }> {
		const { name = "incamera-2.0.0", signer = "ours", packed = true, said = {} } = of;
		const raw = this.at(`${name}.raw`);
		const esp = this.at("esp");
		await writeFile(raw, Buffer.alloc(12 * 1024 ** 2));
		await script(
			"sfdisk",
			["-q", raw],
			"label: gpt\nstart=1MiB, size=4MiB, type=U, name=esp\nstart=5MiB, size=5MiB, type=L, name=rootfs-a\n",
		);
		await writeFile(esp, Buffer.alloc(4 * 1024 ** 2));
		await run("mkfs.vfat", ["-n", "INCAMERA", esp]);
		await run("mmd", ["-i", esp, "::/incamera"]);
		const image = await readFile(raw);
		image.set(await readFile(esp), 1024 ** 2);
		randomBytes(1024 ** 2).copy(image, 5 * 1024 ** 2);
		await Promise.all([raw, esp].map((path) => rm(path)));
		const file = this.at(packed ? `${name}.img.zst` : `${name}.img`);
		await writeFile(file, packed ? zstdCompressSync(image) : image);
		const manifest = {
			...{ kind: "incamera-disk", v: 1, version: "2.0.0", compatible: "incamera-x86-64" },
			...{ date: "2026-06-01T10:00:00+02:00", commit: COMMIT },
			...{ bytes: image.byteLength, sha256: createHash("sha256").update(image).digest("hex") },
		};
		const text = typeof said === "string" ? said : JSON.stringify({ ...manifest, ...said });
		const signed = await script(
			"openssl",
			[
				"cms",
				"-sign",
				"-nodetach",
				"-binary",
				"-outform",
				"PEM",
				"-signer",
				this.at(`${signer}.pem`),
				"-inkey",
				this.at(`${signer}.key`),
			],
			text,
		);
		await writeFile(this.at(`${name}.manifest`), signed);
		return { file, image };
	}

	async folderOf(name: string): Promise<string> {
		await mkdir(this.at(name), { recursive: true });
		return this.at(name);
	}

	async remove(): Promise<void> {
		await rm(this.folder, { recursive: true, force: true });
	}
}

async function authority(name: string) {
	const keys = await crypto.subtle.generateKey(signing, true, ["sign", "verify"]);
	const certificate = await x509.X509CertificateGenerator.createSelfSigned({
		name: `CN=authority ${name}`,
		notBefore: new Date(Date.now() - 3 * DAY_MS),
		notAfter: new Date(Date.now() + 30 * DAY_MS),
		signingAlgorithm: signing,
		keys,
		extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
	});
	return { keys, certificate };
}

function script(tool: string, words: string[], input: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const child = execFile(tool, words, (error, out, said) =>
			error ? reject(new Error(said, { cause: error })) : resolve(out),
		);
		child.stdin?.end(input);
	});
}
