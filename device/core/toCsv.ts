/** One column: its title, and what a row has there. */
export interface CsvColumn<T> {
	title: string;
	of: (row: T) => string;
}

/**
 * What spreadsheets take for the beginning of a formula (OWASP, CSV Injection): also the full-width forms, which some read as the plain ones.
 * With apostrophes before it, so that taking one away from such a cell always gives back what it was.
 */
const formula = /^'*[=+\-@\t\r\n＝＋－＠]/;

/**
 * RFC 4180: a line of titles, each cell in quotes, lines end with CRLF. A cell that a spreadsheet would compute gets an apostrophe before it: then
 * it is a text to it, whoever called a room so.
 */
export function toCsv<T>(rows: readonly T[], columns: readonly CsvColumn<T>[]): string {
	const cell = (text: string) => `"${(formula.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
	const line = (cells: readonly string[]) => `${cells.map(cell).join(",")}\r\n`;
	return [line(columns.map(({ title }) => title)), ...rows.map((row) => line(columns.map(({ of }) => of(row))))].join(
		"",
	);
}
