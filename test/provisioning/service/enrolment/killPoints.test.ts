import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SimulatedDevice } from "../../../sim/fleet/SimulatedDevice.ts";
import { TestFleet } from "../fleet/TestFleet.ts";

let fleet: TestFleet;
beforeAll(async () => {
	fleet = await TestFleet.start({ workers: 2 });
});
afterAll(() => fleet?.close());

const kill = (pid: number | null) => pid !== null && process.kill(pid, "SIGKILL");
/** Ends in order and is started again: what was committed stays. */
const stopDatabase = () => process.kill(fleet.databases.postgres.pid as number, "SIGINT");

/** Moments of an enrolment at which a fault can strike. */
const moments = ["hello", "challenge", "csr", "issued", "connected", "confirmed", "claimed"] as const;
type Moment = (typeof moments)[number];

/** What is in the way, and when it can matter; how long it stays there is up to the daemon that starts it again. */
const faults: [string, readonly Moment[], () => void][] = [
	["the devices' broker is killed", moments, () => kill(fleet.broker.pid)],
	["the bootstrap broker is killed", ["hello", "challenge", "csr", "issued"], () => kill(fleet.broker.bootstrapPid)],
	[
		"both brokers are killed",
		["csr", "connected"],
		() => {
			kill(fleet.broker.pid);
			kill(fleet.broker.bootstrapPid);
		},
	],
	["the database ends", moments, stopDatabase],
];

/** An enrolment as an agent does it; calls `at` at each of its moments. */
async function enrol(code: string, at: (moment: Moment) => void): Promise<SimulatedDevice> {
	const identity = await fleet.enrol(code, {
		tamper: (message) => {
			// The message is on its way when the fault strikes.
			setImmediate(() => at(message.op));
			return message;
		},
		heard: ({ op }) => (op === "challenge" || op === "issued") && at(op),
	});
	const device = fleet.simulate({ identity });
	device.events.on("online", () => at("confirmed"));
	device.start();
	await expect.poll(() => device.connections).toBeGreaterThan(0);
	at("connected");
	await device.claimed;
	at("claimed");
	return device;
}

describe.each(faults)("%s", (_, when, strike) => {
	test.each(when)("at %s: the room is in the fleet in the end, once, in its eyes and in ours", async (moment) => {
		const name = `Room of ${moment}`;
		const { code, id } = await fleet.code(name);
		let struck = false;
		const device = await enrol(code, (now) => {
			if (now !== moment || struck) return;
			struck = true;
			strike();
		});
		expect(struck).toBe(true);
		await expect.poll(() => fleet.row(device.id).catch(() => null)).toMatchObject({ state: "active", online: true });
		await expect.poll(() => fleet.twin(device.id).catch(() => null)).toMatchObject({ applied_rev: 1 });
		const [code_] = await fleet.db
			.selectFrom("enrolment_codes")
			.select(["state", "device_id"])
			.where("id", "=", id)
			.execute();
		expect(code_).toEqual({ state: "used", device_id: device.id });
		// Nothing is left of what was issued on the way.
		const rooms = await fleet.db.selectFrom("devices").select(["id", "state"]).where("label", "=", name).execute();
		expect(rooms.filter(({ state }) => state === "pending")).toEqual([]);
		await device.close();
	});
});
