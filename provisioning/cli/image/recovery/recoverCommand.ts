import type { Command } from "commander";
import type { Io } from "../../Io.ts";
import { facts } from "../../table.ts";
import { type FlashTarget, lookAtTarget } from "../flash/FlashTarget.ts";
import { passphraseOf } from "./passphraseOf.ts";
import { openedAs, partitionName, recoverKey } from "./recoverKey.ts";

interface Options {
	key: string;
	passphraseFile?: string;
}

/** `incamera image recover`: into the data of a device whose board or TPM is gone. */
export function recoverCommand(image: Command, io: Io, asJson: () => boolean): void {
	image
		.command("recover")
		.summary("the recovery key of a device's data partition, by IT's private key")
		.description(
			"For the disk of a device whose board or TPM is broken. Reads what the device has sealed for IT on the start partition, decrypts it with IT's private key, tries it on the header of the data partition, and shows it with the commands that open the partition. Writes nothing onto the disk and mounts nothing.",
		)
		.argument("<disk>", "/dev/sdb, or a copy of the whole disk")
		.requiredOption("--key <pem>", "IT's private key: recovery.key")
		.option("--passphrase-file <file>", "the key's passphrase, in the first line; otherwise it is asked")
		.action(async (disk: string, { key, passphraseFile }: Options) => {
			const target = await lookAtTarget(disk);
			const passphrase = passphraseOf(passphraseFile, io);
			const { recoveryKey, partition } = await recoverKey(target.path, { file: key, passphrase });
			const name = partitionName(target.path, partition);
			const opened = target.kind === "disk" ? await openedAs(name) : null;
			const commands = opened === null ? toOpen(target, partition) : [toMount(opened)];
			if (asJson()) io.out(`${JSON.stringify({ disk: target.path, partition, recoveryKey, opened, commands })}\n`);
			else io.out(facts([["recovery key", recoveryKey], ...commands.map((one): [string, string] => ["then", one])]));
		});
}

/** Without its journal: that of a device which lost its power wants to be written first. */
const toMount = (mapped: string): string => `mount -o ro,noload /dev/mapper/${mapped} /mnt`;

/** To read what is there; cryptsetup asks for the key. */
function toOpen({ path, kind }: FlashTarget, partition: number): string[] {
	const open = (device: string): string => `cryptsetup open --readonly ${device} incamera-data`;
	if (kind === "disk") return [open(`/dev/${partitionName(path, partition)}`), toMount("incamera-data")];
	const attach = `losetup --find --show --partscan --read-only ${path}`;
	return [attach, open(`/dev/loopNp${partition}`), toMount("incamera-data")];
}
