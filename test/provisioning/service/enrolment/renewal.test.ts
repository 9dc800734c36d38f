import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { x509 } from "../../../../provisioning/service/ca/x509.ts";
import { endSuperseded } from "../../../../provisioning/service/fleet/housekeeping.ts";
import { newDeviceKey, requestFor, serialOf } from "../../../sim/fleet/deviceKey.ts";
import type { DeviceIdentity } from "../../../sim/fleet/enrolDevice.ts";
import type { SimulatedDevice } from "../../../sim/fleet/SimulatedDevice.ts";
import { TestFleet } from "../fleet/TestFleet.ts";

let fleet: TestFleet;
beforeAll(async () => {
	fleet = await TestFleet.start({ workers: 2 });
});
afterAll(() => fleet?.close());

const certificates = async (device: SimulatedDevice) => {
	const rows = await fleet.db.selectFrom("certificates").selectAll().where("device_id", "=", device.id).execute();
	return Object.fromEntries(rows.map(({ serial, state }) => [serial, state]));
};
const listed = () => new Set(new x509.X509Crl(fleet.ca.crl).entries.map(({ serialNumber }) => serialNumber));

test.each([
	["a new key", false],
	["the key that it has", true],
])(
	"a certificate for %s comes over the bus; the old one ends a while after the new one was seen",
	async (_, sameKey) => {
		const device = await fleet.device();
		const old = serialOf(device.identity.chain);
		const before = device.identity;
		const identity = await device.renew({ sameKey, use: false });
		const serial = serialOf(identity.chain);
		expect(await certificates(device)).toEqual({ [old]: "active", [serial]: "pending" });
		expect(new x509.X509Certificate(identity.chain).subject).toBe(`CN=${device.id}`);
		expect(identity.key === before.key).toBe(sameKey);
		device.use(identity);
		await expect.poll(() => certificates(device)).toEqual({ [old]: "superseded", [serial]: "active" });
		// Not at once: a connection by the old one may be on its way.
		expect(await endSuperseded(fleet.db, Date.now())).toBe(0);
		expect(await endSuperseded(fleet.db, Date.now() + 11 * 60_000)).toBe(1);
		await expect.poll(() => listed().has(old)).toBe(true);
		expect(listed().has(serial)).toBe(false);
		expect(await fleet.row(device.id)).toMatchObject({ state: "active" });
		const connections = device.connections;
		device.drop();
		await expect.poll(() => device.connections).toBe(connections + 1);
	},
);

test("a confirmation that comes again, from before the renewal, ends nothing", async () => {
	const device = await fleet.device();
	const old = serialOf(device.identity.chain);
	const identity = await device.renew({ use: false });
	await device.confirm(old);
	await device.confirm("ff");
	await device.confirm(old);
	device.status = { ...device.status, activity: "busy" };
	await device.report();
	await expect.poll(async () => (await fleet.twin(device.id)).status?.activity).toBe("busy");
	expect(await certificates(device)).toEqual({ [old]: "active", [serialOf(identity.chain)]: "pending" });
	// Nor does another device's word.
	const other = await fleet.device();
	await other.confirm(serialOf(identity.chain));
	expect((await certificates(device))[serialOf(identity.chain)]).toBe("pending");
});

test("an answer that was lost is asked for again; the one that is used counts, those before it end", async () => {
	const device = await fleet.device();
	const old = serialOf(device.identity.chain);
	const lost = serialOf((await device.renew({ use: false })).chain);
	const used = serialOf((await device.renew()).chain);
	await expect
		.poll(() => certificates(device))
		.toEqual({ [old]: "superseded", [lost]: "superseded", [used]: "active" });
});

test("a request for another's name, noise, or too many of them: refused, and the device stays as it is", async () => {
	const device = await fleet.device();
	const other = await fleet.device();
	const key = await newDeviceKey();
	const refused = async (request: Uint8Array, code: string) =>
		expect(device.renew({ request, use: false })).rejects.toMatchObject({ code });
	await refused(await requestFor(key, `CN=${other.id}`), "enrol.csr_refused");
	await refused(await requestFor(key, "CN=fleet-service-1"), "enrol.csr_refused");
	await refused(new Uint8Array(randomBytes(100)), "enrol.csr_refused");
	expect(Object.values(await certificates(device))).toEqual(["active"]);
	for (let index = 0; index < 3; index++) await device.renew({ use: false });
	await refused(await requestFor(key), "enrol.too_many");
	expect(Object.values(await certificates(device)).sort()).toEqual(["active", "pending", "pending", "pending"]);
	// An hour later it may ask again.
	await fleet.db
		.updateTable("certificates")
		.set({ created_at: new Date(Date.now() - 3_700_000) })
		.where("device_id", "=", device.id)
		.execute();
	await device.renew();
	await expect
		.poll(async () => Object.values(await certificates(device)).sort())
		.toEqual(["active", "superseded", "superseded", "superseded", "superseded"]);
});

test("with the broker killed in between, the device has a certificate that counts, in its eyes and in ours", async () => {
	const device = await fleet.device();
	for (const moment of ["asked", "answered", "in use"] as const) {
		const kill = (now: string) => now === moment && process.kill(fleet.broker.pid as number, "SIGKILL");
		const renewing = renewAsAgent(device);
		kill("asked");
		const identity = await renewing;
		kill("answered");
		device.use(identity);
		kill("in use");
		await expect.poll(() => device.isOnline).toBe(true);
		await expect.poll(async () => (await certificates(device))[serialOf(identity.chain)]).toBe("active");
	}
});

/** Asks again, if the line breaks before the answer is there. */
async function renewAsAgent(device: SimulatedDevice): Promise<DeviceIdentity> {
	for (;;) {
		if (!device.isOnline) await expect.poll(() => device.isOnline).toBe(true);
		const lost = new Promise<null>((resolve) => device.events.on("offline", () => resolve(null)));
		const identity = await Promise.race([device.renew({ use: false }).catch(() => null), lost]);
		if (identity) return identity;
	}
}
