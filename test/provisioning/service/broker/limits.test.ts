import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { connect as connectTcp, type Socket } from "node:net";
import type { MqttClient } from "mqtt";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { BrokerUsers } from "./BrokerUsers.ts";

let users: BrokerUsers;
const crowds: Crowd[] = [];
beforeAll(async () => {
	users = await BrokerUsers.start({ bootstrap: {} });
});
afterEach(async () => {
	for (const crowd of crowds.splice(0)) crowd.leave();
	await users.leave();
});
afterAll(() => users?.close());

const nonce = () => randomBytes(16).toString("hex");
const bootstrapPort = () => Number(new URL(users.broker.bootstrapUrl ?? "").port);
const filesOf = async (pid: number | null) => (await readdir(`/proc/${pid}/fd`)).length;
const closing = (client: MqttClient) => new Promise<void>((resolve) => client.once("close", () => resolve()));

/**
 * Strangers who begin a TLS record and then say nothing. Whoever is turned away comes again. In a rush the kernel answers with SYN
 * cookies and drops what doesn't fit its queue: a client that never sent a byte would take itself for connected for ever.
 */
class Crowd {
	readonly #port: number;
	readonly #sockets = new Set<Socket>();
	#here = true;

	constructor(size: number, port: number) {
		this.#port = port;
		for (let number = 0; number < size; number++) this.#come();
	}

	#come(): void {
		const socket = connectTcp(this.#port, "127.0.0.1").on("error", () => {});
		socket.once("connect", () => socket.write(Uint8Array.of(0x16)));
		this.#sockets.add(socket);
		socket.once("close", () => {
			this.#sockets.delete(socket);
			// not at once: those who are turned away must not keep the broker from its work
			if (this.#here) setTimeout(() => this.#here && this.#come(), 250).unref();
		});
	}

	leave(): void {
		this.#here = false;
		for (const socket of this.#sockets) socket.destroy();
	}
}

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
		const crowd = new Crowd(1000, bootstrapPort());
		crowds.push(crowd);
		// The others are turned away, or wait in the kernel's queue where they cost nothing.
		await expect.poll(() => filesOf(users.broker.bootstrapPid)).toBeGreaterThan(590);
		await device.publishAsync(topics.presence("room-berlin"), "still here", { qos: 1 });
		await (await users.device("room-munich")).endAsync(true);
		expect(await filesOf(users.broker.bootstrapPid)).toBeLessThanOrEqual(600);
		crowd.leave();
		await expect.poll(() => filesOf(users.broker.bootstrapPid)).toBeLessThanOrEqual(before + 2);
		await enrols();
	}
	expect(lost).toBe(0);
});

test("strangers who talk without end keep no device from being answered, nor the next stranger from enrolling", async () => {
	const device = await users.device("room-berlin");
	const strangers = await Promise.all(Array.from({ length: 20 }, async () => ({ own: nonce() })));
	let talking = true;
	const talk = strangers.map(async ({ own }) => {
		const client = await users.stranger(own);
		while (talking) await client.publishAsync(topics.enrolUp(own), "x".repeat(8000), { qos: 1 }).catch(() => {});
	});
	for (let count = 0; count < 100; count++) {
		await device.publishAsync(topics.presence("room-berlin"), "x", { qos: 1 });
	}
	talking = false;
	await Promise.all(talk);
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
