/** Lets the browser save a text under a name. */
export function saveFile(name: string, type: string, text: string): void {
	const url = URL.createObjectURL(new Blob([text], { type }));
	const link = document.createElement("a");
	link.href = url;
	link.download = name;
	link.click();
	URL.revokeObjectURL(url);
}

/** RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe before it. */
export function toCsv(titles: readonly string[], rows: readonly (readonly string[])[]): string {
	const cell = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
	return [titles, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
