import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { memoryOf } from "../../image/root/programs/memoryOf.ts";

let folder: string;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-groups-"));
	await mkdir(join(folder, "room.service"));
});
afterEach(() => rm(folder, { recursive: true }));

async function counted(current: string, stat: string): Promise<number | null> {
	await writeFile(join(folder, "room.service/memory.current"), current);
	await writeFile(join(folder, "room.service/memory.stat"), stat);
	return memoryOf("room.service", folder);
}

it("is what is counted for a unit, without what can be dropped", async () => {
	expect(await counted("90000000\n", "anon 60000000\nfile 30000000\ninactive_file 20000000\nactive_file 1\n")).toBe(70);
});

it("is unknown of a kernel that says something else, and of no such unit", async () => {
	expect(await counted("90000000\n", "anon 60000000\n")).toBeNull();
	expect(await counted("max\n", "inactive_file 1\n")).toBeNull();
	expect(memoryOf("other.service", folder)).toBeNull();
});
