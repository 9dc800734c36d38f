import { once } from "node:events";
import { onParentGone } from "../core/onParentGone.ts";
import { RoomError } from "../core/RoomError.ts";

/** Milliseconds to let go of ports after the parent went. */
const END_MS = 2000;

/**
 * What a process does that the `incamera` command starts beside itself: is sent one order, tells what comes of it, ends. What it fails with
 * it says as `{failed: {code, message}}`. When the parent is gone or lets go, `signal` aborts.
 */
export async function serveCommand<Order>(
	run: (order: Order, tell: (said: object) => void, signal: AbortSignal) => Promise<void>,
): Promise<never> {
	const abort = new AbortController();
	onParentGone(() => {
		abort.abort();
		setTimeout(() => process.exit(1), END_MS).unref();
	});
	// The terminal's Ctrl-C is for the parent, which lets go of us in order.
	process.on("SIGINT", () => {});
	const tell = (said: object): void => {
		if (process.connected) process.send?.(said, undefined, undefined, () => {});
	};
	const [order] = (await once(process, "message")) as [Order];
	try {
		await run(order, tell, abort.signal);
	} catch (error) {
		const { code, message } = RoomError.from(error, "room.unexpected");
		tell({ failed: { code, message } });
	}
	// what was told is on its way
	if (process.connected) process.disconnect?.();
	process.exit();
}
