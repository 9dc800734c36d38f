import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../../..");

test("every code of the database is explained in docs/operations.md, and no other", async () => {
	const used = new Set<string>();
	for (const file of globSync("provisioning/service/db/*.ts", { cwd: root })) {
		const source = await readFile(join(root, file), "utf8");
		for (const [, code] of source.matchAll(/"((?:database|service_key)\.[a-z_]+)"/g)) used.add(code as string);
	}
	// The daemon makes its codes of its name.
	used.add("database.not_ready");
	const docs = await readFile(join(root, "docs/operations.md"), "utf8");
	const explained = new Set<string>();
	for (const [row] of docs.matchAll(/^\| `(?:database|service_key)\..*$/gm)) {
		for (const [, code] of (row.split(" | ")[0] as string).matchAll(/`([a-z_.]+)`/g)) explained.add(code as string);
	}
	expect([...explained].sort()).toEqual([...used].sort());
});
