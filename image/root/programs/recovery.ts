/**
 * Runs at each start of a device whose technician gave it IT's recovery certificate: sees to it that the data partition has one key for its holder, sealed on the start
 * partition (docs/adr/0012). Mostly there is nothing to do.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { RoomError } from "../../../device/core/RoomError.ts";
import { readCertificate } from "../../../provisioning/recovery/readCertificate.ts";
import { DataHeader } from "./recovery/DataHeader.ts";
import { EnvelopeFiles } from "./recovery/EnvelopeFiles.ts";
import { keepRecoveryKey } from "./recovery/keepRecoveryKey.ts";

/** By `setup.ts`. */
const pinned = "/var/lib/incamera-setup/recovery.pem";
/** Says which partition is ours, whatever a stick calls its own. The unit is given no other. */
const whichPartition = "/usr/lib/incamera/data-partition";
/** The key that is there comes out of the TPM, and nobody is asked for another. */
const byTpm = ["--token-type", "systemd-tpm2", "--token-only"];

const say = (text: string): void => void process.stderr.write(`incamera: ${text}\n`);

try {
	const certificate = readCertificate(readFileSync(pinned, "utf8"));
	const [data = ""] = execFileSync(whichPartition, { encoding: "utf8" }).split(" ");
	const places = { header: new DataHeader(data, byTpm), files: new EnvelopeFiles("/efi/incamera") };
	const made = await keepRecoveryKey(places, certificate);
	// said at each start: whoever sees it can tell whether it is IT's
	say(`recovery key ${made > 0 ? "made" : "kept"} for certificate ${certificate.fingerprint}`);
} catch (error) {
	const { code, message } = RoomError.from(error, "recovery.failed");
	say(`${code}: ${message}`);
	process.exitCode = 1;
}
