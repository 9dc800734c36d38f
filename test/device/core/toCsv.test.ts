import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toCsv } from "../../../device/core/toCsv.ts";
import { TestDatabases } from "../../provisioning/service/db/TestDatabase.ts";
import { CsvReader } from "../../sim/CsvReader.ts";

let databases: TestDatabases;
let reader: CsvReader;
beforeAll(async () => {
	databases = await TestDatabases.start();
	reader = await CsvReader.connect(databases.postgres.adminUrl);
});
afterAll(async () => {
	await reader?.close();
	await databases?.close();
});

/** Begins as no cell of ours may. */
const computed = /^[=+\-@\t\r\n＝＋－＠]/;
/** What a cell was before it was made harmless. */
const taken = (cell: string) => (/^'+[=+\-@\t\r\n＝＋－＠]/.test(cell) ? cell.slice(1) : cell);
const columns = (count: number) =>
	Array.from({ length: count }, (_, index) => ({
		title: `c${index}`,
		of: (row: readonly string[]) => row[index] ?? "",
	}));

describe("a table as CSV", () => {
	test("is read back by somebody else, cell by cell", async () => {
		const nasty = fc.constantFrom(
			"=1+1",
			"+49 30 1",
			"-2",
			"@SUM(A1)",
			"\t=1",
			"\r=1",
			"\n",
			"＝1",
			"'=1",
			"'s-Gravenhage",
			'say "x"',
			'"',
			"a,b;c",
			"a\r\nb",
			"",
			" ",
			"\\.",
			"\\N",
			"Neiße 😀",
			"\uFEFFx",
		);
		// PostgreSQL has no text with U+0000
		const cell = fc.oneof(
			nasty,
			fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "").toWellFormed()),
		);
		const table = fc
			.integer({ min: 1, max: 5 })
			.chain((width) =>
				fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
			);
		await fc.assert(
			fc.asyncProperty(table, async (rows) => {
				const width = rows[0]!.length;
				const [titles, ...read] = await reader.read(toCsv(rows, columns(width)), width);
				expect(titles).toEqual(columns(width).map(({ title }) => title));
				for (const line of read) for (const cell of line) expect(cell).not.toMatch(computed);
				expect(read.map((line) => line.map(taken))).toEqual(rows);
			}),
		);
	});

	test("leaves alone what no spreadsheet computes, and takes no more than one apostrophe for what it does", () => {
		expect(toCsv([["=1"], ["'=1"], ["'s-Gravenhage"], ["a=b"]], columns(1))).toBe(
			'"c0"\r\n"\'=1"\r\n"\'\'=1"\r\n"\'s-Gravenhage"\r\n"a=b"\r\n',
		);
	});

	test("without rows is its titles", () => {
		expect(toCsv([], columns(2))).toBe('"c0","c1"\r\n');
	});
});

test("the reader is a strict one: what is not CSV is refused", async () => {
	await expect(reader.read('"a"b","c\r\n', 2)).rejects.toThrow();
	await expect(reader.read('"a","b","c"\r\n', 2)).rejects.toThrow(/extra data/);
});
