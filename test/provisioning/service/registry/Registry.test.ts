import mqtt from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePayload } from "../../../../provisioning/contract/envelope.ts";
import { presence as presenceSchema } from "../../../../provisioning/contract/ring.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { x509 } from "../../../../provisioning/service/ca/x509.ts";
import { sweepAbsent, takePresences } from "../../../../provisioning/service/registry/presences.ts";
import { serialOf } from "../../../sim/fleet/deviceKey.ts";
import { random16 } from "../../../sim/fleet/enrolDevice.ts";
import type { SimulatedDevice } from "../../../sim/fleet/SimulatedDevice.ts";
import { TestFleet } from "../fleet/TestFleet.ts";

let fleet: TestFleet;
beforeAll(async () => {
	fleet = await TestFleet.start({ workers: 2 });
});
afterAll(() => fleet?.close());

const online = async (device: SimulatedDevice) => (await fleet.row(device.id))?.online;
/** What the broker keeps of a device, as a worker would see it. */
async function retainedOf(id: string): Promise<string[]> {
	const { key, chain } = await fleet.ca.issueWorker(30);
	const client = await mqtt.connectAsync(fleet.broker.serviceUrl, {
		...{ clientId: "fleet-service-30", key, cert: chain, ca: fleet.ca.certificate, protocolVersion: 5 },
	});
	const heard: string[] = [];
	client.on("message", (topic, payload, packet) => packet.retain && payload.length > 0 && heard.push(topic));
	await client.subscribeAsync([topics.presence("+"), topics.twinReported("+")], { qos: 1 });
	// Retained messages come before the answer to a later subscription.
	await client.subscribeAsync(topics.revocations(), { qos: 1 });
	await client.endAsync(true);
	return heard.filter((topic) => topic.includes(id)).sort();
}

describe("presence", () => {
	test("follows the device: there, gone without a word, back, gone in order", async () => {
		const device = await fleet.device();
		await expect.poll(() => online(device)).toBe(true);
		const { presence_epoch: epoch, last_seen_at: seen } = (await fleet.row(device.id))!;
		expect(epoch).toBe(device.epoch);
		device.drop();
		await expect.poll(() => device.connections).toBe(2);
		await expect.poll(() => fleet.row(device.id)).toMatchObject({ online: true, presence_epoch: device.epoch });
		expect((await fleet.row(device.id))!.last_seen_at!.getTime()).toBeGreaterThanOrEqual(seen!.getTime());
		await device.close();
		await expect.poll(() => online(device)).toBe(false);
	});

	test("of an old connection is not heeded, whichever way it comes", async () => {
		const device = await fleet.device();
		await expect.poll(() => online(device)).toBe(true);
		const say = (epoch: number, there: boolean) =>
			device.publish(
				topics.presence(device.id),
				encodePayload(presenceSchema, { v: 1, mid: random16(), ts: Date.now(), epoch, online: there }),
				true,
			);
		const { epoch } = device;
		await say(epoch - 1, false);
		await say(epoch + 10, true);
		await expect.poll(async () => (await fleet.row(device.id))?.presence_epoch).toBe(epoch + 10);
		expect(await online(device)).toBe(true);
		await say(epoch + 10, false);
		await expect.poll(() => online(device)).toBe(false);
		// The same connection can't be there again: its word came late.
		await say(epoch + 10, true);
		await say(epoch + 5, true);
		const frames = fleet.count("frames", { kind: "presence" });
		await say(epoch + 1, true);
		await expect.poll(() => fleet.count("frames", { kind: "presence" })).toBeGreaterThan(frames);
		expect(await online(device)).toBe(false);
		await say(epoch + 11, true);
		await expect.poll(() => online(device)).toBe(true);
	});

	test("comes out the same in whichever order workers take it in", async () => {
		const device = await fleet.device();
		await expect.poll(() => online(device)).toBe(true);
		const base = device.epoch + 1000;
		const frame = (step: number, there: boolean) =>
			({
				kind: "presence",
				id: device.id,
				message: { v: 1, mid: "x".repeat(22), ts: 1, epoch: base + step, online: there },
			}) as const;
		const story = [frame(1, true), frame(1, false), frame(2, true), frame(3, true), frame(3, false)];
		const permutations = (rest: typeof story): (typeof story)[] =>
			rest.length < 2
				? [rest]
				: rest.flatMap((one, index) => permutations(rest.toSpliced(index, 1)).map((others) => [one, ...others]));
		for (const [index, order] of permutations(story).entries()) {
			await fleet.db
				.updateTable("devices")
				.set({ online: true, presence_epoch: base })
				.where("id", "=", device.id)
				.execute();
			// In batches of different sizes.
			const cut = index % 6;
			await takePresences(fleet.db, order.slice(0, cut), Date.now());
			await takePresences(fleet.db, order.slice(cut), Date.now());
			expect(await fleet.row(device.id)).toMatchObject({ online: false, presence_epoch: base + 3 });
		}
	});

	test("that nobody confirmed for long enough is over", async () => {
		const [device, other] = [await fleet.device(), await fleet.device()];
		await expect.poll(async () => [await online(device), await online(other)]).toEqual([true, true]);
		const since = new Date(Date.now() + 60_000);
		await fleet.db
			.updateTable("devices")
			.set({ last_seen_at: new Date(since.getTime() + 1) })
			.where("id", "=", other.id)
			.execute();
		await sweepAbsent(fleet.db, since);
		expect([await online(device), await online(other)]).toEqual([false, true]);
	});
});

describe("a device that is shut out", () => {
	test("is thrown out at once, stays out, and nothing is left of it on the bus; others stay", async () => {
		const [device, bystander] = [await fleet.device(), await fleet.device()];
		await expect.poll(() => online(device)).toBe(true);
		const connections = bystander.connections;
		const told = new Promise<string>((resolve) => bystander.events.on("revocations", resolve));
		await fleet.duties.registry.revoke(device.id, "stolen", "person:test");
		await expect.poll(() => device.isOnline).toBe(false);
		await expect.poll(() => fleet.row(device.id)).toMatchObject({ state: "revoked", online: false });
		expect(await told).toContain("BEGIN X509 CRL");
		const serial = serialOf(device.identity.chain);
		expect(new x509.X509Crl(fleet.ca.crl).findRevoked(serial)).toMatchObject({
			reason: x509.X509CrlReason.keyCompromise,
		});
		await expect.poll(() => retainedOf(device.id)).toEqual([]);
		expect((await retainedOf(bystander.id)).length).toBe(2);
		expect(bystander.connections).toBe(connections);
		const { chain, ca, key } = device.identity;
		const again = mqtt.connectAsync(fleet.broker.url, {
			...{ clientId: device.id, key: key.pem, cert: chain, ca, protocolVersion: 5, reconnectPeriod: 0 },
		});
		await expect(again).rejects.toThrow();
		expect(await online(device)).toBe(false);
		const [entry] = await fleet.db
			.selectFrom("audit")
			.selectAll()
			.where("action", "=", "device.revoke")
			.where("target", "=", `device:${device.id}`)
			.execute();
		expect(entry).toMatchObject({ actor: "person:test", detail: { reason: "stolen" } });
	});

	test("twice is shut out once; one that nobody knows can't be", async () => {
		const device = await fleet.device();
		await Promise.all(fleet.workers.map(({ duties }) => duties.registry.revoke(device.id, "lost", "person:test")));
		const entries = await fleet.db
			.selectFrom("audit")
			.selectAll()
			.where("action", "=", "device.revoke")
			.where("target", "=", `device:${device.id}`)
			.execute();
		expect(entries.length).toBe(1);
		await expect(fleet.duties.registry.revoke("dev-nobody-here", "lost", "x")).rejects.toMatchObject({
			code: "api.not_found",
		});
	});

	test("while nobody led, or the broker was away, is out when they are back", async () => {
		const device = await fleet.device();
		await expect.poll(() => online(device)).toBe(true);
		// As if the worker that committed it had died right then: nobody heard.
		await fleet.db
			.updateTable("certificates")
			.set({ state: "revoked", revoked_at: new Date(), reason: "lost" })
			.where("device_id", "=", device.id)
			.execute();
		await fleet.db
			.updateTable("devices")
			.set({ state: "revoked", ended_at: new Date() })
			.where("id", "=", device.id)
			.execute();
		expect(device.isOnline).toBe(true);
		const leads = await Promise.all(fleet.workers.map((worker) => worker.health()));
		const [leader] = fleet.workers.splice(
			leads.findIndex((health) => health.leads),
			1,
		);
		await leader!.close();
		await expect.poll(() => device.isOnline).toBe(false);
		await expect.poll(() => online(device)).toBe(false);
		await fleet.work(3);
	});

	test("many at once: each is out", async () => {
		const ids = Array.from({ length: 200 }, (_, index) => `dev-many-${index}`);
		const now = new Date();
		await fleet.db
			.insertInto("devices")
			.values(
				ids.map((id) => ({
					id,
					state: "active" as const,
					serial_number: "S",
					model: "M",
					firmware: "1",
					online: true,
				})),
			)
			.execute();
		await fleet.db
			.insertInto("certificates")
			.values(
				ids.map((id, index) => ({
					...{ serial: `abc${index.toString(16).padStart(29, "0")}`, device_id: id, state: "active" as const },
					...{ not_before: now, not_after: new Date(now.getTime() + 86_400_000) },
				})),
			)
			.execute();
		await Promise.all(ids.slice(0, 20).map((id) => fleet.duties.registry.revoke(id, "lost", "service")));
		const left = () =>
			fleet.db.selectFrom("devices").select("id").where("id", "in", ids).where("online", "=", true).execute();
		await expect.poll(async () => (await left()).length).toBe(180);
		const listed = new Set(new x509.X509Crl(fleet.ca.crl).entries.map(({ serialNumber }) => serialNumber));
		for (const index of [0, 19]) expect(listed).toContain(`abc${index.toString(16).padStart(29, "0")}`);
		expect(await fleet.revocations.isBehind()).toBe(false);
	});
});
