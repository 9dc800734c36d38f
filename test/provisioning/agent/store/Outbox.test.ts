import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod/mini";
import type { Log } from "../../../../device/core/log.ts";
import { AgentStore } from "../../../../provisioning/agent/store/AgentStore.ts";
import { KEPT_MINUTES, Outbox } from "../../../../provisioning/agent/store/Outbox.ts";
import { BROKER_SAVE_SECONDS } from "../../../../provisioning/contract/envelope.ts";

let folder: string;
let path: string;
let logged: string[];
const open: AgentStore[] = [];
const log: Log = { write: (_level, event, fields) => logged.push(JSON.stringify({ event, ...fields })) };
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-outbox-"));
	path = join(folder, "agent.db");
	logged = [];
});
afterEach(async () => {
	for (const store of open.splice(0)) store.close();
	await rm(folder, { recursive: true, force: true });
});

/** The agent starts: what is on the disk is what there is. */
function start(): { store: AgentStore; outbox: Outbox } {
	const store = new AgentStore(path, log);
	open.push(store);
	return { store, outbox: new Outbox(store, log) };
}
const row = (n: number, bytes = 10) => ({
	mid: String(n).padStart(22, "0"),
	topic: "ic/1/d/dev-00000001/ev/trouble",
	payload: new Uint8Array(bytes).fill(n),
});
const none = new Set<string>();
/** Those that were not told yet. */
const mids = (outbox: Outbox, except = none) => outbox.oldest(10_000, except).map(({ mid }) => Number(mid));
const again = (outbox: Outbox) => outbox.again().map(Number);

describe("the outbox", () => {
	test("is any queue that keeps what was told for a while, and forgets nothing else, over restarts too", () => {
		const step = fc.oneof(
			{ weight: 3, arbitrary: fc.constant("add" as const) },
			{ weight: 3, arbitrary: fc.constant("told" as const) },
			fc.constantFrom("told again", "refused", "refused when told again", "restart"),
			// minutes of an open line
			fc.integer({ min: 1, max: KEPT_MINUTES + 1 }),
		);
		fc.assert(
			fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
				let { store, outbox } = start();
				store.wipe();
				/** `told`: minutes since then, null: not yet. */
				let model: { n: number; told: number | null }[] = [];
				let next = 0;
				for (const one of steps) {
					const first = model.find(({ told }) => (told === null) === (one === "told" || one === "refused"));
					if (one === "add") {
						model.push({ n: ++next, told: null });
						expect(outbox.add(row(next))).toBe(true);
					} else if (one === "restart") {
						store.close();
						({ store, outbox } = start());
					} else if (typeof one === "number") {
						for (let minute = 0; minute < one; minute++) outbox.minute();
						model = model
							.map(({ n, told }) => ({ n, told: told === null ? null : told + one }))
							.filter(({ told }) => (told ?? 0) <= KEPT_MINUTES);
					} else if (one === "told" || one === "told again") {
						outbox.told(row(first?.n ?? 0).mid);
						if (first) first.told ??= 0;
					} else {
						outbox.refused(row(first?.n ?? 0).mid);
						model = model.filter((kept) => kept !== first);
					}
					const told = (was: boolean) => model.filter((kept) => (kept.told !== null) === was).map(({ n }) => n);
					expect(mids(outbox)).toEqual(told(false));
					expect(outbox.size).toBe(told(false).length);
					expect(again(outbox)).toEqual(told(true));
				}
				store.close();
			}),
			{ numRuns: 60 },
		);
	});

	test("keeps what was told for longer than two brokers need to save it, whatever the clock says", () => {
		let { store, outbox } = start();
		outbox.add(row(1));
		outbox.told(row(1).mid);
		// each is killed just before, and the next connection is a begun minute too
		for (let minute = 0; minute < (2 * BROKER_SAVE_SECONDS) / 60 + 2; minute++) outbox.minute();
		store.close();
		({ store, outbox } = start());
		expect(again(outbox)).toEqual([1]);
		expect(outbox.row(row(1).mid)).toEqual(row(1));
		for (let minute = 0; minute < KEPT_MINUTES; minute++) outbox.minute();
		expect(again(outbox)).toEqual([]);
		expect(outbox.row(row(1).mid)).toBeNull();
		expect(store.prepare("SELECT count(*) AS count FROM outbox").get()).toEqual({ count: 0 });
		expect(outbox.dropped).toBe(0);
	});

	test("gives the oldest that are not under way", () => {
		const { outbox } = start();
		for (let n = 1; n <= 5; n++) outbox.add(row(n));
		expect(mids(outbox, new Set([row(1).mid, row(3).mid]))).toEqual([2, 4, 5]);
		expect(outbox.oldest(1, new Set([row(1).mid])).map(({ mid }) => mid)).toEqual([row(2).mid]);
		expect(outbox.oldest(0, none)).toEqual([]);
		expect(outbox.oldest(1, none)[0]?.payload).toEqual(row(1).payload);
	});

	test("is bounded: what was told goes first; then the oldest, and those are counted", () => {
		const { store, outbox } = start();
		store.transaction(() => {
			const insert = store.prepare("INSERT INTO outbox (mid, topic, payload) VALUES (?, ?, ?)");
			for (let n = 1; n <= 2000; n++) insert.run(row(n).mid, row(n).topic, row(n).payload);
		});
		for (const n of [5, 6, 1000]) outbox.told(row(n).mid);
		outbox.add(row(2001));
		expect(again(outbox)).toEqual([6, 1000]);
		outbox.add(row(2002));
		outbox.add(row(2003));
		expect(again(outbox)).toEqual([]);
		expect(outbox.size).toBe(2000);
		expect(outbox.dropped).toBe(0);
		outbox.add(row(2004));
		outbox.add(row(2005));
		expect(outbox.size).toBe(2000);
		expect(outbox.dropped).toBe(2);
		expect(mids(outbox)[0]).toBe(3);
		expect(mids(outbox).at(-1)).toBe(2005);
		expect(logged.at(-1)).toContain('"dropped":2');
	});

	test("takes in what goes with a message, or neither", () => {
		const { store, outbox } = start();
		const number = z.number();
		expect(outbox.add(row(1), () => store.set("job", 1))).toBe(true);
		const broken = () => {
			store.set("job", 2);
			throw new Error("no");
		};
		expect(outbox.add(row(2), broken)).toBe(false);
		expect(store.get("job", number)).toBe(1);
		store.close();
		const again = start();
		expect(mids(again.outbox)).toEqual([1]);
		expect(again.store.get("job", number)).toBe(1);
	});
});

describe("a full disk", () => {
	test("costs nothing as long as the agent runs, and is told when it begins and when it is over", () => {
		const { store, outbox } = start();
		outbox.add(row(1));
		store.limit(1);
		let n = 1;
		while (outbox.add(row(++n, 2000)));
		const full = n;
		for (; n < full + 5; ) expect(outbox.add(row(++n, 2000))).toBe(false);
		expect(mids(outbox)).toEqual(Array.from({ length: n }, (_, at) => at + 1));
		expect(logged.filter((line) => line.includes("outbox.disk"))).toHaveLength(1);
		// told, they are told again when there is another line, wherever they were
		outbox.told(row(1).mid);
		outbox.told(row(full).mid);
		expect(mids(outbox)).not.toContain(1);
		expect(mids(outbox)).not.toContain(full);
		expect(again(outbox)).toEqual([1, full]);
		expect(outbox.row(row(full).mid)).toEqual(row(full, 2000));
		store.limit(100_000_000);
		expect(outbox.add(row(++n, 2000))).toBe(true);
		expect(logged.filter((line) => line.includes('"state":"well"')).length).toBeGreaterThan(0);
		for (const mid of mids(outbox)) outbox.told(row(mid).mid);
		expect(outbox.size).toBe(0);
		expect(again(outbox)).toHaveLength(n);
		for (let minute = 0; minute <= KEPT_MINUTES; minute++) outbox.minute();
		expect(again(outbox)).toEqual([]);
	});

	test("for long loses of what is in memory what was told, then the oldest, and counts that", () => {
		const { store, outbox } = start();
		store.limit(1);
		let n = 0;
		while (outbox.add(row(++n, 3000)));
		const stored = n - 1;
		for (let more = 0; more < 300; more++) outbox.add(row(++n, 3000));
		expect(outbox.dropped).toBe(n - stored - 200);
		expect(mids(outbox).slice(0, stored)).toEqual(Array.from({ length: stored }, (_, at) => at + 1));
		expect(mids(outbox).at(-1)).toBe(n);
		const { dropped } = outbox;
		outbox.told(row(n - 1).mid);
		outbox.add(row(++n, 3000));
		expect(outbox.dropped).toBe(dropped);
		expect(again(outbox)).toEqual([]);
		outbox.add(row(++n, 3000));
		expect(outbox.dropped).toBe(dropped + 1);
	});

	test("that does not even take what became of a row forgets nothing of it", () => {
		const { store, outbox } = start();
		for (let n = 1; n <= 5; n++) outbox.add(row(n));
		const { prepare } = store;
		store.prepare = (sql) => {
			if (/^(UPDATE|DELETE)/.test(sql)) throw new Error("disk full");
			return prepare.call(store, sql);
		};
		outbox.told(row(1).mid);
		outbox.told(row(2).mid);
		outbox.refused(row(2).mid);
		outbox.refused(row(3).mid);
		expect(mids(outbox)).toEqual([4, 5]);
		expect(again(outbox)).toEqual([1]);
		expect(outbox.row(row(3).mid)).toBeNull();
		store.prepare = prepare;
		outbox.told(row(4).mid);
		expect(mids(outbox)).toEqual([5]);
		store.close();
		const { outbox: later } = start();
		expect(mids(later)).toEqual([5]);
		expect(again(later)).toEqual([1, 4]);
	});
});

describe("the file", () => {
	test("of the first form goes on with all that it holds", () => {
		const old = new DatabaseSync(path);
		old.exec(`
			CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
			CREATE TABLE outbox (
				seq INTEGER PRIMARY KEY AUTOINCREMENT, mid TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, payload BLOB NOT NULL
			) STRICT;
			CREATE TABLE commands (mid TEXT PRIMARY KEY) STRICT;
			INSERT INTO kept VALUES ('job.seq', '7');
			PRAGMA user_version = 1`);
		const insert = old.prepare("INSERT INTO outbox (mid, topic, payload) VALUES (?, ?, ?)");
		for (const n of [1, 2]) insert.run(row(n).mid, row(n).topic, row(n).payload);
		old.close();
		const { store, outbox } = start();
		expect(store.get("job.seq", z.number())).toBe(7);
		expect(mids(outbox)).toEqual([1, 2]);
		outbox.told(row(1).mid);
		store.close();
		const { outbox: later } = start();
		expect(mids(later)).toEqual([2]);
		expect(again(later)).toEqual([1]);
	});

	test("that is damaged is begun anew", async () => {
		await writeFile(path, "this is no database, it only has its name and is long enough to be looked at".repeat(100));
		const { outbox } = start();
		expect(outbox.add(row(1))).toBe(true);
		expect(logged.join()).toContain("store.damaged");
	});

	test("holds nothing after it was wiped", async () => {
		const { store, outbox } = start();
		outbox.add({ ...row(1), payload: new TextEncoder().encode("a secret of this fleet") });
		store.set("twin.applied", { name: "a room of this fleet" });
		outbox.told(row(1).mid);
		store.wipe();
		outbox.clear();
		expect(outbox.size).toBe(0);
		expect(again(outbox)).toEqual([]);
		store.close();
		const { readdir, readFile } = await import("node:fs/promises");
		for (const name of await readdir(folder)) {
			expect(String(await readFile(join(folder, name)))).not.toMatch(/of this fleet/);
		}
	});

	test("gives what it was given, if it still has the form", () => {
		const { store } = start();
		expect(store.get("nothing", z.string())).toBeNull();
		store.set("text", "x");
		expect(store.get("text", z.string())).toBe("x");
		expect(store.get("text", z.number())).toBeNull();
		store.delete("text");
		expect(store.get("text", z.string())).toBeNull();
	});
});
