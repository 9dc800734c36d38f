import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect as connectTcp, type Socket } from "node:net";
import type { MqttClient } from "mqtt";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { BrokerUsers } from "./BrokerUsers.ts";

let users: BrokerUsers;
const sockets: Socket[] = [];
beforeAll(async () => {
	users = await BrokerUsers.start({ bootstrap: {} });
});
afterEach(async () => {
	for (const socket of sockets.splice(0)) socket.destroy();
	await users.leave();
});
afterAll(() => users?.close());

const nonce = () => randomBytes(16).toString("hex");
const bootstrapPort = () => Number(new URL(users.broker.bootstrapUrl ?? "").port);
const filesOf = async (pid: number | null) => (await readdir(`/proc/${pid}/fd`)).length;
const closing = (client: MqttClient) => new Promise<void>((resolve) => client.once("close", () => resolve()));

/** A whole way: a stranger says hello, a worker hears it and answers, the stranger hears that. */
async function enrols(): Promise<void> {
	const own = nonce();
	const worker = await users.worker(1);
	worker.on("message", (topic) => {
		if (topic === topics.enrolUp(own)) worker.publish(topics.enrolDown(own), "challenge", { qos: 1 });
	});
	await worker.subscribeAsync("ic/1/enrol/+/up", { qos: 1 });
	const stranger = await users.stranger(own);
	const answered = new Promise<void>((resolve) => stranger.once("message", () => resolve()));
	await stranger.subscribeAsync(topics.enrolDown(own), { qos: 1 });
	await stranger.publishAsync(topics.enrolUp(own), "hello", { qos: 1 });
	await answered;
	await stranger.endAsync(true);
	await worker.endAsync(true);
}

test("a thousand strangers: the limit holds, again and again, devices notice nothing, and then enrolment works as before", async () => {
	const device = await users.device("room-berlin");
	let lost = 0;
	device.on("close", () => lost++);
	const before = await filesOf(users.broker.bootstrapPid);
	// Connections that end must not raise the limit for those that come after.
	for (let round = 0; round < 3; round++) {
		const crowd = await Promise.all(
			Array.from({ length: 1000 }, async () => {
				const socket = connectTcp(bootstrapPort(), "127.0.0.1").on("error", () => {});
				sockets.push(socket);
				await once(socket, "connect").catch(() => {});
				return socket;
			}),
		);
		// The others are turned away, or wait in the kernel's queue where they cost nothing.
		await expect.poll(() => filesOf(users.broker.bootstrapPid)).toBeGreaterThan(590);
		await device.publishAsync(topics.presence("room-berlin"), "still here", { qos: 1 });
		const began = Date.now();
		await (await users.device("room-munich")).endAsync(true);
		expect(Date.now() - began).toBeLessThan(3000);
		expect(await filesOf(users.broker.bootstrapPid)).toBeLessThanOrEqual(600);
		for (const socket of crowd) socket.destroy();
		await expect.poll(() => filesOf(users.broker.bootstrapPid)).toBeLessThanOrEqual(before + 2);
		await enrols();
	}
	expect(lost).toBe(0);
});

test("strangers who talk without end are nothing to a device: it is answered at once", async () => {
	const device = await users.device("room-berlin");
	const strangers = await Promise.all(Array.from({ length: 20 }, async () => ({ own: nonce() })));
	let talking = true;
	const talk = strangers.map(async ({ own }) => {
		const client = await users.stranger(own);
		while (talking) await client.publishAsync(topics.enrolUp(own), "x".repeat(8000), { qos: 1 }).catch(() => {});
	});
	const slowest: number[] = [];
	for (let count = 0; count < 100; count++) {
		const began = performance.now();
		await device.publishAsync(topics.presence("room-berlin"), "x", { qos: 1 });
		slowest.push(performance.now() - began);
	}
	talking = false;
	await Promise.all(talk);
	slowest.sort((a, b) => a - b);
	// On two busy cores; without a process of their own it is the same queue.
	expect(slowest[50]).toBeLessThan(500);
	await enrols();
});

test("too much in one packet ends the stranger's connection, and nothing of it arrives", async () => {
	const own = nonce();
	const heard: string[] = [];
	const worker = await users.worker(1);
	worker.on("message", (topic) => heard.push(topic));
	await worker.subscribeAsync("ic/1/enrol/+/up", { qos: 1 });
	const greedy = await users.stranger(own);
	const closed = closing(greedy);
	greedy.publish(topics.enrolUp(own), "x".repeat(40_000), { qos: 1 });
	await closed;
	const modest = await users.stranger(own);
	await modest.publishAsync(topics.enrolUp(own), "x".repeat(32 * 1024), { qos: 1 });
	await expect.poll(() => heard).toEqual([topics.enrolUp(own)]);
});

test("the bootstrap broker comes back after a crash, and the line with it; the devices' broker likewise", async () => {
	const { bootstrapPid, pid } = users.broker;
	process.kill(bootstrapPid as number, "SIGKILL");
	await expect.poll(() => users.broker.bootstrapPid).not.toBe(bootstrapPid);
	const works = async () => {
		try {
			await Promise.race([
				enrols(),
				new Promise((_, reject) => {
					setTimeout(() => reject(new Error("no answer")), 3000).unref();
				}),
			]);
			return true;
		} catch {
			return false;
		}
	};
	await expect.poll(works, { timeout: 40_000 }).toBe(true);
	process.kill(pid as number, "SIGKILL");
	await expect.poll(works, { timeout: 40_000 }).toBe(true);
});

test("the listener's certificate is told, so that an enrolment can prove that both sides saw the same", async () => {
	const [present] = await users.broker.bootstrapCertificates();
	const stranger = await users.stranger(nonce());
	const shown = (stranger.stream as unknown as { getPeerCertificate(): { raw: Buffer } }).getPeerCertificate().raw;
	expect(Buffer.from(present as Uint8Array)).toEqual(shown);
	expect(await users.broker.bootstrapCertificates()).toHaveLength(1);
});
