import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { failureOf, type SaveSupportOptions, saveSupport } from "../../image/root/programs/saveSupport.ts";
import { collectSupport } from "../../provisioning/cli/support/collectSupport.ts";
import { supportOutcome } from "../../provisioning/contract/supportSaved.ts";

const now = Date.UTC(2026, 10, 23, 8, 57, 2);
const file = "incamera-support-20261123-085702.json";
let sticks: string;
let stick: string;
let told: unknown[];
/** What was mounted how, in order. */
let mounts: string[];
beforeEach(() => {
	sticks = mkdtempSync(join(tmpdir(), "incamera-sticks-"));
	stick = join(sticks, "sdb1");
	mkdirSync(stick);
	mkdirSync(join(sticks, "sda1"));
	told = [];
	mounts = [];
});
afterEach(() => rmSync(sticks, { recursive: true, force: true }));

const save = (change: Partial<SaveSupportOptions> = {}) =>
	saveSupport({
		sticks,
		now,
		collect: () => collectSupport({ root: join(sticks, "nothing"), path: "", now }),
		mounted: async (folder) => folder === stick && existsSync(stick),
		remount: async (folder, mode) => void mounts.push(`${mode} ${folder}`),
		tell: (outcome) => {
			const wish = "abcdefghijklmnopqrstuv";
			const { wish: _, ...said } = supportOutcome.parse({ wish, ...outcome });
			told.push(said);
		},
		...change,
	});
const states = () => told.map((said) => (said as { state: string }).state);

describe("a support bundle", () => {
	it("is one new file on the stick that is there, which is read-only before and after", async () => {
		expect(await save()).toBe("done");
		expect(told.at(-1)).toEqual({ state: "done", file, code: null });
		expect(states()).toEqual(["collecting", "writing", "done"]);
		expect(mounts).toEqual([`rw ${stick}`, `ro ${stick}`]);
		expect(readdirSync(stick)).toEqual([file]);
		expect(JSON.parse(readFileSync(join(stick, file), "utf8"))).toMatchObject({
			v: 1,
			made: "2026-11-23T08:57:02.000Z",
		});
	});

	it("is not written where there is no stick", async () => {
		expect(await save({ mounted: async () => false })).toBe("support.no_stick");
		expect(mounts).toEqual([]);
	});

	it("leaves a file alone that is there already", async () => {
		writeFileSync(join(stick, file), "mine");
		expect(await save()).toBe("support.failed");
		expect(readFileSync(join(stick, file), "utf8")).toBe("mine");
		expect(mounts).toEqual([`rw ${stick}`, `ro ${stick}`]);
	});

	it("says whether a stick can't be written to or is gone", async () => {
		const refuses = async () => Promise.reject(new Error("mount: not permitted"));
		expect(await save({ remount: refuses })).toBe("support.stick_read_only");
		const pulled = async () => {
			rmSync(stick, { recursive: true });
			return refuses();
		};
		expect(await save({ remount: pulled })).toBe("support.stick_gone");
		mkdirSync(stick);
		// mounted otherwise, and pulled out then
		expect(await save({ remount: async () => rmSync(stick, { recursive: true, force: true }) })).toBe(
			"support.stick_gone",
		);
	});

	it("says of a failure to collect that it failed, and does not touch the stick", async () => {
		expect(await save({ collect: () => Promise.reject(new Error("out of memory")) })).toBe("support.failed");
		expect(mounts).toEqual([]);
	});

	it("knows by the system's own word that a stick is full", async () => {
		await using full = await open("/dev/full", "w");
		const error = await full.writeFile("x").catch((thrown: NodeJS.ErrnoException) => thrown);
		expect(failureOf((error as NodeJS.ErrnoException).code)).toBe("support.stick_full");
	});
});
