/** Resolves with what `look` finds, asking every few milliseconds. A bench's timing never comes from here but from stamps. */
export async function waitFor<T>(
	look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
	what: string,
	timeoutMs = 30_000,
): Promise<T> {
	const until = performance.now() + timeoutMs;
	for (;;) {
		const found = await look();
		if (found !== null && found !== undefined && found !== false) return found;
		if (performance.now() > until) throw new Error(`waited ${timeoutMs} ms for ${what}`);
		await pause(10);
	}
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
