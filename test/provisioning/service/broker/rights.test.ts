import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { MqttClient } from "mqtt";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
	bootstrapRights,
	deviceRights,
	type Right,
	serviceRights,
	topics,
} from "../../../../provisioning/contract/topics.ts";
import { BrokerUsers } from "./BrokerUsers.ts";

let users: BrokerUsers;
beforeAll(async () => {
	users = await BrokerUsers.start({ bootstrap: {} });
});
afterEach(() => users.leave());
afterAll(() => users?.close());

const nonce = () => randomBytes(16).toString("hex");

interface Actor {
	name: string;
	rights: readonly Right[];
	client: MqttClient;
	heard: Set<string>;
}

/** Whether a filter of the contract, with the actor's own name in it, stands for a topic. */
function covers(filter: string, self: string, topic: string): boolean {
	const parts = filter.replaceAll("{self}", self).split("/");
	const levels = topic.split("/");
	return parts.length === levels.length && parts.every((part, index) => part === "+" || part === levels[index]);
}
const may = ({ name, rights }: Actor, access: "read" | "write", topic: string): boolean =>
	rights.some((right) => right.access === access && covers(right.topic, name, topic));

test("each kind of client hears and says exactly what the contract gives it, on every topic", async () => {
	const actors: Actor[] = [];
	const add = async (name: string, rights: readonly Right[], connected: Promise<MqttClient>): Promise<string> => {
		const actor: Actor = { name, rights, client: await connected, heard: new Set() };
		actor.client.on("message", (_topic, payload) => actor.heard.add(String(payload)));
		await actor.client.subscribeAsync(["#", "$SYS/#", "$CONTROL/#", "ic/1/d/+/#", "ic/1/enrol/+/+"], { qos: 1 });
		actors.push(actor);
		return name;
	};
	const ids = [
		await add("room-berlin", deviceRights, users.device("room-berlin")),
		await add("room-munich", deviceRights, users.device("room-munich")),
	];
	for (const n of [1, 99]) await add(`fleet-service-${n}`, serviceRights, users.worker(n));
	const nonces = [nonce(), nonce()];
	for (const one of nonces) await add(one, bootstrapRights, users.stranger(one));

	const said = [
		...ids.flatMap((id) => [
			topics.presence(id),
			topics.twinDesired(id),
			topics.twinReported(id),
			topics.jobNext(id),
			topics.jobStatus(id, "A".repeat(22)),
			topics.commandRequest(id),
			topics.commandResponse(id),
			topics.event(id, "trouble"),
			topics.certificateRequest(id),
			topics.certificateResponse(id),
			topics.enrolConfirm(id),
			`ic/1/d/${id}`,
			`ic/1/d/${id}/other`,
			`ic/1/d/${id}/presence/more`,
			`ic/1/d/${id}/twin`,
			...[...ids, "fleet-service-1"].map((from) => topics.ring(id, from)),
		]),
		topics.event("fleet-service-1", "trouble"),
		topics.enrolConfirm("fleet-service-1"),
		topics.ring("fleet-service-1", "room-berlin"),
		...[...nonces, "room-berlin", nonce()].flatMap((one) => [
			topics.enrolUp(one),
			topics.enrolDown(one),
			`ic/1/enrol/${one}`,
			`ic/1/enrol/${one}/up/more`,
		]),
		topics.revocations(),
		"ic/1/fleet",
		"ic/1/fleet/revocations/more",
		"ic/2/d/room-berlin/presence",
		"presence",
		"$SYS/broker/uptime",
		"$CONTROL/dynamic-security/v1",
		"$share/x/ic/1/d/room-berlin/presence",
	];
	const refused = async (client: MqttClient, topic: string, payload: string): Promise<boolean> => {
		try {
			await client.publishAsync(topic, payload, { qos: 1 });
			return false;
		} catch {
			return true;
		}
	};
	// Expected is what both sides may.
	const expected = new Map(actors.map(({ name }) => [name, new Set<string>()]));
	for (const speaker of actors) {
		for (const topic of said) {
			const payload = `${speaker.name} says ${topic}`;
			const allowed = may(speaker, "write", topic);
			expect([payload, await refused(speaker.client, topic, payload)]).toEqual([payload, !allowed]);
			for (const listener of allowed ? actors : []) {
				if (may(listener, "read", topic)) expected.get(listener.name)?.add(payload);
			}
		}
	}
	const heard = () =>
		new Map(actors.map(({ name, heard }) => [name, new Set([...heard].filter((text) => text !== "end"))]));
	await expect.poll(heard).toEqual(expected);
	// The last thing that each may hear comes after all that it should not have heard.
	const [berlin, , worker] = actors as [Actor, Actor, Actor];
	await berlin.client.publishAsync(topics.presence("room-berlin"), "end", { qos: 1 });
	for (const one of nonces) await worker.client.publishAsync(topics.enrolDown(one), "end", { qos: 1 });
	await expect.poll(() => actors.every(({ heard }) => heard.has("end"))).toBe(true);
	expect(heard()).toEqual(expected);
	// The table is no empty one.
	expect([...expected.values()].map((set) => set.size > 0)).toEqual(actors.map(() => true));
});

test("a stranger can't end a device's session, nor a worker's, nor the line between the brokers, whatever it calls itself", async () => {
	const closed: string[] = [];
	const device = await users.device("room-berlin");
	const worker = await users.worker(1);
	device.on("close", () => closed.push("device"));
	worker.on("close", () => closed.push("worker"));
	for (const name of ["room-berlin", "fleet-service-1", "fleet-bootstrap", "local.fleet-bootstrap", "fleet-probe"]) {
		const stranger = await users.stranger(name, { username: name, password: "x" });
		await expect(stranger.publishAsync(topics.presence("room-berlin"), "x", { qos: 1 })).rejects.toThrow(/authori/);
		await stranger.endAsync(true);
	}
	await device.publishAsync(topics.presence("room-berlin"), "here", { qos: 1 });
	const own = nonce();
	const stranger = await users.stranger(own);
	let heard = "";
	stranger.on("message", (_topic, payload) => {
		heard = String(payload);
	});
	await stranger.subscribeAsync(topics.enrolDown(own), { qos: 1 });
	await worker.publishAsync(topics.enrolDown(own), "carried", { qos: 1 });
	await expect.poll(() => heard).toBe("carried");
	expect(closed).toEqual([]);
});

test.each(["+", "#", "a/b", `${"0".repeat(31)}+`, `${"0".repeat(32)}/up`, "x".repeat(5000)])(
	"a stranger called %j gets nothing through",
	async (name) => {
		const heard: string[] = [];
		const worker = await users.worker(1);
		worker.on("message", (topic) => heard.push(topic));
		await worker.subscribeAsync("ic/1/enrol/+/up", { qos: 1 });
		const [own, other] = [nonce(), nonce()];
		const stranger = await users.stranger(name);
		const topicsToTry = [`ic/1/enrol/${name.replaceAll(/[+#]/g, "x")}/up`, topics.enrolUp(other), "ic/1/enrol/x/up"];
		for (const topic of topicsToTry) await stranger.publishAsync(topic, "x", { qos: 1 }).catch(() => {});
		await (await users.stranger(own)).publishAsync(topics.enrolUp(own), "x", { qos: 1 });
		await expect.poll(() => heard).toContain(topics.enrolUp(own));
		// A long name is a name, so its own topic is its own; nobody else's is.
		expect(heard.filter((topic) => topic !== topics.enrolUp(own) && topic !== topics.enrolUp(name))).toEqual([]);
	},
);

test("a stranger leaves nothing behind: no retained message, no session, no last will anywhere else", async () => {
	const own = nonce();
	const heard: string[] = [];
	const worker = await users.worker(1);
	worker.on("message", (topic) => heard.push(topic));
	await worker.subscribeAsync(["ic/1/enrol/+/up", "ic/1/d/+/presence"], { qos: 1 });
	const keeper = await users.stranger(own);
	const closed = new Promise<void>((resolve) => keeper.once("close", () => resolve()));
	keeper.publish(topics.enrolUp(own), "x", { qos: 1, retain: true });
	await closed;
	const will = { topic: topics.presence("room-berlin"), payload: Buffer.from("x"), qos: 1, retain: false } as const;
	const dying = await users.stranger(own, { will });
	dying.stream.destroy();
	const after = await users.stranger(own);
	await after.publishAsync(topics.enrolUp(own), "end", { qos: 1 });
	await expect.poll(() => heard).toContain(topics.enrolUp(own));
	expect(heard).toEqual([topics.enrolUp(own)]);
});

test("a device's certificate opens nothing more on the bootstrap listener", async () => {
	const device = await users.ca.issueDevice("room-berlin");
	const client = await users.stranger("room-berlin", { key: device.key, cert: device.certificate });
	await expect(client.publishAsync(topics.presence("room-berlin"), "x", { qos: 1 })).rejects.toThrow(/authori/);
});

test.each(["+", "#"])("a certificate for %j, which the authority would never issue, is nobody's", async (cn) => {
	const openssl = (...args: string[]) => promisify(execFile)("openssl", args, { cwd: users.folder });
	await openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "odd.key");
	await openssl("req", "-new", "-key", "odd.key", "-subj", `/CN=${cn.replaceAll(/[+/]/g, "\\$&")}`, "-out", "odd.csr");
	const signer = ["-CA", "ca/ca.pem", "-CAkey", "ca/ca.key.pem", "-set_serial", "7", "-days", "1"];
	await openssl("x509", "-req", "-in", "odd.csr", ...signer, "-out", "odd.pem");
	const [key, certificate] = await Promise.all(
		["odd.key", "odd.pem"].map((name) => readFile(join(users.folder, name), "utf8")),
	);
	const heard: string[] = [];
	const odd = await users.connect({ key: key as string, certificate: certificate as string });
	odd.on("message", (topic) => heard.push(topic));
	await odd.subscribeAsync(["#", "ic/1/d/+/presence", topics.rings("room-berlin")], { qos: 1 });
	const [berlin, munich] = [await users.device("room-berlin"), await users.device("room-munich")];
	const other: string[] = [];
	munich.on("message", (topic) => other.push(topic));
	await munich.subscribeAsync(topics.presence("+"), { qos: 1 });
	for (const topic of [topics.presence("room-berlin"), topics.ring("room-berlin", "x"), topics.revocations()]) {
		await expect(odd.publishAsync(topic, "x", { qos: 1 })).rejects.toThrow(/authori/);
	}
	await munich.publishAsync(topics.ring("room-berlin", "room-munich"), "x", { qos: 1 });
	await berlin.publishAsync(topics.presence("room-berlin"), "x", { qos: 1 });
	await expect.poll(() => other).toEqual([topics.presence("room-berlin")]);
	await odd.subscribeAsync("end", { qos: 1 });
	expect(heard).toEqual([]);
});
