import fc from "fast-check";
import { onTestFailed } from "vitest";

/**
 * Samples of what may come, other ones in each run. Should the test fail, it says by which seed they were made; that seed, put into `known`, is tried
 * in every run from then on. (`fc.assert` does the same by itself: its `examples` hold what failed once.)
 */
export function seeded<T>(
	arbitrary: fc.Arbitrary<T>,
	{ of, count, known = [] }: { of: string; count: number; known?: readonly number[] },
): T[] {
	const seed = Math.floor(Math.random() * 2 ** 31);
	onTestFailed(() => void process.stderr.write(`${of}: fast-check seed ${seed}\n`));
	return [...known, seed].flatMap((one) => fc.sample(arbitrary, { seed: one, numRuns: count }));
}
