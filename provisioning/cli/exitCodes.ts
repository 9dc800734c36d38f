import { isFaultCode } from "./image/firmware/FirmwareReport.ts";

/** What a script can tell a failure by; `incamera help exit-codes` and the man page list them. */
export const exitCodes = {
	done: [0, "Done."],
	failed: [1, "It failed; the message has a code."],
	usage: [2, "The command, or a configuration that it reads, was not understood."],
	unreachable: [3, "The fleet service can't be reached, or its database is away."],
	forbidden: [4, "No token, or it or this account may not do that."],
	notFound: [5, "There is no such thing."],
	conflict: [
		6,
		"Not now: somebody changed it meanwhile, the room is offline or in a call, a port is held, or it is over.",
	],
	unhealthy: [7, "What was checked is not well (doctor, audit --verify, image verify)."],
} as const satisfies Record<string, readonly [number, string]>;
export type ExitCode = keyof typeof exitCodes;

const unreachable = new Set(["api.unreachable", "local.unreachable", "database.unavailable"]);
const conflicts = new Set([
	"api.twin_conflict",
	"api.device_offline",
	"api.device_gone",
	"api.rollout_over",
	"api.rollout_running",
	"api.no_devices",
	"probe.port_busy",
	"recording.port_busy",
	"cli.file_exists",
	"repo.exists",
	"flash.device_in_use",
	"flash.system_disk",
]);
const forbidden = new Set([
	"repo.development",
	"repo.key_foreign",
	"flash.denied",
	"flash.device_read_only",
	"recover.key_unreadable",
	"recover.key_foreign",
	"api.not_signed_in",
	"api.forbidden",
	"cli.no_token",
	"local.forbidden",
	"recording.denied",
]);
const notFound = new Set([
	"api.not_found",
	"cli.not_published",
	"repo.no_such_release",
	"flash.no_such_device",
	"recover.no_file",
	"recover.no_data_partition",
	"probe.nothing_found",
	"recording.no_such_device",
]);
const usage = new Set([
	"cli.usage",
	"config.refused",
	"flash.not_confirmed",
	"flash.not_a_disk",
	"flash.no_disk_image",
	"config.invalid",
	"config.unreadable",
	"setup.authority_refused",
	"recovery.certificate_unreadable",
	"recovery.certificate_unfit",
	"recovery.certificate_of_authority",
]);
const unhealthy = new Set([
	"doctor.unhealthy",
	"audit.broken",
	"recover.file_altered",
	"recover.start_damaged",
	"recover.not_this_partition",
]);

export function exitCodeOf(code: string): ExitCode {
	if (unreachable.has(code)) return "unreachable";
	if (forbidden.has(code)) return "forbidden";
	if (notFound.has(code)) return "notFound";
	if (conflicts.has(code)) return "conflict";
	if (unhealthy.has(code) || isFaultCode(code)) return "unhealthy";
	return usage.has(code) ? "usage" : "failed";
}

/** What to do next, where we know it. */
export const nextSteps: Readonly<Record<string, string>> = {
	"api.unreachable": "Is the service running, and is INCAMERA_FLEET its address (https://fleet.example.org)?",
	"api.not_signed_in": "The token is unknown, ended or expired: make a new one in the console under Tokens.",
	"api.forbidden": "The token has not this right: make one with the scope that `incamera help <command>` names.",
	"api.twin_conflict": "Somebody changed the room meanwhile: look at it again (incamera fleet room <id>) and repeat.",
	"api.device_offline": "The room is offline: commands are not kept for later. incamera fleet rooms --show offline",
	"api.rollout_running": "Another rollout is under way: incamera fleet rollout list",
	"api.no_devices": "Every active room has this version already, or none was named.",
	"api.not_found": "Ids are listed by: incamera fleet rooms",
	"local.forbidden": "Run it as the service's account or as root: sudo incamera fleet invite --local <stateFolder>",
	"local.unreachable": "Is the service running on this machine, and is the folder its stateFolder?",
	"firmware.no_keyring":
		"Say whose signature counts: --keyring bundle-ca.pem (of the folder with the image's keys; development: image/keys/development).",
	"firmware.no_manifest": "It is made with the image; bring both files, or name it by --manifest.",
	"firmware.truncated": "Fetch or copy the file again: it is not whole.",
	"firmware.altered": "Don't use it. Fetch it again; if it stays so, tell whoever made it.",
	"firmware.signature_wrong": "Don't use it. Fetch it again; if it stays so, tell whoever made it.",
	"firmware.signer_foreign": "Is it the right --keyring? A device takes only what its own keyring's authority signed.",
	"firmware.signer_expired": "Is this machine's clock right? Otherwise it has to be signed anew.",
	"firmware.no_openssl": "Install Debian's package openssl.",
	"flash.no_such_device": "lsblk lists the disks of this machine.",
	"flash.not_a_disk": "Name the whole disk, /dev/sdb, not a partition, /dev/sdb1.",
	"flash.no_disk_image":
		"An update bundle is for a device in service: by its fleet, or on a stick. A disk is written from a .img.zst.",
	"flash.not_confirmed": "Type the device's name as it is shown, or say it in a script: --yes sdb",
	"flash.device_in_use": "Unmount it first: umount /dev/sdb*. A desktop may have mounted a stick by itself.",
	"flash.system_disk": "This is the disk that this machine runs from. Name another one: lsblk lists them.",
	"flash.device_read_only": "Is there a switch on the card or stick?",
	"flash.device_too_small": "Devices need 4 GB or more.",
	"flash.sector_size": "A disk that can be set to sectors of 512 bytes, or another one.",
	"flash.denied": "Run it as root: sudo incamera image …",
	"flash.device_failed": "Try another port or reader; if it fails again, the disk is broken. dmesg says more.",
	"flash.read_back_differs": "Don't use this disk: it is broken, or smaller than it says.",
	"prepare.no_disk":
		"It wants a flashed disk or an unpacked .img. A packed image is prepared while it is flashed: incamera image flash … --setup setup.yaml",
	"setup.authority_refused":
		"It wants the certificate of the authority that signed your servers' ones, as PEM: openssl x509 -noout -text -in FILE says CA:TRUE.",
	"prepare.no_mtools": "Install Debian's package mtools.",
	"recovery.certificate_unreadable":
		"Devices get the certificate, recovery.pem, and never the private key; incamera image recovery-key new makes both.",
	"recovery.certificate_unfit": "Make a pair for this: incamera image recovery-key new --to FOLDER",
	"recovery.certificate_of_authority":
		"Make a pair for this alone: incamera image recovery-key new --to FOLDER. One of your own has to say CA:FALSE (openssl req -x509 … -addext basicConstraints=critical,CA:FALSE).",
	"recovery.no_openssl": "Install Debian's package openssl.",
	"recovery.no_cryptsetup": "Install Debian's package cryptsetup-bin.",
	"recover.no_file":
		"This device made no recovery key: it was given no certificate before its first start, or has not finished that start. Without its own TPM the data is lost: flash it again.",
	"recover.no_data_partition": "It was never started, or its data was erased. Is it the right disk? lsblk lists them.",
	"recover.key_foreign":
		"Take the private key whose certificate has that fingerprint: openssl x509 -noout -fingerprint -sha256 -in recovery.pem",
	"recover.key_unreadable":
		"It wants the PEM file of the private key, recovery.key; a passphrase is asked at the terminal, or read: --passphrase-file FILE",
	"recover.file_altered":
		"Is there a copy of the start partition's incamera/recovery-1.cms (or -2)? Put it back and try again. In its own board the device makes a new one at its next start.",
	"recover.start_damaged":
		"The disk's first partition (FAT) holds the sealed key. Work on a copy of the disk; fsck.vfat may find the folder incamera again.",
	"recover.not_this_partition":
		"The start partition and the data partition are of two devices, or the data partition was made anew since. In its own board the device makes a new key at its next start.",
	"repo.key_missing":
		"Keys are root-1.pem to root-3.pem, targets.pem, snapshot.pem and timestamp.pem; `repo init` made them.",
	"repo.key_foreign":
		"The root names which keys count; another one is brought in by: incamera image repo sign --root … --replace …",
	"repo.development": "Make another repository, without --development, with keys that nobody else has.",
	"probe.nothing_found":
		"Is it switched on, is the cable a crossed one where it has to be, and does RS-232 control have to be allowed in its menu?",
	"probe.port_busy":
		"Stop the room's program (systemctl stop incamera-room), or listen on its line: incamera room record <device>",
	"recording.denied": "Run it as the room program's account or as root: sudo incamera room record <device>",
	"recording.no_such_device": "Devices are named under `peripherals` in the room's configuration.",
	"recording.port_busy": "fuser -v <port> says which program it is.",
	"cli.no_token": "Set INCAMERA_TOKEN, or keep the token in a file: incamera fleet login",
	"database.unavailable": "The service runs, its database does not answer; see docs/operations.md.",
};
