import type { Clock } from "../../device/core/clock.ts";
import { RoomError } from "../../device/core/RoomError.ts";

/** Resolves after `ms`. Error: `update.cancelled`. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const cancelled = (): void => {
			cancel();
			reject(new RoomError("update.cancelled", "cancelled"));
		};
		if (signal.aborted) {
			reject(new RoomError("update.cancelled", "cancelled"));
			return;
		}
		const cancel = clock.after(ms, () => {
			signal.removeEventListener("abort", cancelled);
			resolve();
		});
		signal.addEventListener("abort", cancelled, { once: true });
	});
}
