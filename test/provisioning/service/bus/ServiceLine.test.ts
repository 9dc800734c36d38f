import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt, { type MqttClient } from "mqtt";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../../device/core/clock.ts";
import { silentLog } from "../../../../device/core/log.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { type Broker, startBroker } from "../../../../provisioning/service/broker/mosquitto.ts";
import type { Delivery } from "../../../../provisioning/service/bus/LateAcknowledgements.ts";
import { ServiceLine } from "../../../../provisioning/service/bus/ServiceLine.ts";
import { type FleetCa, openCa } from "../../../../provisioning/service/ca/FleetCa.ts";

const ID = "dev-0123456789ab";
let folder: string;
let ca: FleetCa;
let broker: Broker;
let device: MqttClient;
const workers: { line: ServiceLine; heard: Delivery[] }[] = [];

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-line-test-"));
	ca = await openCa(join(folder, "ca"));
	broker = await startBroker({ ca });
	const { key, certificate } = await ca.issueDevice(ID);
	device = await mqtt.connectAsync(broker.url, {
		...{ ca: ca.certificate, key, cert: certificate, clientId: ID, protocolVersion: 5, reconnectPeriod: 200 },
	});
});
afterEach(async () => {
	for (const { line, heard } of workers.splice(0)) {
		// Or the next of this name would find it.
		for (const delivery of heard) delivery.done();
		await line.quiesce();
		await line.close();
	}
});
afterAll(async () => {
	await device?.endAsync(true);
	await broker?.close();
	await rm(folder, { recursive: true, force: true });
});

async function open(number: number, filter = `$share/fleet/${topics.event("+", "+")}`) {
	const credentials = await ca.issueWorker(number);
	const heard: Delivery[] = [];
	const line = new ServiceLine({
		url: broker.serviceUrl,
		name: `fleet-service-${number}`,
		identity: () => ({ key: credentials.key, certificate: credentials.chain, ca: ca.certificate }),
		filters: [filter],
		receive: (delivery) => heard.push(delivery),
		clock: systemClock,
		log: silentLog,
		random: () => 0.1,
	});
	workers.push({ line, heard });
	line.open();
	await expect.poll(() => line.isOpen).toBe(true);
	const texts = () => heard.map(({ payload }) => payload.toString());
	return { line, heard, texts };
}
const say = (...texts: (string | number)[]) =>
	Promise.all(texts.map((text) => device.publishAsync(topics.event(ID, "trouble"), `${text}`, { qos: 1 })));
const range = (length: number) => Array.from({ length }, (_, index) => `${index}`);

test("messages go on coming while none is acknowledged, and what is not acknowledged comes again", async () => {
	const { line, heard, texts } = await open(1);
	await say(...range(50));
	await expect.poll(texts).toEqual(range(50));
	// All but one: those after it can't be acknowledged before it is.
	for (const [index, delivery] of heard.entries()) if (index !== 20) delivery.done();
	// A publication's acknowledgement comes after ours went out on the same connection.
	await line.publish(topics.commandRequest(ID), Buffer.from("x"));
	heard.length = 0;
	line.drop();
	await expect.poll(texts).toEqual(range(50).slice(20));
	for (const delivery of heard) delivery.done();
	await line.publish(topics.commandRequest(ID), Buffer.from("x"));
	heard.length = 0;
	line.drop();
	await expect.poll(() => line.isOpen).toBe(true);
	await say("after");
	await expect.poll(texts).toEqual(["after"]);
});

test("a worker that is away for a moment finds what came meanwhile; one that was closed has left its share to others", async () => {
	const first = await open(1);
	const second = await open(2);
	await say(...range(20));
	await expect.poll(() => [...first.texts(), ...second.texts()].sort()).toEqual(range(20).sort());
	expect(first.heard.length).toBeGreaterThan(0);
	expect(second.heard.length).toBeGreaterThan(0);
	for (const delivery of [...first.heard, ...second.heard]) delivery.done();
	await second.line.quiesce();
	await second.line.close();
	for (const { heard } of [first, second]) heard.length = 0;
	await say(...range(20));
	await expect.poll(first.texts).toEqual(range(20));
	for (const delivery of first.heard) delivery.done();
});

test("a worker that was closed finds what it had not acknowledged when it comes back soon", async () => {
	const closed = await open(1);
	await say(...range(20));
	await expect.poll(closed.texts).toEqual(range(20));
	for (const delivery of closed.heard.slice(0, 5)) delivery.done();
	await closed.line.quiesce();
	await closed.line.close();
	const back = await open(1);
	await expect.poll(back.texts).toEqual(range(20).slice(5));
});

test("a right that is missing is told, and is no reason to drop the line; a broker that dies is waited for", async () => {
	const { line } = await open(1);
	await expect(line.publish(topics.ring(ID, ID), Buffer.from("x"))).rejects.toMatchObject({ code: "bus.refused" });
	expect(line.isOpen).toBe(true);
	const lost = new Promise<void>((resolve) => line.events.on("lost", () => resolve()));
	process.kill(broker.pid as number, "SIGKILL");
	await lost;
	await expect(line.publish(topics.commandRequest(ID), Buffer.from("x"))).rejects.toMatchObject({
		code: "bus.unreachable",
	});
	await expect.poll(() => line.isOpen).toBe(true);
	await line.publish(topics.commandRequest(ID), Buffer.from("x"));
});
