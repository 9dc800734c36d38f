/** The known word nearest to a mistyped one, null if none is near. Typing errors counted as Damerau and Levenshtein did. */
export function suggest(word: string, known: readonly string[]): string | null {
	const most = word.length <= 4 ? 1 : 2;
	const [best] = known
		.map((candidate) => ({ candidate, errors: errorsBetween(word.toLowerCase(), candidate.toLowerCase()) }))
		.filter(({ errors }) => errors <= most)
		.sort((a, b) => a.errors - b.errors);
	return best?.candidate ?? null;
}

/** Letters missing, added, replaced, or swapped with their neighbour. */
function errorsBetween(a: string, b: string): number {
	const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
	const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		rows.push(row);
		for (let j = 1; j <= b.length; j++) {
			const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
			const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
			row[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped);
		}
	}
	return at(a.length, b.length);
}
