import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RoomError } from "../../device/core/RoomError.ts";
import { command } from "../core/command.ts";
import type { Workshop } from "../core/Workshop.ts";

/** Everything that signs an image, as files. */
export interface Keys {
	folder: string;
	/** The firmware lets through what this signed: loader and kernel image. */
	secureBoot: { key: string; certificate: string };
	/** The loader lets through what this signed: the kernel image again, by the loader's own check (OpenPGP). */
	loader: { home: string; publicKey: string };
	/** RAUC takes bundles that a certificate of this CA signed. */
	bundle: { key: string; certificate: string; ca: string };
	/** Root metadata of the image repository (`incamera image repo`, docs/adr/0010); without it a device takes no update from its fleet. */
	updateRoot: string | null;
}

/** In the name of each key that was made here, so that nobody takes it for another. */
export const DEVELOPMENT = "DEVELOPMENT";

/**
 * The keys in a folder. Without one: development keys, made at the first build and never committed, so that an image of one machine is
 * no good to whoever reads the repository.
 *
 * @throws RoomError `image.keys_missing`; `image.development_keys` for a release with keys that were made here
 */
export async function keys(workshop: Workshop, options: { folder?: string; release: boolean }): Promise<Keys> {
	const folder = options.folder ?? join(workshop.root, "image/keys/development");
	if (options.folder === undefined) {
		if (options.release)
			throw new RoomError("image.development_keys", "a release needs keys of its own: --keys FOLDER");
		if (!existsSync(folder))
			await workshop.progress.timed("development keys", () => makeDevelopmentKeys(workshop.root, folder));
	}
	const at = (name: string) => join(folder, name);
	const all: Keys = {
		folder,
		secureBoot: { key: at("secure-boot.key"), certificate: at("secure-boot.pem") },
		loader: { home: at("loader"), publicKey: at("loader.pgp") },
		bundle: { key: at("bundle.key"), certificate: at("bundle.pem"), ca: at("bundle-ca.pem") },
		updateRoot: existsSync(at("update-root.json")) ? at("update-root.json") : null,
	};
	const { secureBoot, loader, bundle } = all;
	for (const file of [...Object.values(secureBoot), ...Object.values(loader), ...Object.values(bundle)]) {
		if (!existsSync(file)) throw new RoomError("image.keys_missing", `${file} is not there`);
	}
	if (options.release) await refuseDevelopment(all);
	return all;
}

async function refuseDevelopment({ secureBoot, bundle, loader }: Keys): Promise<void> {
	const names = [
		...(await Promise.all(
			[secureBoot.certificate, bundle.certificate, bundle.ca].map((file) =>
				command("openssl", ["x509", "-in", file, "-noout", "-subject", "-issuer"]),
			),
		)),
		await command("gpg", ["--batch", "--show-keys", loader.publicKey], { env: { GNUPGHOME: loader.home } }),
	];
	if (!names.some((name) => name.includes(DEVELOPMENT))) return;
	throw new RoomError("image.development_keys", "a release can't be signed with development keys");
}

/** Beside the keys an image repository, `repository`, with its own in `repository-keys`: devices of a development image can be updated from it. */
async function makeDevelopmentKeys(root: string, folder: string): Promise<void> {
	const aside = `${folder}.making`;
	await rm(aside, { recursive: true, force: true });
	await mkdir(join(aside, "loader"), { recursive: true, mode: 0o700 });
	const at = (name: string) => join(aside, name);
	const subject = (what: string) => `/O=InCamera ${DEVELOPMENT}/CN=InCamera ${DEVELOPMENT} ${what}`;
	const days = "7300";
	// the firmware and GRUB of Debian 12 read RSA only
	await command("openssl", [
		...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", days, "-subj", subject("Secure Boot")],
		...["-keyout", at("secure-boot.key"), "-out", at("secure-boot.pem")],
	]);
	const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
	await command("openssl", [
		...["req", "-x509", ...ec, "-sha256", "-days", days, "-subj", subject("updates CA")],
		...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
		...["-keyout", at("bundle-ca.key"), "-out", at("bundle-ca.pem")],
	]);
	await command("openssl", [
		...["req", ...ec, "-subj", subject("updates"), "-keyout", at("bundle.key"), "-out", at("bundle.csr")],
	]);
	await writeFile(
		at("bundle.ext"),
		"basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n",
	);
	await command("openssl", [
		...[
			"x509",
			"-req",
			"-in",
			at("bundle.csr"),
			"-CA",
			at("bundle-ca.pem"),
			"-CAkey",
			at("bundle-ca.key"),
			"-CAcreateserial",
		],
		...["-days", days, "-sha256", "-extfile", at("bundle.ext"), "-out", at("bundle.pem")],
	]);
	const pgp = (...args: string[]) =>
		command("gpg", ["--batch", "--quiet", ...args], { env: { GNUPGHOME: at("loader") } });
	await pgp("--passphrase", "", "--quick-generate-key", `InCamera ${DEVELOPMENT} loader`, "rsa3072", "sign", "never");
	await pgp("--output", at("loader.pgp"), "--export");
	// its agent listens in the folder that is about to move
	await command("gpgconf", ["--homedir", at("loader"), "--kill", "all"]).catch(() => "");
	await command(process.execPath, [
		...[join(root, "provisioning/cli/main.ts"), "image", "repo", "init", at("repository")],
		...["--keys", at("repository-keys"), "--development"],
	]);
	await copyFile(at("repository/metadata/1.root.json"), at("update-root.json"));
	await rename(aside, folder);
}

/** Hash input: which keys an image is signed with and trusts. */
export async function publicPart({ secureBoot, loader, bundle, updateRoot }: Keys): Promise<string[]> {
	const files = [secureBoot.certificate, bundle.ca, loader.publicKey, ...(updateRoot ? [updateRoot] : [])];
	return await Promise.all(files.map((file) => readFile(file, "base64")));
}
