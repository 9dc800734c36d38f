import type { Clock } from "./clock.ts";

/** The product's clock as XState's: delays of the machine then move with the same clock as everything else. */
export function xstateClock(clock: Clock): {
	setTimeout(callback: (...args: unknown[]) => void, ms: number): unknown;
	clearTimeout(id: unknown): void;
} {
	const running = new Map<number, () => void>();
	let last = 0;
	return {
		setTimeout(callback, ms) {
			const id = ++last;
			running.set(
				id,
				clock.after(ms, () => {
					running.delete(id);
					callback();
				}),
			);
			return id;
		},
		clearTimeout(id) {
			running.get(id as number)?.();
			running.delete(id as number);
		},
	};
}
