import { Readable } from "node:stream";
import type { Clock } from "../../../../device/core/clock.ts";

/** So that proxies keep a quiet line, and both ends notice a dead one. */
export const HEARTBEAT_MS = 15_000;
const BUFFER_BYTES = 256 * 1024;

export interface EventStreamOptions<T> {
	/** Ends the stream when it ends or throws; asked for one more only when the line has taken the last. */
	items: AsyncIterable<T>;
	/** JSON text of one line. */
	encode: (item: T) => string;
	clock: Clock;
	/** Asked at each heartbeat; false ends the stream. */
	stillAllowed: () => Promise<boolean>;
}

/** Server-sent events (HTML, section 9.2). A client that takes nothing for a heartbeat's time, with its buffer full, is let go. */
export function eventStream<T>({ items, encode, clock, stillAllowed }: EventStreamOptions<T>): Readable {
	const iterator = items[Symbol.asyncIterator]();
	let wanted: () => void = () => {};
	let cancel: () => void = () => {};
	const stream = new Readable({
		highWaterMark: BUFFER_BYTES,
		read: () => wanted(),
		destroy(error, callback) {
			cancel();
			wanted();
			// A generator that waits ends by its own signal; what it still has to say is of no interest.
			void Promise.resolve(iterator.return?.()).catch(() => {});
			callback(error);
		},
	});
	const beat = () => {
		cancel = clock.after(HEARTBEAT_MS, () => {
			if (stream.readableLength >= BUFFER_BYTES) return stream.destroy();
			stream.push(":\n\n");
			beat();
			stillAllowed().then(
				(allowed) => allowed || stream.destroyed || stream.push(null),
				// Not known now, for instance because the database is away: asked again at the next beat.
				() => {},
			);
		});
	};
	const run = async () => {
		// Tells the client how long to wait before it comes again, and proxies that something comes at all.
		stream.push("retry: 2000\n\n");
		for (;;) {
			const { done, value } = await iterator.next();
			if (done || stream.destroyed) break;
			if (stream.push(`data: ${encode(value)}\n\n`)) continue;
			await new Promise<void>((resolve) => {
				wanted = resolve;
			});
		}
		if (!stream.destroyed) stream.push(null);
	};
	beat();
	run().catch(() => stream.destroy());
	stream.once("end", () => cancel());
	return stream;
}
