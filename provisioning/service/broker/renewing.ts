import type { Clock } from "../../../device/core/clock.ts";

/** Certificates and lists live 60 days and are made new every twenty, while the broker runs. */
const RENEW_MS = 20 * 86_400_000;

/** Renews again and again; the returned function resolves when nothing of it is to come. A failure waits for the next time: the old ones live. */
export function renewing(clock: Clock, renew: () => Promise<void>): () => Promise<void> {
	let stopped = false;
	let cancel: () => void;
	let running: Promise<void> = Promise.resolve();
	const again = (): void => {
		cancel = clock.after(RENEW_MS, () => {
			running = renew()
				.catch(() => {})
				.then(() => {
					if (!stopped) again();
				});
		});
	};
	again();
	return async () => {
		stopped = true;
		cancel();
		await running;
	};
}
