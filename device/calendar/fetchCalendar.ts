import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { TLSSocket } from "node:tls";
import type { Clock } from "../core/clock.ts";
import { RoomError } from "../core/RoomError.ts";
import type { CalendarFailure } from "./CalendarSource.ts";
import { MOST_BYTES } from "./LastGoodDay.ts";

/** What an answer can be known again by (RFC 9110, section 8.8). */
export interface Validators {
	etag: string | null;
	lastModified: string | null;
}

export interface CalendarRequest {
	url: URL;
	login: { user: string; password: string } | null;
	/** Of the answer that is here already; null: none. */
	known: Validators | null;
	clock: Clock;
	signal: AbortSignal;
}

export interface CalendarAnswer {
	/** Null: it is as it was. */
	text: string | null;
	validators: Validators;
}

/** For the whole, however slowly it drips. */
const MOST_MS = 30_000;
const MOST_REDIRECTS = 3;
/** Nothing wrong with the request, only with the moment (RFC 9110, section 15.5.9; RFC 8470, section 5.2; RFC 6585, section 4). */
const notNow = new Set([408, 425, 429]);

/**
 * Asks a server for a calendar once, and believes it nothing. The address holds a token as a rule: errors have no cause, since those of the network and of
 * the runtime name what they were about.
 *
 * @throws RoomError with the code of a CalendarFailure; `retryAfterMs` in its context where the server wants to be left alone
 */
export async function fetchCalendar(asked: CalendarRequest): Promise<CalendarAnswer> {
	const late = new AbortController();
	const cancel = asked.clock.after(MOST_MS, () => late.abort());
	const signal = AbortSignal.any([asked.signal, late.signal]);
	try {
		let { url } = asked;
		for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
			const response = await send(url, { ...asked, signal });
			try {
				const next = redirectOf(response, url);
				if (next === null) return await answerOf(response, asked);
				url = next;
			} finally {
				response.destroy();
			}
		}
		throw failure("calendar.denied", "the address leads from one to the next");
	} catch (thrown) {
		if (thrown instanceof RoomError) throw thrown;
		throw failure("calendar.unreachable", "the calendar's server does not answer");
	} finally {
		cancel();
	}
}

function send(url: URL, { login, known, signal }: CalendarRequest): Promise<IncomingMessage> {
	const headers: Record<string, string> = {
		accept: "text/calendar, */*;q=0.1",
		// what is packed small can be of any size
		"accept-encoding": "identity",
		"user-agent": "InCamera",
	};
	if (known?.etag) headers["if-none-match"] = known.etag;
	if (known?.lastModified) headers["if-modified-since"] = known.lastModified;
	if (login) {
		headers["authorization"] = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`;
	}
	return new Promise((resolve, reject) => {
		const ask = url.protocol === "https:" ? requestHttps : requestHttp;
		// one connection for each: a broken one is not met again
		const request = ask(url, { agent: false, signal, headers }, resolve);
		request.on("error", (error) => {
			const untrusted = request.socket instanceof TLSSocket && request.socket.authorizationError;
			reject(
				untrusted ? failure("calendar.untrusted", "the certificate of the calendar's server is not trusted") : error,
			);
		});
		request.end();
	});
}

/** Where the same server has it now; what it was asked with is nobody else's. */
function redirectOf({ statusCode = 0, headers }: IncomingMessage, from: URL): URL | null {
	if (![301, 302, 303, 307, 308].includes(statusCode)) return null;
	const to = URL.parse(headers.location ?? "", from.href);
	if (to?.origin === from.origin) return to;
	throw failure("calendar.denied", "the address leads to another server");
}

async function answerOf(response: IncomingMessage, { known, clock }: CalendarRequest): Promise<CalendarAnswer> {
	const { statusCode: status = 0, headers } = response;
	const validators = { etag: headers.etag ?? null, lastModified: headers["last-modified"] ?? null };
	if (status === 304 && known !== null) return { text: null, validators: known };
	if (status >= 500 || notNow.has(status)) {
		const retryAfterMs = retryAfter(headers["retry-after"], clock.now());
		throw failure("calendar.unreachable", "the calendar's server can't answer now", { status, retryAfterMs });
	}
	if (status >= 400) throw failure("calendar.denied", "the calendar's server gives nothing out", { status });
	if (status !== 200 || (headers["content-encoding"] ?? "identity") !== "identity") {
		throw failure("calendar.unreadable", "the answer is something else than a calendar", { status });
	}
	return { text: await textOf(response), validators };
}

async function textOf(response: IncomingMessage): Promise<string> {
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of response as AsyncIterable<Uint8Array>) {
		bytes += chunk.byteLength;
		if (bytes > MOST_BYTES) throw failure("calendar.unreadable", "the calendar is too large");
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
}

/** `Retry-After` (RFC 9110, section 10.2.3), in seconds or as a date, as milliseconds; 0 where there is none. */
function retryAfter(said: string | undefined, now: number): number {
	if (said === undefined) return 0;
	const ms = /^\d{1,9}$/.test(said) ? Number(said) * 1000 : Date.parse(said) - now;
	return ms > 0 ? ms : 0;
}

const failure = (code: CalendarFailure, message: string, context: Record<string, number> = {}): RoomError =>
	new RoomError(code, message, { context });
