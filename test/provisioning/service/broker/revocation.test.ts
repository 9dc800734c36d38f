import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { MqttClient } from "mqtt";
import { generate } from "mqtt-packet";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { CheckedBroker } from "../../../../provisioning/service/broker/CheckedBroker.ts";
import type { Credentials } from "../../../../provisioning/service/ca/FleetCa.ts";
import { BrokerUsers } from "./BrokerUsers.ts";

let users: BrokerUsers;
beforeAll(async () => {
	users = await BrokerUsers.start();
});
afterEach(() => users.leave());
afterAll(() => users?.close());

const closed = (client: MqttClient) => new Promise<void>((resolve) => client.once("close", () => resolve()));
const presenceWill = (id: string) =>
	({ will: { topic: topics.presence(id), payload: Buffer.from("gone"), qos: 1, retain: true } }) as const;
/** Tries to come in; what the broker's TLS says. */
const knock = async (identity: Credentials): Promise<string> => {
	try {
		await (await users.connect(identity)).endAsync(true);
		return "let in";
	} catch (error) {
		return /CERTIFICATE_REVOKED/.test(String((error as { code?: string }).code)) ? "revoked" : String(error);
	}
};
const listNumber = async (): Promise<number> =>
	(JSON.parse(await readFile(join(users.ca.folder, "revocations.json"), "utf8")) as { number: number }).number;
const tls = (identity: Pick<Credentials, "key" | "certificate"> | null, session?: Buffer): TLSSocket =>
	connectTls({
		host: "127.0.0.1",
		port: users.broker.port,
		ca: users.ca.certificate,
		...(identity ? { key: identity.key, cert: identity.certificate } : {}),
		...(session ? { session } : {}),
	}).on("error", () => {});

test("a revoked device is out, its last will is said, it never comes back, and others notice nothing", async () => {
	const stolen = await users.ca.issueDevice("room-stolen");
	const device = await users.connect(stolen, presenceWill("room-stolen"));
	const others = await Promise.all(Array.from({ length: 20 }, (_, index) => users.device(`room-other-${index}`)));
	const heard: string[] = [];
	let lost = 0;
	for (const other of others) other.on("close", () => lost++);
	const [witness] = others as [MqttClient];
	witness.on("message", (topic, payload) => heard.push(`${topic} ${payload}`));
	await witness.subscribeAsync(topics.presence("room-stolen"), { qos: 1 });
	const out = closed(device);

	await users.ca.revoke(stolen.serial, { reason: "lost" });
	await users.broker.revoke("room-stolen");
	await out;
	await expect.poll(() => heard).toEqual([`${topics.presence("room-stolen")} gone`]);
	for (let attempt = 0; attempt < 5; attempt++) expect(await knock(stolen)).toBe("revoked");
	await Promise.all(
		others.map((other, index) => other.publishAsync(topics.presence(`room-other-${index}`), "x", { qos: 1 })),
	);
	expect(lost).toBe(0);
	expect(await knock(await users.ca.issueDevice("room-new-one"))).toBe("let in");
});

test("a device that comes again and again while it is revoked ends outside", async () => {
	const stolen = await users.ca.issueDevice("room-stubborn");
	let trying = true;
	let lastIn = 0;
	const stubborn = (async () => {
		while (trying) {
			try {
				const client = await users.connect(stolen);
				lastIn = Date.now();
				await closed(client);
			} catch {}
		}
	})();
	await expect.poll(() => lastIn).toBeGreaterThan(0);
	await users.ca.revoke(stolen.serial);
	await users.broker.revoke("room-stubborn");
	const done = Date.now();
	for (let attempt = 0; attempt < 20; attempt++) expect(await knock(stolen)).toBe("revoked");
	trying = false;
	await stubborn;
	expect(lastIn).toBeLessThanOrEqual(done);
});

test("a TLS session from before does not get past the list, with or without the key", async () => {
	const stolen = await users.ca.issueDevice("room-resumes");
	const first = tls(stolen);
	const [session] = (await once(first, "session")) as [Buffer];
	first.destroy();
	const again = tls(null, session);
	await once(again, "secureConnect");
	// The broker does resume sessions: the test would be void otherwise.
	expect(again.isSessionReused()).toBe(true);
	again.destroy();
	await users.ca.revoke(stolen.serial);
	await users.broker.revoke("room-resumes");
	for (const identity of [stolen, null]) {
		const socket = tls(identity, session);
		const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
		expect(error.code).toMatch(/CERTIFICATE_RE(VOKED|QUIRED)/);
	}
});

test("a connection that was prepared before, TLS done and CONNECT not yet sent, does not live", async () => {
	const stolen = await users.ca.issueDevice("room-prepared");
	const prepared = tls(stolen);
	// The broker's ticket comes after it has taken the certificate.
	await once(prepared, "session");
	await users.ca.revoke(stolen.serial);
	await users.broker.revoke("room-prepared");
	const ended = once(prepared, "close");
	prepared.write(
		generate({
			cmd: "connect",
			protocolId: "MQTT",
			protocolVersion: 4,
			clean: true,
			clientId: "x",
			keepalive: 0,
		}),
	);
	prepared.resume();
	await ended;
	expect(await knock(stolen)).toBe("revoked");
});

test("the session of a device that is away is forgotten with it", async () => {
	const identity = await users.ca.issueDevice("room-asleep");
	const sleeper = await users.connect(identity, { clientId: "x", clean: false, protocolVersion: 4 });
	await sleeper.subscribeAsync(topics.commandRequest("room-asleep"), { qos: 1 });
	await sleeper.endAsync(true);
	const successor = await users.ca.issueDevice("room-asleep");
	await users.ca.revoke(identity.serial);
	await users.broker.revoke("room-asleep");
	const worker = await users.worker(1);
	await worker.publishAsync(topics.commandRequest("room-asleep"), "x", { qos: 1 });
	const present = await new Promise((resolve) => {
		void users.connect(successor, { clientId: "x", clean: false, protocolVersion: 4 }).then(async (client) => {
			client.on("message", () => resolve("a message from before"));
			await client.subscribeAsync(topics.presence("room-asleep"), { qos: 1 });
			resolve("nothing");
		});
	});
	expect(present).toBe("nothing");
});

test("many revocations at once are few lists, and each of them counts", async () => {
	const devices = await Promise.all(
		Array.from({ length: 30 }, async (_, index) => ({
			id: `room-crowd-${index}`,
			identity: await users.ca.issueDevice(`room-crowd-${index}`),
		})),
	);
	const out = await Promise.all(devices.map(async ({ identity }) => ({ gone: closed(await users.connect(identity)) })));
	const listsBefore = await listNumber();
	await Promise.all(
		devices.map(async ({ id, identity }) => {
			await users.ca.revoke(identity.serial);
			await users.broker.revoke(id);
		}),
	);
	for (const { gone } of out) await gone;
	for (const { identity } of devices) expect(await knock(identity)).toBe("revoked");
	// One for each device, and one with a certificate for the proof each time that the broker was asked: not thirty of those.
	expect((await listNumber()) - listsBefore).toBeLessThan(40);
});

test("a broker that does not heed the list is found out, and started anew where that is ours to do", async () => {
	const stolen = await users.ca.issueDevice("room-unheeded");
	await users.ca.revoke(stolen.serial);
	const common = {
		ca: users.ca,
		url: users.broker.url,
		serviceUrl: users.broker.serviceUrl,
		bootstrapUrl: null,
		heedMs: 300,
	};
	const deaf = new CheckedBroker({ ...common, apply: async () => {} });
	await expect(deaf.revoke("room-unheeded")).rejects.toMatchObject({ code: "broker.revocations_unheeded" });
	expect(await knock(stolen)).toBe("let in");
	let forced = 0;
	const forcible = new CheckedBroker({
		...common,
		apply: async () => {},
		force: async () => {
			forced++;
			await users.broker.publishRevocations();
		},
	});
	await forcible.publishRevocations();
	expect(forced).toBe(1);
	expect(await knock(stolen)).toBe("revoked");
	const absent = new CheckedBroker({ ...common, url: "mqtts://127.0.0.1:1", apply: async () => {} });
	await expect(absent.publishRevocations()).rejects.toMatchObject({ code: "broker.revocations_unheeded" });
});
