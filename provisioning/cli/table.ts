/** One column of a table for people. */
export interface Column<T> {
	title: string;
	of: (row: T) => string;
	/** Numbers stand under each other. */
	right?: boolean;
}

const segmenter = new Intl.Segmenter();
/** Columns of a terminal that a text takes, for the alphabets that we write. */
const width = (text: string): number => [...segmenter.segment(text)].length;
/** What a device or a person called something must not move the terminal's cursor. */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, "�");

/** Aligned by spaces, with a line of titles; the last column is not padded. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
	const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ of }) => printable(of(row))))];
	const widths = columns.map((_, i) => Math.max(...cells.map((row) => width(row[i] ?? ""))));
	const lines = cells.map((row) =>
		row
			.map((cell, i) => {
				const space = " ".repeat((widths[i] ?? 0) - width(cell));
				if (columns[i]?.right) return space + cell;
				return i === row.length - 1 ? cell : cell + space;
			})
			.join("  ")
			.trimEnd(),
	);
	return `${lines.join("\n")}\n`;
}

/** `name: value` lines, the values under each other. */
export function facts(pairs: readonly (readonly [name: string, value: string])[]): string {
	const most = Math.max(...pairs.map(([name]) => width(name)));
	return pairs.map(([name, value]) => `${name}${" ".repeat(most - width(name))}  ${printable(value)}\n`).join("");
}
