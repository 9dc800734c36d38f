import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jobReasons } from "../../../provisioning/contract/jobs.ts";

const root = join(import.meta.dirname, "../../..");
/** Where a device's updates are written. */
const sources = ["provisioning/agent/**/*.ts", "image/root/programs/**/*.ts"];
/** An event's name, and a name in the agent's store. */
const others = new Set(["update.rolled_back", "update.last"]);

test("the reasons of a job are those that a device's sources say", async () => {
	const said = new Set<string>();
	for (const file of sources.flatMap((glob) => globSync(glob, { cwd: root }))) {
		const source = await readFile(join(root, file), "utf8");
		for (const [, code] of source.matchAll(/"(update\.[a-z_]+)"/g)) said.add(code as string);
	}
	expect([...said.difference(others)].sort()).toEqual([...jobReasons].sort());
});
