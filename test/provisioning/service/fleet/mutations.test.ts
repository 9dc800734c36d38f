import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { topics } from "../../../../provisioning/contract/topics.ts";
import type { SimulatedDevice } from "../../../sim/fleet/SimulatedDevice.ts";
import { seeded } from "../../../sim/seeded.ts";
import { goodFrames } from "../bus/frames.ts";
import { BootstrapClient } from "../enrolment/BootstrapClient.ts";
import { TestFleet } from "./TestFleet.ts";

let fleet: TestFleet;
let device: SimulatedDevice;
beforeAll(async () => {
	fleet = await TestFleet.start({ workers: 2, worker: { limits: { beginnings: { burst: 1e6, perSecond: 1e6 } } } });
	device = await fleet.device();
});
afterAll(() => fleet?.close());

/** A good message with something else in one place, or noise in its place. */
const mutated = (message: object): fc.Arbitrary<string> => {
	const keys = Object.keys(message);
	const value = fc.oneof(
		fc.constantFrom<unknown>(
			-1,
			2 ** 53,
			1e300,
			null,
			[],
			{},
			"\u0000",
			"\ud800x",
			"x".repeat(40_000),
			"'; drop table devices; --",
		),
		fc.jsonValue({ maxDepth: 4 }),
		fc.integer(),
		fc.string(),
	);
	return fc.oneof(
		fc.tuple(fc.constantFrom(...keys), value).map(([key, other]) => JSON.stringify({ ...message, [key]: other })),
		fc.constantFrom(...keys).map((key) => JSON.stringify({ ...message, [key]: undefined })),
		fc.string(),
		fc.nat(200).map((depth) => "[".repeat(depth * 100)),
	);
};

test("whatever a device of the fleet says on any topic that it may write, the service goes on and others are not touched", async () => {
	const other = await fleet.device({ name: "Untouched" });
	await expect.poll(async () => (await fleet.twin(other.id)).applied_rev).toBeGreaterThan(0);
	const untouched = async () => {
		const { desired, reported, status, errors } = await fleet.twin(other.id);
		const { state, online, label, model, firmware, slot } = (await fleet.row(other.id))!;
		return { desired, reported, status, errors, state, online, label, model, firmware, slot };
	};
	const before = await untouched();
	// a device that says it was reset is none of the fleet any more, and some changes leave that said
	const reset = topics.event(device.id, "device.reset");
	const frames = goodFrames(device.id).filter(({ kind, topic }) => kind !== "enrolUp" && topic !== reset);
	for (const { topic, message } of frames) {
		for (const text of seeded(mutated(message), { of: topic, count: 60 })) {
			await expect.poll(() => device.isOnline).toBe(true);
			// What is larger than the broker takes ends the connection.
			await device.publish(topic, Buffer.from(text)).catch(() => {});
		}
	}
	// It still works, for this device too.
	await expect.poll(() => device.isOnline).toBe(true);
	await device.tell("trouble", { code: "camera.lost", over: false });
	await expect
		.poll(async () => (await fleet.db.selectFrom("events").select("id").where("type", "=", "trouble").execute()).length)
		.toBeGreaterThan(0);
	expect(fleet.count("frames_refused")).toBeGreaterThan(300);
	expect(fleet.count("frames_failed")).toBe(0);
	expect(await untouched()).toEqual(before);
	expect(await Promise.all(fleet.workers.map((worker) => worker.health()))).toMatchObject([
		{ broker: true, database: true },
		{ broker: true, database: true },
	]);
	// Counted by kind and reason; its words are nowhere.
	const log = fleet.log.join("");
	expect(log).not.toContain("drop table");
});

test("whatever somebody says on the bootstrap listener, a device can still enrol", async () => {
	const client = await BootstrapClient.connect(fleet.broker.bootstrapUrl!);
	for (const { topic, message } of goodFrames(device.id).filter(({ kind }) => kind === "enrolUp")) {
		for (const text of seeded(mutated(message), { of: topic, count: 60 }).filter(({ length }) => length < 30_000)) {
			await client.publish(topics.enrolUp(client.nonce), Buffer.from(text));
		}
	}
	await client.close();
	expect(fleet.count("frames_refused", { kind: "enrolUp" })).toBeGreaterThan(30);
	await fleet.device();
	expect(fleet.count("frames_failed")).toBe(0);
});

test("what a device has no right to write does not arrive, and is no reason for it to be cut off", async () => {
	const other = fleet.devices.find(({ id }) => id !== device.id)!;
	const refused = fleet.count("frames_refused");
	await expect.poll(() => device.isOnline).toBe(true);
	const { connections } = device;
	const topicsOfOther = goodFrames(other.id).map(({ topic }) => topic);
	for (const topic of [
		...topicsOfOther,
		topics.twinDesired(other.id),
		topics.revocations(),
		"ic/1/fleet/x",
		"$SYS/x",
	]) {
		await expect(device.publish(topic, Buffer.from("{}"))).rejects.toMatchObject({ code: "line.refused" });
	}
	expect(device.connections).toBe(connections);
	const { reported_rev: last } = await fleet.twin(device.id);
	await device.report();
	await expect.poll(async () => (await fleet.twin(device.id)).reported_rev).toBeGreaterThan(last);
	expect(fleet.count("frames_refused")).toBe(refused);
});
