import { RENDEZVOUS_PATH } from "../../provisioning/contract/rendezvous.ts";
import { isProtected } from "../core/loopback.ts";
import { RoomError } from "../core/RoomError.ts";
import { type Bytes, fromBase64url, randomBytes, toBase64url } from "./bytes.ts";

/**
 * A meeting's link: `https://<host>/j/<meetingId>#1.<secret>.<caPin>`. Whoever holds it may join; browsers never send the fragment.
 * A link is a secret: it enters no log, topic, metric or error.
 */
export interface Link {
	/** Scheme, host and port, without a trailing slash. `http` only for loopback. */
	origin: string;
	/** 16 bytes in base64url: all that the server sees. */
	meetingId: string;
	/** 32 bytes: signalling is sealed with a key derived from it. */
	secret: Bytes;
	/** SHA-256 of the fleet CA's SubjectPublicKeyInfo, 32 bytes: lets a guest's browser check a room's certificate. */
	caPin: Bytes;
}

export type LinkErrorCode = "link.invalid" | "link.version_unknown" | "link.other_host";

/** Longest link that is looked at; a real one has about 130 characters. */
const MOST_CHARACTERS = 512;
const pathForm = /^\/j\/([A-Za-z0-9_-]{22})$/;

const invalid = (): RoomError<LinkErrorCode> => new RoomError("link.invalid", "This is not a meeting's link");

/** Makes a link of a new meeting on `origin`. */
export function createLink(options: { origin: string; caPin: Bytes }): Link {
	return {
		origin: originOf(options.origin),
		meetingId: toBase64url(randomBytes(16)),
		secret: randomBytes(32),
		caPin: options.caPin,
	};
}

export function formatLink(link: Link): string {
	return `${link.origin}/j/${link.meetingId}#1.${toBase64url(link.secret)}.${toBase64url(link.caPin)}`;
}

/**
 * Reads a link that a person typed, scanned or has in the calendar.
 * @param options.hosts hosts (with port, as in a URL) that this room joins meetings on; without it any host will do.
 * @throws RoomError `link.invalid` (truncated, no fragment, not a link), `link.version_unknown`, `link.other_host`.
 */
export function parseLink(text: string, options: { hosts?: readonly string[] } = {}): Link {
	const trimmed = text.trim();
	if (trimmed.length > MOST_CHARACTERS || !URL.canParse(trimmed)) throw invalid();
	const url = new URL(trimmed);
	const meetingId = pathForm.exec(url.pathname)?.[1];
	if (!meetingId || !fromBase64url(meetingId) || url.search || url.username || url.password) throw invalid();
	const origin = originOf(url.origin);
	const [version, secretText, pinText, ...rest] = url.hash.slice(1).split(".");
	if (!version || !/^\d{1,4}$/.test(version)) throw invalid();
	if (version !== "1") throw new RoomError("link.version_unknown", "The link was made by a newer version");
	const secret = fromBase64url(secretText ?? "");
	const caPin = fromBase64url(pinText ?? "");
	if (rest.length > 0 || secret?.length !== 32 || caPin?.length !== 32) throw invalid();
	if (options.hosts && !options.hosts.includes(url.host))
		throw new RoomError("link.other_host", "The link leads to a server that this room doesn't use");
	return { origin, meetingId, secret, caPin };
}

/** The rendezvous' WebSocket address of a link. */
export function rendezvousUrl(link: Link): string {
	return link.origin.replace(/^http/, "ws") + RENDEZVOUS_PATH;
}

function originOf(text: string): string {
	if (!URL.canParse(text)) throw invalid();
	const url = new URL(text);
	if (!isProtected(url)) throw invalid();
	return url.origin;
}
