import { RoomError } from "../../../../device/core/RoomError.ts";

/** What can be wrong with a file of firmware. */
const faults = [
	/** It is no firmware of ours, or of a form that no device takes. */
	"firmware.unknown_file",
	"firmware.truncated",
	/** A disk image without the signed file that belongs to it. */
	"firmware.no_manifest",
	"firmware.signature_wrong",
	"firmware.signer_foreign",
	"firmware.signer_expired",
	/** By a certificate that is not for code. */
	"firmware.signer_purpose",
	"firmware.incompatible",
	/** It was signed, and is not any more what was signed. */
	"firmware.altered",
] as const;
export type Fault = (typeof faults)[number];

/** Whether the file is at fault, and not we or the machine. */
export const isFault = (error: unknown): error is RoomError<Fault> =>
	error instanceof RoomError && faults.some((code) => code === error.code);
export const isFaultCode = (code: string): boolean => faults.some((one) => one === code);

/** One thing that was looked at; `ok` null: it was not, since something before it is wrong. */
export interface Check {
	name: "form" | "signature" | "machine" | "content";
	ok: boolean | null;
	code: Fault | null;
	/** For people, one sentence. */
	said: string;
}

export interface Signer {
	subject: string;
	issuer: string;
	/** ISO 8601. */
	until: string;
	/** SHA-256 of the certificate, hex. */
	fingerprint: string;
}

/** A file of firmware: what it says of itself, and how far that is true. */
export interface FirmwareReport {
	file: string;
	/** `disk`: for the whole disk of a new device; `update`: for the other slot of one in service. */
	kind: "disk" | "update";
	version: string | null;
	compatible: string | null;
	date: string | null;
	commit: string | null;
	/** Of the file, and of what it holds once unpacked. */
	bytes: number;
	unpacked: number | null;
	/** Of the unpacked disk, by its manifest. */
	sha256: string | null;
	/** Partitions of a disk, or images of an update, with their bytes. */
	parts: { name: string; bytes: number }[];
	signer: Signer | null;
	/** Empty: nothing was checked. */
	checks: Check[];
}

export const firstFault = ({ checks }: FirmwareReport): Check | null => checks.find(({ ok }) => ok === false) ?? null;
