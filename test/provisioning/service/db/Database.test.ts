import { afterAll, beforeAll, expect, test } from "vitest";
import { TestDatabases } from "./TestDatabase.ts";

let databases: TestDatabases;
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());

test("a fresh database has the tables, by the service's role", async () => {
	const { db } = await databases.fresh();
	expect(await db.selectFrom("devices").selectAll().execute()).toEqual([]);
});
