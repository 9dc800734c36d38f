import { type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Readable } from "node:stream";
import { RoomError } from "../../../../device/core/RoomError.ts";

export interface ByteRequest {
	url: string;
	/** Bytes of the whole, as it was promised. */
	bytes: number;
	/** From this byte on. */
	from: number;
	/** The strong entity tag that the bytes before it came with; null: none. */
	etag: string | null;
	signal: AbortSignal;
}

export interface ByteAnswer {
	/** The first byte of what follows: `from`, or 0 where the server begins anew. */
	from: number;
	etag: string | null;
	body: Readable;
}

/** Nothing wrong with the request, only with the moment (RFC 9110, sections 15.5.9 and 15.6; RFC 6585, section 4; RFC 8470, section 5.2). */
const notNow = new Set([408, 425, 429]);

/**
 * Asks an HTTP server for the rest of a file (RFC 9110, section 14) and believes it nothing: what it says it will send has to be what was asked for. No
 * redirect is followed: a job names where its bundle is.
 *
 * Errors: `update.unreachable` (may be tried again), `update.server_refused`, `update.size_wrong`, `update.range_wrong` (what is there can't be gone on
 * with).
 */
export async function requestBytes(asked: ByteRequest): Promise<ByteAnswer> {
	const { url, bytes, from, signal } = asked;
	const body = await send(asked);
	try {
		const { statusCode: status = 0, headers } = body;
		if (status === 416) throw new RoomError("update.range_wrong", "the server has no such bytes");
		if (status >= 500 || notNow.has(status)) throw unreachable(`status ${status}`);
		if (status !== 200 && status !== 206) {
			throw new RoomError("update.server_refused", `the server answers with status ${status}`, { context: { status } });
		}
		if ((headers["content-encoding"] ?? "identity") !== "identity") {
			throw new RoomError("update.server_refused", "the server sends something else than the file itself");
		}
		const begins = status === 206 ? rangeOf(headers["content-range"], { from, bytes }) : 0;
		const announced = headers["content-length"];
		if (announced !== undefined && Number(announced) !== bytes - begins) {
			throw new RoomError("update.size_wrong", "the server's file has another size", { context: { bytes } });
		}
		return { from: begins, etag: strong(headers.etag), body };
	} catch (error) {
		body.destroy();
		if (signal.aborted || error instanceof RoomError) throw error;
		throw unreachable(new URL(url).protocol, error);
	}
}

function send({ url, from, etag, signal }: ByteRequest): Promise<IncomingMessage> {
	const options: RequestOptions = {
		// one connection for each request: a broken one is not met again
		agent: false,
		signal,
		headers: {
			"accept-encoding": "identity",
			"user-agent": "InCamera",
			...(from > 0 ? { range: `bytes=${from}-`, ...(etag ? { "if-range": etag } : {}) } : {}),
		},
	};
	return new Promise((resolve, reject) => {
		const failed = (cause: unknown): void => reject(unreachable("no answer", cause));
		try {
			const request = (url.startsWith("https:") ? requestHttps : requestHttp)(url, options, resolve);
			request.on("error", failed);
			request.end();
		} catch (cause) {
			reject(new RoomError("update.server_refused", "that is no address", { cause }));
		}
	});
}

/** `Content-Range` has to be the range that was asked for, of a file of the size that was promised. Returns its begin. */
function rangeOf(said: string | undefined, { from, bytes }: { from: number; bytes: number }): number {
	const [, first, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(said ?? "") ?? [];
	if (total !== undefined && total !== "*" && Number(total) !== bytes) {
		throw new RoomError("update.size_wrong", "the server's file has another size", { context: { bytes } });
	}
	if (Number(first) !== from || Number(last) !== bytes - 1) {
		throw new RoomError("update.range_wrong", "the server sends other bytes than were asked for");
	}
	return from;
}

/** A weak tag says nothing of single bytes (RFC 9110, section 13.1.5). */
const strong = (etag: string | undefined): string | null =>
	etag && /^"[\x21\x23-\x7e]{0,200}"$/.test(etag) ? etag : null;

const unreachable = (why: string, cause?: unknown): RoomError =>
	new RoomError("update.unreachable", `the bundle can't be fetched: ${why}`, { cause });
