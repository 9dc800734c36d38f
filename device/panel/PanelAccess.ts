import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { isLoopback } from "../core/loopback.ts";
import { RoomError } from "../core/RoomError.ts";

const COOKIE = "incamera_panel";
const SHORTEST_TOKEN = 22;

export type AccessRefusal = "panel.host_refused" | "panel.origin_refused" | "panel.not_paired";

export interface PanelAccessOptions {
	/** The address that the server listens on. */
	host: string;
	/** Names by which browsers may reach the server beside that address, without a port (`panel.example.org`). */
	names: readonly string[];
	/**
	 * Required where `host` isn't loopback, and then of at least 22 characters (128 bits in base64url). Given for loopback (a proxy that
	 * stands before it), it holds there too.
	 */
	pairingToken: string | null;
}

/** Compares in a time that tells nothing about how much of a guess was right. */
function equalSecret(a: string, b: string): boolean {
	const digest = (text: string) => createHash("sha256").update(text).digest();
	return timingSafeEqual(digest(a), digest(b));
}

/**
 * Who may talk to the panel server.
 *
 * Loopback isn't enough: any web page open on the machine can send to it. `Host` must be one of ours (else a foreign name was made to
 * resolve to us: DNS rebinding), and a socket's `Origin` must be this very server (browsers let any page open a socket anywhere).
 *
 * On a network, a panel is paired once: it opens `/pair?token=<token>` (a QR code that the room's configuration yields), gets a cookie
 * made from the token by HMAC, and every further request needs the cookie. The token itself isn't kept in the browser.
 */
export class PanelAccess {
	readonly #hosts: ReadonlySet<string>;
	readonly #token: string | null;
	readonly #cookie: string | null;

	/** Throws RoomError `panel.token_required`. */
	constructor(options: PanelAccessOptions) {
		const { host, pairingToken } = options;
		const local = isLoopback(host);
		if (pairingToken === null ? !local : pairingToken.length < SHORTEST_TOKEN) {
			throw new RoomError(
				"panel.token_required",
				`A panel server that listens on a network needs a pairing token of at least ${SHORTEST_TOKEN} characters.`,
			);
		}
		const any = host === "0.0.0.0" || host === "::";
		this.#hosts = new Set([
			...(local || any ? ["127.0.0.1", "localhost", "[::1]"] : []),
			...(any ? [] : [isIP(host) === 6 ? `[${host}]` : host]),
			...options.names.map((name) => name.toLowerCase()),
		]);
		this.#token = pairingToken;
		this.#cookie =
			this.#token === null
				? null
				: createHmac("sha256", this.#token).update("incamera panel cookie 1").digest("base64url");
	}

	/** Whether this request may be served at all, pairing aside. The port in `Host` must be the one the request came in by. */
	refuseHost(request: IncomingMessage): AccessRefusal | null {
		const host = (request.headers.host ?? "").toLowerCase();
		const port = request.socket.localPort;
		const name = host.endsWith(`:${port}`) ? host.slice(0, -`:${port}`.length) : port === 80 ? host : "";
		return this.#hosts.has(name) ? null : "panel.host_refused";
	}

	/** Whether this request may open a socket: it must come from a page of this server. */
	refuseOrigin(request: IncomingMessage): AccessRefusal | null {
		return request.headers.origin === `http://${request.headers.host}` ? null : "panel.origin_refused";
	}

	/** The same of a picture: browsers say where a request comes from, and a foreign page may not even show the room to who is at this machine. */
	refuseSite(request: IncomingMessage): AccessRefusal | null {
		const site = request.headers["sec-fetch-site"];
		return site === undefined || site === "same-origin" || site === "none" ? null : "panel.origin_refused";
	}

	refuseUnpaired(request: IncomingMessage): AccessRefusal | null {
		if (this.#cookie === null) return null;
		const given = (request.headers.cookie ?? "")
			.split(";")
			.map((part) => part.trim())
			.find((part) => part.startsWith(`${COOKIE}=`));
		return given !== undefined && equalSecret(given, `${COOKIE}=${this.#cookie}`) ? null : "panel.not_paired";
	}

	/** The `Set-Cookie` value for a panel that showed the right token; null for a wrong one, and where no pairing is needed. */
	pair(token: string): string | null {
		if (this.#token === null || this.#cookie === null || !equalSecret(token, this.#token)) return null;
		return `${COOKIE}=${this.#cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000`;
	}
}
