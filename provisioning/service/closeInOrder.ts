import type { Clock } from "../../device/core/clock.ts";
import type { Log } from "../../device/core/log.ts";
import { RoomError } from "../../device/core/RoomError.ts";

/**
 * Closes what was started, the last first, each once. What fails to close, or takes longer than `partMs`, is logged and left: it must not keep
 * the database behind it from ending in order. Never throws.
 */
export async function closeInOrder(
	parts: (() => Promise<unknown>)[],
	{ partMs, clock, log }: { partMs: number; clock: Clock; log: Log },
): Promise<void> {
	for (const close of parts.splice(0).reverse()) {
		const late = Promise.withResolvers<never>();
		const cancel = clock.after(partMs, () =>
			late.reject(new RoomError("service.close_timeout", "a part of the service doesn't end")),
		);
		try {
			await Promise.race([close(), late.promise]);
		} catch (thrown) {
			log.write("error", "error.unexpected", { code: RoomError.from(thrown, "service.close_failed").code });
		} finally {
			cancel();
		}
	}
}
