import { createHash, randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock, systemClock } from "../../../device/core/clock.ts";
import { manifest } from "../../../image/bundle/manifest.ts";
import { command } from "../../../image/core/command.ts";
import type { Keys } from "../../../image/keys/keys.ts";
import { ReleaseRepository } from "../../../provisioning/cli/image/ReleaseRepository.ts";
import type { FirmwareSpec } from "../../../provisioning/contract/jobs.ts";
import { keyToPem, toPem } from "../../../provisioning/service/ca/root.ts";
import { signing, x509 } from "../../../provisioning/service/ca/x509.ts";
import { targetPath } from "../../../provisioning/trust/metadata.ts";
import { FileServer } from "../../sim/network/FileServer.ts";

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;

/** Who signs a bundle: whom devices believe, somebody they don't know, or one they believed until yesterday. */
export type Signer = "ours" | "stranger" | "expired";

/** A file server before an image repository of its own, whose bundles and metadata a test may spoil: nothing of it has to be started from. */
export class Offers {
	readonly server: FileServer;
	readonly #folder: string;
	readonly #keys: Keys;
	/** What devices reach it by. */
	readonly #reachedAs: string;

	static async open(keys: Keys, reachedAs: string): Promise<Offers> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-offers-"));
		await cp(join(keys.folder, "repository"), join(folder, "repository"), { recursive: true });
		const offers = new Offers(folder, await FileServer.start(), keys, reachedAs);
		await offers.#makeSigners();
		return offers;
	}

	private constructor(folder: string, server: FileServer, keys: Keys, reachedAs: string) {
		this.#folder = folder;
		this.server = server;
		this.#keys = keys;
		this.#reachedAs = reachedAs;
	}

	/** A bundle in its whole form, with noise of so many MiB for a system. */
	async bundle(version: string, of: { signer?: Signer; compatible?: string; size?: number } = {}): Promise<Buffer> {
		const { signer = "ours", compatible, size = 1 } = of;
		const [content, file] = [this.#at("content"), this.#at("update.raucb")];
		await mkdir(content);
		for (const name of ["rootfs.img", "boot.img"]) await writeFile(join(content, name), randomBytes(size * MIB));
		const said = {
			version,
			commit: { id: "unknown", date: null },
			...(compatible === undefined ? {} : { compatible }),
		};
		await writeFile(join(content, "manifest.raucm"), manifest(said));
		await rm(file, { force: true });
		const by = [`--cert=${this.#at(`${signer}.pem`)}`, `--key=${this.#at(`${signer}.key`)}`];
		await command("rauc", ["bundle", ...by, content, file]);
		await rm(content, { recursive: true });
		return await readFile(file);
	}

	/** Releases these bytes, and offers them as they are. */
	async publish(version: string, bytes: Buffer): Promise<FirmwareSpec> {
		const file = this.#at("published.raucb");
		await writeFile(file, bytes);
		const release = await this.#repository().publish(this.#repositoryKeys, file, version);
		this.server.put(bytes, targetPath(release.digest));
		await this.serve();
		const path = new URL(this.server.url(targetPath(release.digest)));
		path.hostname = this.#reachedAs;
		return { ...release, url: path.href, deadline: null };
	}

	/** Puts the repository's metadata on the server as it is now. */
	async serve(): Promise<void> {
		for (const [name, bytes] of await this.metadata()) this.server.put(bytes, `metadata/${name}`);
	}

	async metadata(): Promise<[name: string, bytes: Buffer][]> {
		const folder = this.#at("repository", "metadata");
		const names = await readdir(folder);
		return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as [string, Buffer]));
	}

	async withdraw(version: string): Promise<void> {
		await this.#repository().withdraw(this.#repositoryKeys, version);
		await this.serve();
	}

	/** Says that it is still so, as of so many days ago. */
	async renew(daysAgo = 0): Promise<void> {
		await this.#repository(daysAgo).renew(this.#repositoryKeys);
		await this.serve();
	}

	async close(): Promise<void> {
		await this.server.stop();
		await rm(this.#folder, { recursive: true, force: true });
	}

	get #repositoryKeys(): string {
		return join(this.#keys.folder, "repository-keys");
	}

	#repository(daysAgo = 0): ReleaseRepository {
		const clock = daysAgo === 0 ? systemClock : new ManualClock(Date.now() - daysAgo * DAY_MS);
		return new ReleaseRepository({ folder: this.#at("repository"), clock });
	}

	#at(...names: string[]): string {
		return join(this.#folder, ...names);
	}

	async #makeSigners(): Promise<void> {
		const { certificate, key, ca } = this.#keys.bundle;
		await cp(certificate, this.#at("ours.pem"));
		await cp(key, this.#at("ours.key"));
		const authority = new x509.X509Certificate(await readFile(ca, "utf8"));
		const pem = await readFile(join(this.#keys.folder, "bundle-ca.key"), "utf8");
		const pkcs8 = x509.PemConverter.decodeFirst(pem);
		const ours = await crypto.subtle.importKey("pkcs8", pkcs8, signing, false, ["sign"]);
		const theirs = await crypto.subtle.generateKey(signing, true, ["sign", "verify"]);
		await this.#makeSigner("expired", { issuer: authority.subject, key: ours, until: Date.now() - DAY_MS });
		// whose authority has the same name
		const stranger = { issuer: authority.subject, key: theirs.privateKey, until: Date.now() + DAY_MS };
		await this.#makeSigner("stranger", stranger);
	}

	async #makeSigner(name: Signer, by: { issuer: string; key: CryptoKey; until: number }): Promise<void> {
		const keys = await crypto.subtle.generateKey(signing, true, ["sign", "verify"]);
		const certificate = await x509.X509CertificateGenerator.create({
			serialNumber: createHash("sha256").update(name).digest("hex").slice(0, 16),
			subject: `CN=${name}`,
			issuer: by.issuer,
			notBefore: new Date(by.until - 2 * DAY_MS),
			notAfter: new Date(by.until),
			signingAlgorithm: signing,
			signingKey: by.key,
			publicKey: keys.publicKey,
			extensions: [
				new x509.BasicConstraintsExtension(false, undefined, true),
				new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
				new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.codeSigning]),
			],
		});
		await writeFile(this.#at(`${name}.pem`), toPem(certificate));
		await writeFile(this.#at(`${name}.key`), await keyToPem(keys.privateKey));
	}
}
