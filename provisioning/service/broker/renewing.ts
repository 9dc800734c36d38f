import type { Clock } from "../../../device/core/clock.ts";

/** Certificates and lists live 60 days and are made new every twenty, while who uses them runs. */
const RENEW_MS = 20 * 86_400_000;
/** The old ones live on meanwhile; but what fails for days is found out in time, and not after the second try. */
const AGAIN_MS = 3_600_000;

/**
 * Renews again and again, sooner after a failure; the returned function resolves when nothing of it is to come. `failed` is called with what a
 * try threw.
 */
export function renewing(
	clock: Clock,
	renew: () => Promise<void>,
	failed: (thrown: unknown) => void = () => {},
): () => Promise<void> {
	let stopped = false;
	let cancel: () => void;
	let running: Promise<void> = Promise.resolve();
	const after = (ms: number): void => {
		if (stopped) return;
		cancel = clock.after(ms, () => {
			running = renew().then(
				() => after(RENEW_MS),
				(thrown) => {
					failed(thrown);
					after(AGAIN_MS);
				},
			);
		});
	};
	after(RENEW_MS);
	return async () => {
		stopped = true;
		cancel();
		await running;
	};
}
