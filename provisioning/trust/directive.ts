import type { KeyObject } from "node:crypto";
import { Metadata, TargetFile, Targets } from "@tufjs/models";
import { signer } from "./keys.ts";
import { bytesOf, type Release, targetPath, tufTime } from "./metadata.ts";

/** CN of the certificate by which the fleet's authority makes somebody its director. */
export const DIRECTOR = "fleet-director";

export interface Directed {
	device: string;
	jobId: string;
	/** Number of the job: grows with each one of a device. */
	seq: number;
	release: Release;
	/** Milliseconds since the epoch. */
	expires: number;
}

/**
 * The director's targets metadata for one device and one job, signed: the bundle that this device is to install (Uptane Standard 2.1.0, "Director repository").
 * Its version is the job's number, so an older one is a rollback.
 */
export function makeDirective({ device, jobId, seq, release, expires }: Directed, key: KeyObject): string {
	const { digest, bytes, version } = release;
	const path = targetPath(digest);
	const custom = { version, device, jobId };
	const target = new TargetFile({ path, length: bytes, hashes: { sha256: digest }, unrecognizedFields: { custom } });
	const signed = new Targets({
		specVersion: "1.0.33",
		version: seq,
		expires: tufTime(expires),
		targets: { [path]: target },
	});
	const metadata = new Metadata(signed);
	metadata.sign(signer(key));
	return bytesOf(metadata).toString("utf8");
}
