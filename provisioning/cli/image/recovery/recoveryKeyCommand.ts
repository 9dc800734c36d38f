import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { type PrivateKey, passphraseSource } from "../../../recovery/envelope.ts";
import { readCertificate } from "../../../recovery/readCertificate.ts";
import { tool } from "../../../recovery/tool.ts";
import type { Io } from "../../Io.ts";
import { facts } from "../../table.ts";
import { passphraseOf } from "./passphraseOf.ts";

interface Options {
	to: string;
	name: string;
	/** Commander's `--no-passphrase`. */
	passphrase: boolean;
	passphraseFile?: string;
	replaces?: string;
	previousPassphraseFile?: string;
}

/** `incamera image recovery-key new`: IT's own pair. */
export function recoveryKeyCommand(image: Command, io: Io, asJson: () => boolean): void {
	image
		.command("recovery-key")
		.summary("IT's key pair, for which devices seal their recovery keys")
		.command("new")
		.summary("make a pair: recovery.key stays with IT, recovery.pem goes to devices")
		.description(
			"Makes a private key (EC, P-384) and a certificate for it. The key's passphrase is asked at the terminal by openssl. With --replaces the pair before signs the new certificate: only then devices that are in service take it.",
		)
		.requiredOption("--to <folder>", "a new or empty folder, away from any server")
		.option("--name <text>", "in the certificate, for whoever finds it", "InCamera recovery key")
		.option("--passphrase-file <file>", "the new key's passphrase, in the first line")
		.option("--no-passphrase", "for scripts: only the file's mode (0600) protects it")
		.option("--replaces <folder>", "the pair that devices have now")
		.option("--previous-passphrase-file <file>", "its passphrase, in the first line")
		.action(async (options: Options) => {
			const pair = await makePair(options, io);
			if (asJson()) io.out(`${JSON.stringify(pair)}\n`);
			else {
				io.out(facts(Object.entries(pair)));
				io.out(
					"Keep two copies of the key, away from the devices and from servers: without it nothing is recovered.\n",
				);
			}
		});
}

async function makePair(options: Options, io: Io): Promise<Record<"key" | "certificate" | "fingerprint", string>> {
	const { to, name, replaces } = options;
	if (options.passphrase && options.passphraseFile === undefined && !io.ask)
		throw new RoomError(
			"cli.usage",
			"there is no terminal to ask for a passphrase: --passphrase-file or --no-passphrase",
		);
	if (!/^[\p{L}\p{N} .,()_-]{1,64}$/u.test(name))
		throw new RoomError("cli.usage", "--name is up to 64 letters, digits, spaces and .,()_-");
	await mkdir(to, { recursive: true, mode: 0o700 });
	const [key, certificate] = [join(to, "recovery.key"), join(to, "recovery.pem")];
	for (const file of [key, certificate])
		if (await stat(file).catch(() => null)) throw new RoomError("cli.file_exists", `${file} is there already`);
	const own: PrivateKey["passphrase"] = options.passphrase ? passphraseOf(options.passphraseFile, io) : "none";
	const { code, said } = await tool("openssl", [
		...["req", "-x509", "-utf8", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-sha384"],
		// no date counts (readCertificate); a hundred years for other tools
		...["-days", "36500", "-subj", `/CN=${name}`, "-keyout", key, "-out", certificate],
		...["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=critical,keyAgreement"],
		...(own === "none" ? ["-noenc"] : passphraseSource(own).flatMap((one) => ["-passout", one])),
		...(replaces === undefined ? [] : signedBy(replaces, passphraseOf(options.previousPassphraseFile, io))),
	]);
	if (code !== 0) {
		// a key without its certificate is of no use, and would stand in the way of another try
		await Promise.all([key, certificate].map((file) => rm(file, { force: true })));
		throw new RoomError("recovery.not_made", `openssl: ${lastLine(said)}`);
	}
	return { key, certificate, fingerprint: readCertificate(await readFile(certificate, "utf8")).fingerprint };
}

const signedBy = (folder: string, passphrase: PrivateKey["passphrase"]): string[] => [
	...["-CA", join(folder, "recovery.pem"), "-CAkey", join(folder, "recovery.key")],
	...passphraseSource(passphrase).flatMap((one) => ["-passin", one]),
];

const lastLine = (said: string): string => said.trim().split("\n").at(-1) ?? "";
