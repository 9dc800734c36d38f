import mqtt, { type MqttClient } from "mqtt";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { enqueue, type OutboundMessage } from "../../../../provisioning/service/db/Outbound.ts";
import { TestFleet } from "../fleet/TestFleet.ts";

const ID = "dev-0123456789ab";
let fleet: TestFleet;
let device: MqttClient;
const heard: { topic: string; text: string; retained: boolean }[] = [];
beforeAll(async () => {
	fleet = await TestFleet.start({ workers: 2 });
	const { key, certificate } = await fleet.ca.issueDevice(ID);
	device = await mqtt.connectAsync(fleet.broker.url, {
		...{ clientId: ID, key, cert: certificate, ca: fleet.ca.certificate, protocolVersion: 5, reconnectPeriod: 100 },
		// What the broker that is killed had for it.
		clean: true,
	});
	device.on("message", (topic, payload, { retain }) =>
		heard.push({ topic, text: payload.toString(), retained: retain }),
	);
	await device.subscribeAsync(
		[topics.twinDesired(ID), topics.commandRequest(ID), topics.certificateResponse(ID), topics.jobNext(ID)],
		{ qos: 1 },
	);
});
beforeEach(() => {
	heard.length = 0;
});
afterAll(async () => {
	await device?.endAsync(true);
	await fleet?.close();
});

const send = (...messages: OutboundMessage[]) => fleet.db.transaction().execute((trx) => enqueue(trx, messages));
const message = (topic: string, text: string, more: Partial<OutboundMessage> = {}): OutboundMessage => ({
	topic,
	payload: Buffer.from(text),
	...more,
});
const left = async () => (await fleet.db.selectFrom("outbound").select("id").execute()).length;

test("what a transaction wrote is published at once, and forgotten; what it took back is not", async () => {
	await send(message(topics.commandRequest(ID), "one"));
	await fleet.db
		.transaction()
		.execute(async (trx) => {
			await enqueue(trx, [message(topics.commandRequest(ID), "never")]);
			throw new Error("taken back");
		})
		.catch(() => {});
	await send(message(topics.twinDesired(ID), "kept", { retain: true }));
	await expect.poll(() => heard.map(({ text }) => text)).toEqual(["one", "kept"]);
	await expect.poll(left).toBe(0);
});

test("of a retained topic the newest is the last, however many workers there are", async () => {
	for (let index = 0; index < 100; index++) await send(message(topics.twinDesired(ID), `${index}`, { retain: true }));
	await expect.poll(() => heard.at(-1)?.text).toBe("99");
	const numbers = heard.map(({ text }) => Number(text));
	expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
	await expect.poll(left).toBe(0);
});

test("what nobody may say, or what is none of ours, is dropped and counted, and holds nothing up", async () => {
	await send(
		message(topics.ring(ID, ID), "x"),
		message(topics.presence(ID), "a worker has no word in this"),
		message("something/else", "x"),
		message(topics.event(ID, "trouble"), "x"),
		message(topics.commandRequest(ID), "after"),
	);
	await expect.poll(() => heard.map(({ text }) => text)).toEqual(["after"]);
	await expect.poll(left).toBe(0);
	expect(fleet.count("outbound_refused")).toBe(4);
});

test("what has expired is not published", async () => {
	await send(
		message(topics.commandRequest(ID), "late", { expiresAt: new Date(Date.now() - 1000) }),
		message(topics.commandRequest(ID), "in time", { expiresAt: new Date(Date.now() + 60_000) }),
	);
	await expect.poll(() => heard.map(({ text }) => text)).toEqual(["in time"]);
	await expect.poll(left).toBe(0);
});

test("while the broker is away it waits; then each is there, and the retained are what they should be", async () => {
	process.kill(fleet.broker.pid as number, "SIGKILL");
	await send(
		...Array.from({ length: 250 }, (_, index) => message(topics.commandRequest(ID), `${index}`)),
		message(topics.twinDesired(ID), "newest", { retain: true }),
	);
	await expect.poll(left).toBe(0);
	// Retained ones reach a device that was not back yet; others may be gone with its session.
	await expect.poll(() => heard.at(-1) ?? heard.find(({ topic }) => topic === topics.twinDesired(ID))).toBeDefined();
	await expect.poll(() => heard.some(({ text }) => text === "newest")).toBe(true);
});
