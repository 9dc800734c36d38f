import * as z from "zod/mini";
import { firmwareVersion } from "./jobs.ts";

/** Of which state of the repository something is; `+`: with changes that were not committed. */
export const commit = z.string().check(z.regex(/^(?:[0-9a-f]{40}\+?|unknown)$/));

/**
 * What is said of a disk image, in a signed file beside it (`incamera-1.2.3.manifest`: CMS, PEM, with this as JSON inside; RFC 5652). A bundle has its own inside,
 * in RAUC's form, which is no JSON: neither can be taken for the other.
 */
export const diskManifest = z.strictObject({
	kind: z.literal("incamera-disk"),
	v: z.literal(1),
	version: firmwareVersion,
	compatible: z.string().check(z.regex(/^[0-9A-Za-z._-]{1,60}$/)),
	/** Of the commit, ISO 8601. */
	date: z.nullable(z.iso.datetime({ offset: true })),
	commit,
	/** Of the disk, unpacked. */
	bytes: z.number().check(z.int(), z.gte(1), z.lte(64 * 1024 ** 3)),
	sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});
export type DiskManifest = z.infer<typeof diskManifest>;
