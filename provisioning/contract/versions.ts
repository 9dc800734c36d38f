/** Less than 0: `a` is older than `b`; by Semantic Versioning 2.0.0, section 11. Both as the contract's `firmwareVersion`. */
export function compareVersions(a: string, b: string): number {
	const [left, right] = [parts(a), parts(b)];
	for (const [at, number] of left.numbers.entries()) {
		const difference = number - (right.numbers[at] ?? 0);
		if (difference !== 0) return difference;
	}
	if (left.pre.length === 0 || right.pre.length === 0) return right.pre.length - left.pre.length;
	for (const [at, one] of left.pre.entries()) {
		const other = right.pre[at];
		if (other === undefined) return 1;
		const difference = compareIdentifiers(one, other);
		if (difference !== 0) return difference;
	}
	return left.pre.length - right.pre.length;
}

function parts(version: string): { numbers: number[]; pre: string[] } {
	const dash = version.indexOf("-");
	const core = dash < 0 ? version : version.slice(0, dash);
	return { numbers: core.split(".").map(Number), pre: dash < 0 ? [] : version.slice(dash + 1).split(".") };
}

function compareIdentifiers(a: string, b: string): number {
	const [left, right] = [a, b].map((text) => (/^\d+$/.test(text) ? Number(text) : null));
	if (left != null && right != null) return left - right;
	// numbers come before words
	if (left != null || right != null) return left != null ? -1 : 1;
	return a === b ? 0 : a < b ? -1 : 1;
}
