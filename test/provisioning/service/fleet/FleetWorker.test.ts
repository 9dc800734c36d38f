import { afterAll, beforeAll, expect, test } from "vitest";
import { TestFleet } from "./TestFleet.ts";

let fleet: TestFleet;
beforeAll(async () => {
	fleet = await TestFleet.start();
});
afterAll(() => fleet?.close());

test("a code that was typed makes a device of the fleet: issued, confirmed, told its twin, seen", async () => {
	const { code, id: codeId } = await fleet.code("Amber");
	const begun = performance.now();
	const identity = await fleet.enrol(code);
	const issued = performance.now();
	const device = fleet.simulate({ identity });
	expect((await fleet.row(identity.id))?.state).toBe("pending");
	device.start();
	await device.claimed;
	console.log("issued", issued - begun, "claimed", performance.now() - begun);
	expect(device.doc?.room.name).toBe("Amber");
	await expect.poll(() => fleet.row(device.id)).toMatchObject({ state: "active", online: true, label: "Amber" });
	await expect.poll(() => fleet.twin(device.id)).toMatchObject({ desired_rev: 1, applied_rev: 1 });
	const row = await fleet.db
		.selectFrom("enrolment_codes")
		.selectAll()
		.where("id", "=", codeId)
		.executeTakeFirstOrThrow();
	expect(row).toMatchObject({ state: "used", secret_sealed: null, device_id: device.id });
});
