import type { RoomError } from "../../core/RoomError.ts";

/**
 * What a frame that came in is to the request that is under way.
 *  - `other`: nothing to do with it.
 *  - `accepted`: the device took it and works on it; the line is free for the next request, and this one goes on waiting.
 *  - `done`, `failed`: it is over.
 */
export type Verdict<T> =
	| { readonly is: "other" }
	| { readonly is: "accepted" }
	| { readonly is: "done"; readonly value: T }
	| { readonly is: "failed"; readonly error: RoomError };

/** One question or command to a device, and how its answer is known. */
export interface Request<T> {
	/** Called when it is its turn, so that sequence numbers and challenges are fresh; again for each `resends`, if `frame` is to differ. */
	frame(): Uint8Array;
	/** Shown each frame that comes in while it is under way. It must not keep the bytes. */
	judge(frame: Uint8Array): Verdict<T>;
	/** A waiting request of the same key is overtaken by this one and rejects with `peripheral.overtaken`; one under way goes on. */
	key?: string;
	/** Goes before all that are not: a stop. Urgent ones among themselves keep their order. */
	urgent?: boolean;
	/** Milliseconds from the frame's sending to `accepted`, or to the end. Default 2000. */
	timeoutMs?: number;
	/** Milliseconds from `accepted` to the end: a camera may turn for long and must not hold the line for it. Default `timeoutMs`. */
	completionMs?: number;
	/** Times that the same frame is sent again after a timeout before it fails. Default 0. */
	resends?: number;
	/** Takes a waiting request back; one under way goes on to its end. */
	signal?: AbortSignal;
}

/** A device's requests, one under way at a time. `RequestQueue` is the one there is; drivers take this port. */
export interface Requests {
	/**
	 * @throws RoomError `peripheral.timeout`, `peripheral.overtaken`, `peripheral.queue_full`, `peripheral.cancelled` (its signal),
	 * `link.lost`, `link.congested`, or what `judge` failed with.
	 */
	ask<T>(request: Request<T>): Promise<T>;
}
