import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { KNOWN_KEY_DAYS, KnownKeys } from "../../../device/privacy/KnownKeys.ts";

const day = 86_400_000;
const key = (n: number) => new Uint8Array(32).fill(n);

describe("KnownKeys", () => {
	let folder: string;
	let path: string;
	const clock = new ManualClock(1000 * day);
	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "incamera-keys-"));
		path = join(folder, "state", "known-keys.json");
	});
	afterEach(() => rm(folder, { recursive: true }));

	it("remembers across a restart, in a file that only the owner reads and that holds no key", async () => {
		expect(await new KnownKeys({ path, clock }).meet(key(7))).toBe("new");
		expect(await new KnownKeys({ path, clock }).meet(key(7))).toBe("same");
		expect(await new KnownKeys({ path, clock }).meet(key(8))).toBe("new");
		expect((await stat(path)).mode & 0o777).toBe(0o600);
		expect(await readFile(path, "utf8")).not.toContain("07".repeat(32));
	});

	it("forgets a key that was not met for the retention time", async () => {
		const later = new ManualClock(1000 * day);
		const keys = new KnownKeys({ path, clock: later });
		await keys.meet(key(1));
		later.advance(KNOWN_KEY_DAYS * day);
		expect(await keys.meet(key(1))).toBe("same");
		later.advance((KNOWN_KEY_DAYS + 1) * day);
		await keys.meet(key(2));
		expect(Object.keys(JSON.parse(await readFile(path, "utf8")).keys)).toHaveLength(1);
		expect(await keys.meet(key(1))).toBe("new");
	});

	it("keeps at most 500", async () => {
		const keys = new KnownKeys({ path, clock });
		for (let i = 0; i < 510; i++) await keys.meet(new Uint8Array([i >> 8, i & 255]));
		expect(Object.keys(JSON.parse(await readFile(path, "utf8")).keys)).toHaveLength(500);
	});

	it.each(["", "{", '{"v":2}', '{"v":1,"salt":"x","keys":{}}', "null"])(
		"begins anew on a damaged file: %j",
		async (text) => {
			await new KnownKeys({ path, clock }).meet(key(1));
			await writeFile(path, text);
			expect(await new KnownKeys({ path, clock }).meet(key(1))).toBe("new");
		},
	);

	it("deletes everything on request", async () => {
		const keys = new KnownKeys({ path, clock });
		await keys.meet(key(1));
		await keys.forget();
		expect(await keys.meet(key(1))).toBe("new");
	});
});
