import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { BrokerUsers } from "./BrokerUsers.ts";

const DAY_MS = 86_400_000;
const clock = new ManualClock(Date.now());
let users: BrokerUsers;
beforeAll(async () => {
	users = await BrokerUsers.start({ bootstrap: {}, clock });
});
afterAll(() => users?.close());

/** The fingerprint of the certificate that a listener shows. */
const shown = (url: string, identity?: { key: string; certificate: string }): Promise<string> =>
	new Promise((resolve, reject) => {
		const { port } = new URL(url);
		const own = identity ? { key: identity.key, cert: identity.certificate } : {};
		const socket = connectTls({ host: "127.0.0.1", port: Number(port), ca: users.ca.certificate, ...own }, () => {
			resolve(socket.getPeerCertificate().fingerprint256);
			socket.destroy();
		});
		socket.on("error", reject);
	});
const all = async (): Promise<string[]> => {
	const { url, serviceUrl, bootstrapUrl } = users.broker;
	return [
		await shown(url, await users.ca.issueDevice("room-berlin")),
		await shown(serviceUrl, await users.ca.issueWorker(1)),
		await shown(bootstrapUrl ?? ""),
	];
};

test("every twenty days all listeners show new certificates; who is connected stays; an enrolment may have begun with the old one", async () => {
	const before = await all();
	const clients = [await users.device("room-berlin"), await users.worker(2), await users.stranger("0".repeat(32))];
	let lost = 0;
	for (const client of clients) client.on("close", () => lost++);
	const listBefore = users.ca.crl;
	const [first] = await users.broker.bootstrapCertificates();
	for (let round = 1; round <= 2; round++) {
		const seen = round === 1 ? before : await all();
		const [newest] = await users.broker.bootstrapCertificates();
		clock.advance(20 * DAY_MS);
		await expect.poll(async () => (await users.broker.bootstrapCertificates())[0]).not.toEqual(newest);
		const same = async () => (await all()).filter((one, index) => one === seen[index]);
		await expect.poll(same, { interval: 200 }).toEqual([]);
	}
	expect(users.ca.crl).not.toBe(listBefore);
	const told = await users.broker.bootstrapCertificates();
	expect(told).toHaveLength(2);
	expect(told).not.toContainEqual(first);
	expect(lost).toBe(0);
	await users.broker.publishRevocations();
});
