import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { takeReports } from "../../../../provisioning/service/twins/reports.ts";
import type { SimulatedDevice } from "../../../sim/fleet/SimulatedDevice.ts";
import { TestFleet } from "../fleet/TestFleet.ts";

let fleet: TestFleet;
let device: SimulatedDevice;
beforeAll(async () => {
	fleet = await TestFleet.start({ workers: 2 });
	device = await fleet.device({ name: "Amber" });
	await until(1);
});
afterAll(() => fleet?.close());

/** Waits until this revision is applied, and known to be. */
const until = (rev: number) =>
	vi.waitFor(async () => expect(await fleet.twin(device.id)).toMatchObject({ applied_rev: rev }), {
		timeout: 30_000,
		interval: 25,
	});
const desired = async () => (await fleet.twin(device.id)).desired;
const set = async (change: object, rev?: number) => {
	const twin = await fleet.twin(device.id);
	return fleet.duties.twins.setDesired(
		device.id,
		rev ?? twin.desired_rev,
		{ ...twin.desired, ...change },
		"person:test",
	);
};

describe("what a room should be", () => {
	test("is set in a new revision, reaches the device, is reported, and stands in the audit log", async () => {
		const rev = await set({ showTitles: true });
		await until(rev);
		expect(device.doc).toMatchObject({ showTitles: true });
		expect((await fleet.twin(device.id)).reported).toMatchObject({ showTitles: true });
		const [entry] = await fleet.db.selectFrom("audit").selectAll().where("action", "=", "twin.set").execute();
		expect(entry).toMatchObject({ actor: "person:test", target: `device:${device.id}`, detail: { rev } });
	});

	test("is set by one of two who read the same; the other is told which revision there is", async () => {
		const { desired_rev: rev } = await fleet.twin(device.id);
		const [other] = fleet.workers.slice(1);
		const room = { ...(await desired()).room };
		const both = await Promise.allSettled([
			fleet.duties.twins.setDesired(device.id, rev, { ...(await desired()), room: { ...room, seats: 4 } }, "person:a"),
			other!.duties.twins.setDesired(device.id, rev, { ...(await desired()), room: { ...room, seats: 5 } }, "person:b"),
		]);
		expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
		const refused = both.find(({ status }) => status === "rejected") as PromiseRejectedResult;
		expect(refused.reason).toMatchObject({ code: "api.twin_conflict", context: { rev: rev + 1 } });
		await until(rev + 1);
	});

	test("can be set only of a device that there is", async () => {
		const doc = await desired();
		await expect(fleet.duties.twins.setDesired("dev-nobody-here", 0, doc, "x")).rejects.toMatchObject({
			code: "api.not_found",
		});
	});

	test("has the directory that the service keeps, whatever is sent", async () => {
		const rev = await set({ directory: [{ id: "dev-000000000000", name: "Nowhere" }] });
		await until(rev);
		expect(device.doc?.directory).toEqual([]);
	});

	test("set many times in a row: the newest is what counts in the end", async () => {
		let rev = 0;
		for (let seats = 1; seats <= 20; seats++) rev = await set({ room: { ...(await desired()).room, seats } });
		await until(rev);
		expect(device.doc?.room.seats).toBe(20);
	});
});

describe("what a room reports", () => {
	test("counts by its number, in whichever order and however often it comes", async () => {
		const { reported_rev: last } = await fleet.twin(device.id);
		const report = (seq: number, activity: "free" | "busy" | "in_call") =>
			device.report({ seq, status: { ...device.status, activity } });
		await report(last + 1_000_003, "in_call");
		await expect.poll(async () => (await fleet.twin(device.id)).reported_rev).toBe(last + 1_000_003);
		for (const seq of [1, 3, 2]) await report(last + 1_000_000 + seq, "busy");
		await report(last + 1_000_004, "free");
		await expect.poll(async () => (await fleet.twin(device.id)).status?.activity).toBe("free");
		await report(last + 1_000_002, "busy");
		const frames = fleet.count("frames", { kind: "twinReported" });
		await report(last + 1_000_001, "busy");
		await expect.poll(() => fleet.count("frames", { kind: "twinReported" })).toBeGreaterThan(frames);
		expect((await fleet.twin(device.id)).status?.activity).toBe("free");
	});

	test("with facts and errors: both are kept", async () => {
		device.facts = { ...device.facts, firmware: "1.2.3", slot: "B" };
		const { reported_rev: last } = await fleet.twin(device.id);
		await device.report({ seq: last + 1, errors: [{ key: "room.timeZone", code: "twin.invalid" }] });
		await expect.poll(() => fleet.row(device.id)).toMatchObject({ firmware: "1.2.3", slot: "B", model: "Test box" });
		expect(await fleet.twin(device.id)).toMatchObject({ errors: [{ key: "room.timeZone", code: "twin.invalid" }] });
	});

	test("of devices that are not in the fleet is not heeded, and of two reports in one batch the newer is", async () => {
		const message = (seq: number, activity: "free" | "busy") => ({
			...{ v: 1 as const, mid: "x".repeat(22), ts: 1, seq, rev: 1, appliedRev: 1, doc: null, errors: [] },
			status: { ...device.status, activity },
			facts: device.facts,
		});
		const { reported_rev: last } = await fleet.twin(device.id);
		const frame = (id: string, seq: number, activity: "free" | "busy") =>
			({ kind: "twinReported", id, message: message(seq, activity) }) as const;
		await takeReports(
			fleet.db,
			[frame(device.id, last + 2, "busy"), frame(device.id, last + 1, "free"), frame("dev-nobody-here", 9, "free")],
			Date.now(),
		);
		expect(await fleet.twin(device.id)).toMatchObject({ reported_rev: last + 2, status: { activity: "busy" } });
	});
});

describe("the directory", () => {
	test("of each room has the others, as they come, are renamed and go", async () => {
		const beryl = await fleet.device({ name: "Beryl" });
		const names = (of: SimulatedDevice) => of.doc?.directory.map(({ name }) => name);
		expect(names(beryl)).toEqual(["Amber"]);
		await expect.poll(() => names(device)).toEqual(["Beryl"]);
		const twin = await fleet.twin(beryl.id);
		const renamed = { ...twin.desired, room: { ...twin.desired.room, name: "Coral" } };
		await fleet.duties.twins.setDesired(beryl.id, twin.desired_rev, renamed, "person:test");
		await expect.poll(() => names(device)).toEqual(["Coral"]);
		expect(device.doc?.directory).toEqual([{ id: beryl.id, name: "Coral" }]);
		await expect.poll(() => fleet.row(beryl.id)).toMatchObject({ label: "Coral" });
		await fleet.duties.registry.revoke(beryl.id, "other", "person:test");
		await expect.poll(() => names(device)).toEqual([]);
	});

	test("of rooms that did not change is left alone", async () => {
		const { desired_rev: rev } = await fleet.twin(device.id);
		await set({ showTitles: false });
		await fleet.workers[1]!.close();
		fleet.workers.splice(1, 1);
		await expect.poll(async () => (await fleet.workers[0]!.health()).leads).toBe(true);
		const other = await fleet.device({ name: "Dune" });
		await expect.poll(() => device.doc?.directory.length).toBe(1);
		await other.close();
		// One for the change, one for the new room.
		expect((await fleet.twin(device.id)).desired_rev).toBe(rev + 2);
	});
});

test("what a device has no right to say about its twin never arrives", async () => {
	const before = await fleet.twin(device.id);
	await expect(device.publish(topics.twinDesired(device.id), Buffer.from("{}"), true)).rejects.toMatchObject({
		code: "line.refused",
	});
	expect(await fleet.twin(device.id)).toEqual(before);
});
