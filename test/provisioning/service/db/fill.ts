import { readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Writes the rows of `filled/<version>.sql`, if that version has any: those of a fleet in use, as its tables were then. A version that adds tables or
 * columns has a file that fills them.
 */
export async function fill(query: (sql: string) => Promise<unknown>, version: number): Promise<void> {
	const file = join(import.meta.dirname, "filled", `${String(version).padStart(4, "0")}.sql`);
	const sql = await readFile(file, "utf8").catch(() => null);
	if (sql !== null) await query(sql);
}
