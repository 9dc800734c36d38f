import { Metadata, Root } from "@tufjs/models";
import * as z from "zod/mini";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Directive } from "../../contract/jobs.ts";
import { DIRECTOR } from "../../trust/directive.ts";
import { tufKey } from "../../trust/keys.ts";
import { type Release, readMetadata, releaseOf } from "../../trust/metadata.ts";
import { certificatesOf } from "../identity/certificates.ts";

export interface Addressee {
	/** This device. */
	device: string;
	jobId: string;
	seq: number;
	/** The fleet's authority, PEM, as it was learned at the enrolment. */
	authority: string;
	/** Milliseconds since the epoch. */
	now: number;
}

const addressed = z.object({ device: z.string(), jobId: z.string() });

/**
 * What the fleet's director says that this device is to install. The director's root is the fleet's authority, which device and fleet have proved to each other
 * at the enrolment; it is made director by a certificate.
 * Errors: `update.director_refused`, `update.metadata_expired`, `update.metadata_forged`.
 */
export function readDirective(
	{ certificate, targets }: Directive,
	{ device, jobId, seq, authority, now }: Addressee,
): Release {
	const refused = (what: string, cause?: unknown): never => {
		throw new RoomError("update.director_refused", what, { cause });
	};
	const key = directorKey(certificate, authority, now) ?? refused("the director has no certificate of this fleet");
	const metadata = readMetadata("targets", Buffer.from(targets));
	const { signed } = metadata;
	// a root that says nothing but whose word counts
	const root = new Root({
		specVersion: signed.specVersion,
		version: 1,
		expires: signed.expires,
		consistentSnapshot: true,
	});
	root.addKey(key, "targets");
	try {
		new Metadata(root).verifyDelegate("targets", metadata);
	} catch (cause) {
		return refused("the director has not signed that", cause);
	}
	if (signed.isExpired(new Date(now)))
		throw new RoomError("update.metadata_expired", "the director's word has expired");
	const [target, ...more] = Object.values(signed.targets);
	if (!target || more.length > 0) return refused("the director names not one bundle");
	const { data } = addressed.safeParse(target.custom);
	if (data?.device !== device || data.jobId !== jobId || signed.version !== seq)
		return refused("the director means another device or job");
	return releaseOf(target);
}

function directorKey(pem: string, authority: string, now: number): ReturnType<typeof tufKey> | null {
	try {
		const [leaf, ...rest] = certificatesOf(pem);
		if (!leaf || rest.length > 0 || leaf.ca || leaf.subject !== `CN=${DIRECTOR}`) return null;
		if (now < leaf.validFromDate.getTime() || now > leaf.validToDate.getTime()) return null;
		const issued = certificatesOf(authority).some(
			(root) => root.ca && leaf.checkIssued(root) && leaf.verify(root.publicKey),
		);
		return issued ? tufKey(leaf.publicKey) : null;
	} catch {
		return null;
	}
}
