import mqtt from "mqtt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { TestFleet } from "./TestFleet.ts";

let fleet: TestFleet;
beforeAll(async () => {
	fleet = await TestFleet.start();
});
afterAll(() => fleet?.close());

const online = async (id: string) => (await fleet.row(id))?.online;
const killBroker = () => process.kill(fleet.broker.pid as number, "SIGKILL");
async function closeWorkers(): Promise<void> {
	for (const worker of fleet.workers.splice(0)) await worker.close();
}
/** What the broker keeps for a device, as it finds it on coming back. */
async function keptFor(identity: Awaited<ReturnType<TestFleet["enrol"]>>): Promise<Map<string, string>> {
	const client = await mqtt.connectAsync(fleet.broker.url, {
		...{ clientId: identity.id, key: identity.key.pem, cert: identity.chain, ca: identity.ca, protocolVersion: 5 },
	});
	const heard = new Map<string, string>();
	client.on("message", (topic, payload, { retain }) => retain && heard.set(topic, payload.toString()));
	// What is kept for one comes before the answer to the next.
	const own = [topics.twinDesired(identity.id), topics.jobNext(identity.id), topics.revocations()];
	for (const topic of [...own, topics.certificateResponse(identity.id)]) await client.subscribeAsync(topic, { qos: 1 });
	await client.endAsync(true);
	return heard;
}

test("a broker that has lost everything is told again: twins, jobs, revocations; devices come back and are seen", async () => {
	const device = await fleet.device();
	await fleet.duties.rollouts.create(
		{
			name: "1.0.1",
			spec: { version: "1.0.1", digest: "0".repeat(64), bytes: 1, url: "https://x.example/a", deadline: null },
		},
		"person:test",
	);
	const offered = new Promise((resolve) => device.events.on("job", resolve));
	expect(await offered).toMatchObject({ spec: { version: "1.0.1" } });
	const { identity } = device;
	const { connections } = device;
	killBroker();
	await expect.poll(() => device.connections).toBeGreaterThan(connections);
	await expect.poll(() => online(device.id)).toBe(true);
	await device.close();
	const kept = async () => [...(await keptFor(identity).catch(() => new Map<string, string>())).keys()].sort();
	await expect
		.poll(kept)
		.toEqual([topics.jobNext(device.id), topics.twinDesired(device.id), topics.revocations()].sort());
	expect((await keptFor(identity)).get(topics.revocations())).toContain("BEGIN X509 CRL");
});

test("what devices said while no worker was there is taken in when one is: shared subscriptions have no retained messages", async () => {
	const device = await fleet.device();
	await expect.poll(() => online(device.id)).toBe(true);
	await closeWorkers();
	await device.close();
	const back = fleet.simulate({ identity: device.identity });
	back.status = { ...back.status, activity: "busy" };
	back.appliedRev = 1;
	back.start();
	await expect.poll(() => back.connections).toBe(1);
	await back.report();
	expect((await fleet.twin(device.id)).status?.activity).toBe("free");
	await fleet.work(1);
	await expect.poll(async () => (await fleet.twin(device.id)).status?.activity).toBe("busy");
	await expect.poll(async () => (await fleet.row(device.id))?.presence_epoch).toBe(back.epoch);
	expect(await online(device.id)).toBe(true);
	await back.close();
});

test("who went while broker and service were away is found to be gone, but not before it could be back", async () => {
	const [gone, stays] = [await fleet.device(), await fleet.device()];
	await expect.poll(async () => [await online(gone.id), await online(stays.id)]).toEqual([true, true]);
	await closeWorkers();
	killBroker();
	// Its last will died with the broker.
	await gone.close();
	const { connections } = stays;
	await expect.poll(() => stays.connections).toBeGreaterThan(connections);
	const clock = new ManualClock(Date.now());
	await fleet.work(1, { clock });
	const heard = async () => (await fleet.row(stays.id))?.presence_epoch;
	await expect.poll(heard).toBe(stays.epoch);
	// The wait for what the broker keeps, then for those who come back late.
	clock.advance(2000);
	expect(await online(gone.id)).toBe(true);
	await expect
		.poll(() => {
			clock.advance(30_000);
			return online(gone.id);
		})
		.toBe(false);
	expect(await online(stays.id)).toBe(true);
	expect(fleet.log.filter((line) => line.includes("fleet.census")).length).toBeGreaterThan(0);
});
