import { afterAll, beforeAll, expect, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { x509 } from "../../../../provisioning/service/ca/x509.ts";
import { discardUnconfirmed, expireEnrolments, purge } from "../../../../provisioning/service/fleet/housekeeping.ts";
import { Leadership } from "../../../../provisioning/service/fleet/Leadership.ts";
import { serialOf } from "../../../sim/fleet/deviceKey.ts";
import { TestFleet } from "./TestFleet.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let fleet: TestFleet;
beforeAll(async () => {
	fleet = await TestFleet.start();
});
afterAll(() => fleet?.close());

const codeRow = (id: string) =>
	fleet.db.selectFrom("enrolment_codes").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

test("a certificate that nobody confirmed within an hour ends; its code can be used again", async () => {
	const { code, id } = await fleet.code();
	const identity = await fleet.enrol(code);
	expect(await discardUnconfirmed(fleet.db, Date.now() + HOUR - MINUTE)).toBe(0);
	expect(await discardUnconfirmed(fleet.db, Date.now() + HOUR + MINUTE)).toBe(1);
	expect(await fleet.row(identity.id)).toBeUndefined();
	expect(await codeRow(id)).toMatchObject({ state: "open", device_id: null });
	const listed = () => new x509.X509Crl(fleet.ca.crl).findRevoked(serialOf(identity.chain));
	await expect.poll(() => listed()?.serialNumber).toBe(serialOf(identity.chain));
	const second = fleet.simulate({ identity: await fleet.enrol(code) });
	second.start();
	await second.claimed;
	expect(await codeRow(id)).toMatchObject({ state: "used", device_id: second.id });
});

test("a confirmation that comes when the device has given up makes no member of it", async () => {
	const { code } = await fleet.code();
	const identity = await fleet.enrol(code);
	await fleet.db
		.updateTable("certificates")
		.set({ created_at: new Date(Date.now() - 10 * MINUTE) })
		.where("device_id", "=", identity.id)
		.execute();
	const device = fleet.simulate({ identity });
	device.start();
	const confirms = fleet.count("frames", { kind: "enrolConfirm" });
	await expect.poll(() => fleet.count("frames", { kind: "enrolConfirm" })).toBeGreaterThan(confirms);
	await expect.poll(async () => (await fleet.row(identity.id))?.online).toBe(true);
	expect(await fleet.row(identity.id)).toMatchObject({ state: "pending" });
	expect(device.appliedRev).toBe(0);
	await device.close();
});

test("a code ends after a day, with its secret; tries and attempts are forgotten", async () => {
	const { code, id } = await fleet.code();
	await expect(fleet.enrol(`${code.slice(0, 4)}${"0".repeat(12)}`)).rejects.toThrow();
	await expireEnrolments(fleet.db, Date.now() + 23 * HOUR);
	expect(await codeRow(id)).toMatchObject({ state: "open" });
	await expireEnrolments(fleet.db, Date.now() + 25 * HOUR);
	expect(await codeRow(id)).toMatchObject({ state: "expired", secret_sealed: null });
	for (const table of ["enrolment_attempts", "enrolment_tries"] as const) {
		expect(await fleet.db.selectFrom(table).selectAll().execute()).toEqual([]);
	}
});

test("what was asked of devices is kept for thirty days", async () => {
	const device = await fleet.device();
	await expect.poll(async () => (await fleet.row(device.id))?.online).toBe(true);
	await fleet.duties.commands.send(device.id, { op: "doctor", args: {} }, "person:test");
	const commands = () => fleet.db.selectFrom("commands").select("mid").execute();
	await purge(fleet.db, Date.now() + 29 * 24 * HOUR);
	expect((await commands()).length).toBe(1);
	await purge(fleet.db, Date.now() + 31 * 24 * HOUR);
	expect(await commands()).toEqual([]);
});

test("one of several leads; when its connection breaks another does, and it does not believe that it still does", async () => {
	const { url } = await fleet.databases.fresh();
	const clocks = [new ManualClock(), new ManualClock()];
	const said: string[] = [];
	const two = clocks.map(
		(clock, index) => new Leadership({ url, clock, changed: (leads) => said.push(`${index} ${leads}`) }),
	);
	two[0]!.start();
	await expect.poll(() => said).toEqual(["0 true"]);
	two[1]!.start();
	await fleet.databases.admin(
		"select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and objid = 1818583396",
	);
	await expect.poll(() => said).toContain("0 false");
	await expect
		.poll(() => {
			for (const clock of clocks) clock.advance(2000);
			return two.filter(({ leads }) => leads).length;
		})
		.toBe(1);
	const [leader, other] = two[0]!.leads ? two : two.toReversed();
	await leader!.close();
	await expect
		.poll(() => {
			for (const clock of clocks) clock.advance(2000);
			return other!.leads;
		})
		.toBe(true);
	await other!.close();
});
