import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";

const MOST_MS = 60_000;

/**
 * A small file over HTTP, whole, at most so long and so slow; null: there is none (404). No redirect is followed.
 * Errors: `update.unreachable`, `update.metadata_forged` (longer than it may be), `update.cancelled`.
 */
export async function fetchFile(
	url: URL,
	{ mostBytes, clock, signal }: { mostBytes: number; clock: Clock; signal: AbortSignal },
): Promise<Uint8Array | null> {
	const late = new AbortController();
	const cancel = clock.after(MOST_MS, () => late.abort());
	try {
		return await read(url, mostBytes, AbortSignal.any([signal, late.signal]));
	} catch (cause) {
		if (signal.aborted) throw new RoomError("update.cancelled", "cancelled");
		if (cause instanceof RoomError) throw cause;
		throw new RoomError("update.unreachable", "the repository can't be reached", { cause });
	} finally {
		cancel();
	}
}

function read(url: URL, mostBytes: number, signal: AbortSignal): Promise<Uint8Array | null> {
	return new Promise((resolve, reject) => {
		const options = {
			agent: false,
			signal,
			headers: { "accept-encoding": "identity", "user-agent": "InCamera" },
		} as const;
		const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, options, (response) => {
			const chunks: Uint8Array[] = [];
			let bytes = 0;
			response.on("error", reject);
			if (response.statusCode !== 200) {
				response.destroy();
				if (response.statusCode === 404) resolve(null);
				else reject(new RoomError("update.unreachable", `the repository answers with status ${response.statusCode}`));
				return;
			}
			response.on("data", (chunk: Uint8Array) => {
				bytes += chunk.byteLength;
				chunks.push(chunk);
				if (bytes <= mostBytes) return;
				response.destroy();
				reject(new RoomError("update.metadata_forged", "the repository sends more than it may"));
			});
			response.on("end", () => resolve(Buffer.concat(chunks)));
		});
		request.on("error", reject);
		request.end();
	});
}
