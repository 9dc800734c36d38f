import { createHash } from "node:crypto";

/**
 * PJLink: lines that end with a carriage return. `%1POWR ?` asks, `%1POWR=0` answers, `PJLINK 0` or `PJLINK 1 498e4a67` greets.
 * Source: JBMIA, "PJLink Specifications", class 1 version 1.04 (2013-12-10) and class 2 version 2.00 (2017-01-31): format §2, commands §4,
 * authentication §5.
 */
export const PJLINK_PORT = 4352;

export type PjlinkClass = 1 | 2;

export type PjlinkLine =
	/** `challenge` null: no password is asked for (§5.2). */
	| { readonly kind: "greeting"; readonly challenge: string | null }
	/** The password was wrong (§5.1). */
	| { readonly kind: "wrongPassword" }
	/** `value`: what stands behind the `=`: `OK`, `ERR1` to `ERR4`, or what was asked for. */
	| { readonly kind: "response"; readonly class: PjlinkClass; readonly body: string; readonly value: string };

/** §2.2: per cent, class, four letters, `=`, 128 characters and the carriage return; names may be of several bytes. */
const MOST_BYTES = 136;
const CR = 0x0d;

/** `value` is `?`, `?31` or what is to be set. */
export const encodePjlink = (body: string, value: string, pjlinkClass: PjlinkClass = 1): string =>
	`%${pjlinkClass}${body} ${value}\r`;

/**
 * What stands before the first command of a connection whose greeting held a challenge: MD5 of challenge and password (§5.1). MD5 is the
 * protocol's choice; the commands themselves are neither encrypted nor signed.
 */
export const pjlinkDigest = (challenge: string, password: string): string =>
	createHash("md5")
		.update(challenge + password)
		.digest("hex");

/** Null where the line is none of PJLink's. */
export function parsePjlink(frame: Uint8Array): PjlinkLine | null {
	const line = Buffer.from(frame).toString("utf8").replace(/\r$/, "");
	const greeting = /^PJLINK (?:0|1 ([0-9a-f]{8}))$/i.exec(line);
	if (greeting) return { kind: "greeting", challenge: greeting[1] ?? null };
	if (/^PJLINK ERRA$/i.test(line)) return { kind: "wrongPassword" };
	const response = /^%([12])([A-Z0-9]{4})=([^\p{Cc}]*)$/iu.exec(line);
	if (!response) return null;
	const [, pjlinkClass, body = "", value = ""] = response;
	return { kind: "response", class: pjlinkClass === "2" ? 2 : 1, body: body.toUpperCase(), value };
}

/** For a `scanSplitter`: lines that begin as one of PJLink's does. */
export function measurePjlink(bytes: Uint8Array, at: number): number | "more" | "none" {
	if (bytes[at] !== 0x25 && bytes[at] !== 0x50 && bytes[at] !== 0x70) return "none";
	const window = bytes.subarray(at, at + MOST_BYTES);
	const end = window.indexOf(CR);
	if (end === -1) return window.length < MOST_BYTES ? "more" : "none";
	return parsePjlink(window.subarray(0, end + 1)) ? end + 1 : "none";
}
