import { randomBytes } from "node:crypto";
import { pathToFileURL } from "node:url";
import type { Release } from "../../trust/metadata.ts";
import type { Job } from "./jobRecord.ts";

/** Not begun by then, it is forgotten: whoever wanted it is gone. */
const LIFE_MS = 24 * 3_600_000;

/** A person at the panel wants the bundle of a stick. No fleet can say so: its jobs name servers (`firmwareSpec`). */
export function stickJob(path: string, { version, digest, bytes }: Release, of: { seq: number; now: number }): Job {
	const spec = { version, digest, bytes, url: pathToFileURL(path).href, deadline: null };
	return { jobId: randomBytes(16).toString("base64url"), seq: of.seq, spec, exp: of.now + LIFE_MS };
}

export const isFromStick = ({ spec }: Pick<Job, "spec">): boolean => spec.url.startsWith("file:");
