import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { ManualClock, systemClock } from "../../../../device/core/clock.ts";
import { type Log, silentLog } from "../../../../device/core/log.ts";
import { Refusals } from "../../../../provisioning/agent/Refusals.ts";
import { AgentStore } from "../../../../provisioning/agent/store/AgentStore.ts";
import { KEPT_MINUTES, Outbox } from "../../../../provisioning/agent/store/Outbox.ts";
import { OutboxSender } from "../../../../provisioning/agent/store/OutboxSender.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { BrokerLine } from "../../../../provisioning/line/BrokerLine.ts";
import { HostileBroker } from "../../../sim/broker/HostileBroker.ts";
import { BrokerUsers } from "../../service/broker/BrokerUsers.ts";

const self = "dev-00000001";
let users: BrokerUsers;
let store: AgentStore;
let outbox: Outbox;
let sender: OutboxSender;
let line: BrokerLine;
let url: string;
let clock: ManualClock;
/** What a worker of the fleet heard, in order. */
let heard: number[];
let logged: string[];
beforeAll(async () => {
	users = await BrokerUsers.start();
});
afterAll(() => users?.close());
beforeEach(async () => {
	heard = [];
	logged = [];
	clock = new ManualClock();
	url = users.broker.url;
	store = new AgentStore(":memory:", silentLog);
	outbox = new Outbox(store, silentLog);
	const { key, chain } = await users.ca.issueDevice(self);
	line = new BrokerLine({
		target: () => ({
			url,
			clientId: self,
			tls: { key, certificate: chain, ca: users.ca.certificate },
		}),
		clock: systemClock,
		log: silentLog,
		random: () => 0.1,
	});
	const log: Log = { write: (_level, event, fields) => logged.push(JSON.stringify({ event, ...fields })) };
	sender = new OutboxSender({ outbox, line, self, clock, refusals: new Refusals({ log, clock }) });
	line.events.on("opened", () => sender.opened());
});
afterEach(async () => {
	sender.close();
	await line.close();
	await users.leave();
	store.close();
});

const listen = async () => {
	const worker = await users.worker(1, {
		attach: (client) => client.on("message", (_topic, payload) => heard.push(Number(payload))),
	});
	await worker.subscribeAsync(`$share/fleet/${topics.event("+", "+")}`, { qos: 1 });
};
const add = (n: number, device = self) =>
	outbox.add({
		mid: String(n).padStart(22, "0"),
		topic: topics.event(device, "trouble"),
		payload: Buffer.from(String(n)),
	});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

test("what was told is told again on the next line, first and in its order, once a line", async () => {
	await listen();
	for (const n of range(1, 40)) add(n);
	line.open();
	await expect.poll(() => heard).toEqual(range(1, 40));
	await expect.poll(() => outbox.size).toBe(0);
	line.drop();
	for (const n of range(41, 60)) add(n);
	await expect.poll(() => heard.slice(40)).toEqual(range(1, 60));
	add(61);
	await expect.poll(() => heard.slice(100)).toEqual([61]);
	expect(outbox.again()).toHaveLength(61);
});

test("what was told is not told again once the line has been open for long enough", async () => {
	await listen();
	add(1);
	line.open();
	await expect.poll(() => outbox.size).toBe(0);
	clock.advance(KEPT_MINUTES * 60_000);
	add(2);
	await expect.poll(() => outbox.size).toBe(0);
	clock.advance(60_000);
	line.drop();
	await expect.poll(() => heard).toEqual([1, 2, 2]);
	expect(outbox.again().map(Number)).toEqual([2]);
});

test("a line that is away makes nothing older", async () => {
	await listen();
	add(1);
	line.open();
	await expect.poll(() => outbox.size).toBe(0);
	line.drop();
	clock.advance(365 * 86_400_000);
	await expect.poll(() => heard).toEqual([1, 1]);
});

test("what may not be said is given up at once, holds nothing up and is never tried again", async () => {
	await listen();
	add(1, "dev-00000002");
	add(2);
	line.open();
	await expect.poll(() => heard).toEqual([2]);
	await expect.poll(() => outbox.again().map(Number)).toEqual([2]);
	expect(outbox.size).toBe(0);
	expect(logged.join()).toContain("not_allowed");
});

test("what the broker does not take now is tried again after a while, and not at once", async () => {
	const identity = await users.ca.issueServer(["127.0.0.1"]);
	const broker = await HostileBroker.open({ ...identity, ca: users.ca.certificate });
	onTestFinished(() => broker.close());
	const QUOTA_EXCEEDED = 0x97;
	broker.acknowledge = () => QUOTA_EXCEEDED;
	url = broker.url;
	add(1);
	line.open();
	await expect.poll(() => broker.heard.length).toBe(1);
	await expect.poll(() => outbox.size).toBe(1);
	broker.acknowledge = () => 0;
	expect(broker.heard.length).toBe(1);
	clock.advance(15_000);
	await expect.poll(() => outbox.size).toBe(0);
	expect(broker.heard.length).toBe(2);
});

test("what nobody was there to hear is not told, and is tried again later", async () => {
	for (const n of range(1, 40)) add(n);
	line.open();
	await expect.poll(() => line.isOpen).toBe(true);
	await listen();
	await expect
		.poll(() => {
			clock.advance(5000);
			return outbox.size;
		})
		.toBe(0);
	// the broker has them all, and the last are on their way to the worker
	await expect.poll(() => [...new Set(heard)].sort((one, other) => one - other)).toEqual(range(1, 40));
});
