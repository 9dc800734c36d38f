/**
 * Writes `docs/api`: the HTTP API as OpenAPI 3.1, and every payload of the bus as JSON Schema 2020-12, made from the contract. A test
 * holds the files to it, so that a change of the contract is seen as one.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openApi } from "./contract/openApi.ts";
import { payloadSchemas } from "./contract/payloadSchemas.ts";

export const docsFolder = join(import.meta.dirname, "..", "docs", "api");

/** Path under `docs/api` and text of each file. */
export function contractDocs(): Map<string, string> {
	const text = (value: object) => `${JSON.stringify(value, null, "\t")}\n`;
	const files = new Map([["openapi.json", text(openApi())]]);
	for (const [name, schema] of Object.entries(payloadSchemas())) files.set(`schemas/${name}.json`, text(schema));
	return files;
}

/** What is there, generated or not any longer. */
export const writtenDocs = (): string[] =>
	readdirSync(docsFolder, { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".json"))
		.sort();

if (import.meta.main) {
	const files = contractDocs();
	mkdirSync(docsFolder, { recursive: true });
	for (const name of writtenDocs()) if (!files.has(name)) rmSync(join(docsFolder, name));
	for (const [name, content] of files) {
		const path = join(docsFolder, name);
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, content);
	}
	console.error(`docs/api: ${files.size} files`);
}
