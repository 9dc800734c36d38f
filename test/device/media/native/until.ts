import { setTimeout as wait } from "node:timers/promises";

/** Waits for a condition; fails with its name. The limit is for a hung test, not a measurement. */
export async function until(condition: () => boolean, what: string, limitMs = 20_000): Promise<void> {
	const end = Date.now() + limitMs;
	while (!condition()) {
		if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
		await wait(10);
	}
}
