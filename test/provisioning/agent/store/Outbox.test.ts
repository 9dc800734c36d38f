import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod/mini";
import type { Log } from "../../../../device/core/log.ts";
import { AgentStore } from "../../../../provisioning/agent/store/AgentStore.ts";
import { Outbox } from "../../../../provisioning/agent/store/Outbox.ts";

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
const mids = (outbox: Outbox, except = none) => outbox.oldest(10_000, except).map(({ mid }) => Number(mid));

describe("the outbox", () => {
	test("is any queue that forgets nothing but what was acknowledged, over restarts too", () => {
		const step = fc.oneof(
			fc.constant("add" as const),
			fc.constant("done" as const),
			fc.constant("restart" as const),
			fc.constant("done twice" as const),
		);
		fc.assert(
			fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
				let { store, outbox } = start();
				store.wipe();
				let model: number[] = [];
				let next = 0;
				for (const one of steps) {
					if (one === "add") {
						model.push(++next);
						expect(outbox.add(row(next))).toBe(true);
					} else if (one === "restart") {
						store.close();
						({ store, outbox } = start());
					} else {
						const [first] = model;
						if (first !== undefined) outbox.done(row(first).mid);
						if (one === "done twice") outbox.done(row(first ?? 0).mid);
						model = model.slice(1);
					}
					expect(mids(outbox)).toEqual(model);
					expect(outbox.size).toBe(model.length);
				}
				store.close();
			}),
			{ numRuns: 60 },
		);
	});

	test("gives the oldest that are not under way", () => {
		const { outbox } = start();
		for (let n = 1; n <= 5; n++) outbox.add(row(n));
		expect(mids(outbox, new Set([row(1).mid, row(3).mid]))).toEqual([2, 4, 5]);
		expect(outbox.oldest(1, new Set([row(1).mid])).map(({ mid }) => mid)).toEqual([row(2).mid]);
		expect(outbox.oldest(0, none)).toEqual([]);
		expect(outbox.oldest(1, none)[0]?.payload).toEqual(row(1).payload);
	});

	test("is bounded: the oldest go first, and are counted", () => {
		const { store, outbox } = start();
		store.transaction(() => {
			const insert = store.prepare("INSERT INTO outbox (mid, topic, payload) VALUES (?, ?, ?)");
			for (let n = 1; n <= 2000; n++) insert.run(row(n).mid, row(n).topic, row(n).payload);
		});
		outbox.add(row(2001));
		outbox.add(row(2002));
		expect(outbox.size).toBe(2000);
		expect(outbox.dropped).toBe(2);
		expect(mids(outbox)[0]).toBe(3);
		expect(mids(outbox).at(-1)).toBe(2002);
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
		// acknowledged, they go, wherever they were
		outbox.done(row(1).mid);
		outbox.done(row(full).mid);
		expect(mids(outbox)).not.toContain(1);
		expect(mids(outbox)).not.toContain(full);
		store.limit(100_000_000);
		expect(outbox.add(row(++n, 2000))).toBe(true);
		expect(logged.filter((line) => line.includes('"state":"well"')).length).toBeGreaterThan(0);
		for (const mid of mids(outbox)) outbox.done(row(mid).mid);
		expect(outbox.size).toBe(0);
	});

	test("for long loses the oldest of what is in memory, and counts it", () => {
		const { store, outbox } = start();
		store.limit(1);
		let n = 0;
		while (outbox.add(row(++n, 3000)));
		const stored = n - 1;
		for (let more = 0; more < 300; more++) outbox.add(row(++n, 3000));
		expect(outbox.dropped).toBe(n - stored - 200);
		expect(mids(outbox).slice(0, stored)).toEqual(Array.from({ length: stored }, (_, at) => at + 1));
		expect(mids(outbox).at(-1)).toBe(n);
	});

	test("that does not even let go forgets nothing that was acknowledged", () => {
		const { store, outbox } = start();
		for (let n = 1; n <= 3; n++) outbox.add(row(n));
		const { prepare } = store;
		store.prepare = (sql) => {
			if (sql.startsWith("DELETE")) throw new Error("disk full");
			return prepare.call(store, sql);
		};
		outbox.done(row(1).mid);
		expect(mids(outbox)).toEqual([2, 3]);
		store.prepare = prepare;
		outbox.done(row(2).mid);
		expect(mids(outbox)).toEqual([3]);
		store.close();
		expect(mids(start().outbox)).toEqual([3]);
	});
});

describe("the file", () => {
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
		store.wipe();
		outbox.clear();
		expect(outbox.size).toBe(0);
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
