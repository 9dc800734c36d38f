import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IClientOptions } from "mqtt";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { BrokerUsers } from "./BrokerUsers.ts";

let users: BrokerUsers;
let data: string;
beforeAll(async () => {
	data = await mkdtemp(join(tmpdir(), "incamera-broker-data-"));
	users = await BrokerUsers.start({ dataFolder: join(data, "broker") });
});
afterEach(() => users.leave());
afterAll(async () => {
	await users?.close();
	await rm(data, { recursive: true, force: true });
});

/** What is retained for a device. */
async function desired(id: string): Promise<string> {
	const device = await users.device(id);
	const heard = new Promise<string>((resolve) => device.once("message", (_topic, payload) => resolve(String(payload))));
	await device.subscribeAsync(topics.twinDesired(id), { qos: 1 });
	// Retained messages come before what is said now.
	const worker = await users.worker(2);
	await worker.publishAsync(topics.twinDesired(id), "nothing", { qos: 1 });
	return heard;
}
const retain = async (id: string, doc: string) => {
	const worker = await users.worker(1);
	await worker.publishAsync(topics.twinDesired(id), doc, { qos: 1, retain: true });
};
test("a twin is there after a restart, and the folder is for nobody else", async () => {
	await retain("room-berlin", "twin");
	await users.restart({ dataFolder: join(data, "broker") });
	expect(await desired("room-berlin")).toBe("twin");
	expect((await stat(join(data, "broker"))).mode & 0o077).toBe(0);
});

test("a broker that is killed comes back with what it had saved", async () => {
	await retain("room-munich", "saved");
	await users.restart({ dataFolder: join(data, "broker") });
	await retain("room-munich", "not saved yet");
	const { pid } = users.broker;
	process.kill(pid as number, "SIGKILL");
	await expect.poll(() => users.broker.pid).not.toBe(pid);
	await expect
		.poll(async () => {
			try {
				return await desired("room-munich");
			} catch {
				return null;
			}
		})
		// Whoever owns a retained message says it again when the line is back.
		.toBe("saved");
});

test("without a folder nothing is kept", async () => {
	await retain("room-berlin", "twin");
	await users.restart({});
	expect(await desired("room-berlin")).toBe("nothing");
	await users.restart({ dataFolder: join(data, "broker") });
});

/** A session that waits. */
const waiting = (seconds: number): IClientOptions => ({
	clean: false,
	properties: { sessionExpiryInterval: seconds },
});
const say = async (text: string) => {
	const device = await users.device("room-berlin");
	await device.publishAsync(topics.event("room-berlin", "trouble"), text, { qos: 1 });
	await device.endAsync(true);
};

test.each([60, 0xffffffff])(
	"a worker that is away for a session of %d s misses nothing, over new lists and a restart",
	async (seconds) => {
		const worker = await users.worker(3, waiting(seconds));
		await worker.subscribeAsync("ic/1/d/+/ev/+", { qos: 1 });
		await worker.endAsync(true);
		await say("one");
		for (let round = 0; round < 3; round++) await users.broker.publishRevocations();
		await say("two");
		await users.restart({ dataFolder: join(data, "broker") });
		for (let round = 0; round < 3; round++) await users.broker.publishRevocations();
		await say("three");
		const { pid } = users.broker;
		const heard: string[] = [];
		const back = await users.worker(3, {
			...waiting(0),
			attach: (client) => client.on("message", (_topic, payload) => heard.push(String(payload))),
		});
		await expect.poll(() => heard).toEqual(["one", "two", "three"]);
		await back.endAsync(true);
		expect(users.broker.pid).toBe(pid);
	},
);

test("workers that come and go while lists are published do not bring the broker down", async () => {
	const { pid } = users.broker;
	const stays = await users.device("room-stays");
	let lost = 0;
	stays.on("close", () => lost++);
	for (let round = 0; round < 3; round++) {
		for (const number of [4, 5, 6]) await (await users.worker(number, waiting(1))).endAsync(true);
		await users.broker.publishRevocations();
		await users.broker.publishRevocations();
		await (await users.worker(4, waiting(1))).endAsync(true);
		await (await users.worker(5)).endAsync(true);
	}
	// Past the sessions' end, by the broker's own clock, which looks every second.
	const end = Date.now() + 4000;
	await expect
		.poll(
			async () => {
				await stays.publishAsync(topics.presence("room-stays"), "x", { qos: 1 });
				return Date.now() > end;
			},
			{ interval: 250 },
		)
		.toBe(true);
	expect([users.broker.pid, lost]).toEqual([pid, 0]);
});

test("what it keeps on disk is what it was told, and no more: no address, no certificate", async () => {
	await retain("room-berlin", "a document to be found");
	await users.restart({ dataFolder: join(data, "broker") });
	const kept = await readFile(join(data, "broker", "mosquitto.db"));
	expect(kept.includes("a document to be found")).toBe(true);
	for (const word of ["127.0.0.1", "BEGIN", "InCamera fleet CA"]) expect(kept.includes(word)).toBe(false);
});
