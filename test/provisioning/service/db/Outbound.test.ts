import { afterAll, beforeAll, expect, test } from "vitest";
import {
	enqueue,
	OUTBOUND_CHANNEL,
	published,
	type TakenMessage,
	take,
	unpublished,
} from "../../../../provisioning/service/db/Outbound.ts";
import { TestDatabases } from "./TestDatabase.ts";

let databases: TestDatabases;
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());

const payload = (text: string) => Buffer.from(text);
const texts = (messages: readonly TakenMessage[]) => messages.map((message) => message.payload.toString());

test("what is committed is handed out once, in order, and what is not committed never", async () => {
	const { db } = await databases.fresh();
	await db.transaction().execute((trx) =>
		enqueue(
			trx,
			["a", "b", "c"].map((text) => ({ topic: `t/${text}`, payload: payload(text) })),
		),
	);
	await expect(
		db.transaction().execute(async (trx) => {
			await enqueue(trx, [{ topic: "t/never", payload: payload("never") }]);
			throw new Error("changed its mind");
		}),
	).rejects.toThrow("changed its mind");
	const taken = await take(db, 2);
	expect(texts(taken)).toEqual(["a", "b"]);
	expect(texts(await take(db, 10))).toEqual(["c"]);
	await published(db, taken.slice(0, 1));
	await unpublished(db, taken.slice(1));
	expect(texts(await take(db, 10))).toEqual(["b"]);
});

test("many workers share it out: each message goes to one of them", async () => {
	const { db, name } = await databases.fresh();
	const other = await databases.open(name);
	const all = Array.from({ length: 500 }, (_, index) => `${index}`);
	await enqueue(
		db,
		all.map((text) => ({ topic: `t/${text}`, payload: payload(text) })),
	);
	const work = async (worker: typeof db): Promise<string[]> => {
		const mine: string[] = [];
		for (;;) {
			const taken = await take(worker, 20);
			if (taken.length === 0) return mine;
			mine.push(...texts(taken));
			await published(worker, taken);
		}
	};
	const shares = await Promise.all([work(db), work(db), work(other.db), work(other.db)]);
	expect(shares.flat().sort()).toEqual([...all].sort());
	expect(await db.selectFrom("outbound").selectAll().execute()).toEqual([]);
});

test("a retained topic's newer payload waits until the older one is out, and is not lost", async () => {
	const { db } = await databases.fresh();
	const desired = (text: string) => [{ topic: "twin/desired", retain: true, payload: payload(text) }];
	await enqueue(db, desired("1"));
	await enqueue(db, desired("2"));
	const first = await take(db, 10);
	expect(texts(first)).toEqual(["2"]);
	await enqueue(db, desired("3"));
	expect(await take(db, 10)).toEqual([]);
	await published(db, first);
	const second = await take(db, 10);
	expect(texts(second)).toEqual(["3"]);
	await published(db, second);
	expect(await take(db, 10)).toEqual([]);
});

test("of several payloads of one retained topic in one go, the last counts; plain ones are all kept", async () => {
	const { db } = await databases.fresh();
	const both = (retain: boolean) => ["1", "2"].map((text) => ({ topic: "t", retain, payload: payload(text) }));
	await enqueue(db, [...both(true), ...both(false)]);
	expect(texts(await take(db, 10)).sort()).toEqual(["1", "2", "2"]);
});

test("a worker that died loses its lease, not the message; what is out of date is thrown away", async () => {
	const { db } = await databases.fresh();
	await enqueue(db, [{ topic: "t", payload: payload("orphan") }]);
	await enqueue(db, [{ topic: "t", payload: payload("late"), expiresAt: new Date(Date.now() - 1000) }]);
	expect(texts(await take(db, 10, 0))).toEqual(["orphan"]);
	await expect.poll(async () => texts(await take(db, 10))).toEqual(["orphan"]);
	expect(await db.selectFrom("outbound").selectAll().execute()).toHaveLength(1);
});

test("what people wait for overtakes a wave", async () => {
	const { db } = await databases.fresh();
	const message = (topic: string, bulk: boolean) => ({ topic, retain: true, payload: payload(topic), bulk });
	await enqueue(db, [message("wave/1", true), message("wave/2", true)]);
	await enqueue(db, [message("single", false), message("wave/2", false)]);
	expect(texts(await take(db, 10))).toEqual(["wave/2", "single", "wave/1"]);
});

test("transactions that write and workers that publish the same topics don't lock one another up", async () => {
	const { db } = await databases.fresh();
	const topics = Array.from({ length: 30 }, (_, index) => `t/${index}`);
	let writing = true;
	const write = async (order: 1 | -1): Promise<void> => {
		for (let round = 0; round < 30; round++) {
			const messages = topics.map((topic) => ({ topic, retain: true, payload: payload(`${round}`) }));
			await db.transaction().execute((trx) => enqueue(trx, order === 1 ? messages : messages.reverse()));
		}
	};
	const work = async (): Promise<void> => {
		while (writing) await published(db, await take(db, 50));
	};
	const workers = [work(), work()];
	await Promise.all([write(1), write(-1)]);
	writing = false;
	await Promise.all(workers);
	expect(texts(await take(db, 100)).every((text) => text === "29")).toBe(true);
});

test("a worker that waits is told", async () => {
	const database = await databases.fresh();
	const heard: (string | null)[] = [];
	database.listen(OUTBOUND_CHANNEL, (text) => heard.push(text));
	await expect.poll(() => heard).toEqual([null]);
	await enqueue(database.db, [{ topic: "t", payload: payload("1") }]);
	await expect.poll(() => heard).toEqual([null, ""]);
});
