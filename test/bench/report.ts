/** The form of every bench of this project: a row a metric, medians, the peer measured in the same run, in turn. */
export interface Row {
	bench: string;
	metric: string;
	unit: string;
	/** Our median. */
	ours: number;
	/** The peer's median in the same run; null where there is none. */
	peer: number | null;
	/** ours / peer. */
	ratio: number | null;
	/** As the issue gives it: `≤ 1.0`, `≤ 300 ms`, … */
	target: string;
	pass: boolean;
	n: number;
}

export function median(values: number[]): number {
	if (values.length === 0) return Number.NaN;
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	const upper = sorted[middle] as number;
	return sorted.length % 2 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The p-th percentile (0–100), nearest rank. */
export function percentile(values: number[], p: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((p / 100) * sorted.length) - 1))] ?? Number.NaN;
}

const round = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(4)) : value);

/** A metric held against a peer: passes when the ratio of the medians is at most `most`. */
export function against(
	name: { bench: string; metric: string; unit: string },
	ours: number[],
	peer: number[],
	most: number,
): Row {
	const [a, b] = [median(ours), median(peer)];
	const ratio = a / b;
	return {
		...name,
		ours: round(a),
		peer: round(b),
		ratio: round(ratio),
		target: `ratio ≤ ${most.toFixed(2)}`,
		pass: ratio <= most,
		n: Math.min(ours.length, peer.length),
	};
}

/** A metric with an absolute target, `value` being already the figure to report. */
export function atMost(
	name: { bench: string; metric: string; unit: string },
	value: number,
	most: number,
	n: number,
): Row {
	return {
		...name,
		ours: round(value),
		peer: null,
		ratio: null,
		target: `≤ ${most} ${name.unit}`,
		pass: value <= most,
		n,
	};
}

/** The same, for what can't be too much. */
export function atLeast(
	name: { bench: string; metric: string; unit: string },
	value: number,
	least: number,
	n: number,
): Row {
	return { ...atMost(name, value, least, n), target: `≥ ${least} ${name.unit}`, pass: value >= least };
}

export function table(rows: Row[]): string {
	const head = ["bench", "metric", "ours", "peer", "ratio", "target", "", "n"];
	const cells = rows.map((row) => [
		row.bench,
		row.metric,
		`${row.ours} ${row.unit}`,
		row.peer === null ? "–" : `${row.peer} ${row.unit}`,
		row.ratio === null ? "–" : row.ratio.toFixed(2),
		row.target,
		row.pass ? "pass" : "FAIL",
		String(row.n),
	]);
	const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => (row[i] as string).length)));
	const line = (row: string[]) =>
		row
			.map((cell, i) => cell.padEnd(widths[i] as number))
			.join("  ")
			.trimEnd();
	return [line(head), ...cells.map(line)].join("\n");
}
