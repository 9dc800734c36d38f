import { afterAll, beforeAll, expect, test } from "vitest";
import { purgeEvents, storeEvents } from "../../../../provisioning/service/events/events.ts";
import { random16 } from "../../../sim/fleet/enrolDevice.ts";
import type { SimulatedDevice } from "../../../sim/fleet/SimulatedDevice.ts";
import { TestFleet } from "../fleet/TestFleet.ts";

let fleet: TestFleet;
let device: SimulatedDevice;
beforeAll(async () => {
	fleet = await TestFleet.start({ workers: 2 });
	device = await fleet.device();
});
afterAll(() => fleet?.close());

const stored = async (id = device.id): Promise<string[]> =>
	(await fleet.db.selectFrom("events").select("mid").where("device_id", "=", id).orderBy("id").execute()).map(
		({ mid }) => mid,
	);
const envelope = () => ({ v: 1 as const, mid: random16(), ts: Date.now() });

test("what a device tells is kept with its time and content, once however often it comes", async () => {
	const one = envelope();
	for (let index = 0; index < 5; index++) await device.tell("trouble", { code: "camera.lost", over: false }, one);
	await device.tell("call.ended", { reason: "call.left", seconds: 61, verified: true });
	await expect.poll(async () => (await stored()).length).toBe(2);
	const [first] = await fleet.db.selectFrom("events").selectAll().where("mid", "=", one.mid).execute();
	expect(first).toMatchObject({
		device_id: device.id,
		type: "trouble",
		ts: new Date(one.ts),
		data: { code: "camera.lost", over: false },
	});
});

test("the same message id of another device is another event; of nobody's device none", async () => {
	const other = await fleet.device();
	const { mid } = envelope();
	const frame = (id: string) =>
		({
			kind: "event",
			id,
			type: "trouble",
			message: { v: 1, mid, ts: 1, data: { code: "camera.lost", over: true } },
		}) as const;
	const frames = [frame(device.id), frame(other.id), frame(device.id), frame("dev-nobody-here")];
	expect(await storeEvents(fleet.db, frames, Date.now())).toBe(2);
	expect(await storeEvents(fleet.db, frames, Date.now())).toBe(0);
});

test("a clock that is far off is no reason to lose what it says", async () => {
	const [past, future] = [0, Number.MAX_SAFE_INTEGER].map((ts) => ({ ...envelope(), ts }));
	await device.tell("trouble", { code: "camera.lost", over: true }, past);
	await device.tell("trouble", { code: "camera.lost", over: true }, future);
	await expect.poll(() => stored()).toEqual(expect.arrayContaining([past!.mid, future!.mid]));
});

test("an outbox whose replay is broken twice arrives whole, and nothing of it twice", async () => {
	// As an agent keeps it: a row goes when the broker has it and a worker was there to hear it.
	const outbox = new Map(Array.from({ length: 600 }, () => envelope()).map((one) => [one.mid, one]));
	const all = [...outbox.keys()].sort();
	const before = new Set(await stored());
	const kills = [500, 250];
	while (outbox.size > 0) {
		await expect.poll(() => device.isOnline).toBe(true);
		const some = [...outbox.values()].slice(0, 40).map(async (one) => {
			const delivery = await device.tell("trouble", { code: "camera.lost", over: false }, one);
			if (delivery === "delivered") outbox.delete(one.mid);
			if (kills.length === 0 || outbox.size > kills[0]!) return;
			kills.shift();
			process.kill(fleet.broker.pid as number, "SIGKILL");
		});
		await Promise.allSettled(some);
	}
	expect(kills).toEqual([]);
	const arrived = async () => (await stored()).filter((mid) => !before.has(mid));
	await expect.poll(async () => (await arrived()).length).toBeGreaterThanOrEqual(600);
	expect((await arrived()).sort()).toEqual(all);
});

test("a database that is gone for a while holds events up, and loses none", async () => {
	const before = (await stored()).length;
	await expect.poll(() => device.isOnline).toBe(true);
	const told = Array.from({ length: 300 }, () => envelope());
	process.kill(fleet.databases.postgres.pid as number, "SIGINT");
	for (const one of told) await device.tell("trouble", { code: "camera.lost", over: false }, one);
	await expect.poll(async () => (await stored().catch(() => [])).length).toBe(before + 300);
});

test("events are kept for thirty days by our clock, and no longer", async () => {
	const day = 86_400_000;
	const now = Date.now();
	await fleet.db
		.updateTable("events")
		.set({ received_at: new Date(now - 31 * day) })
		.where("device_id", "=", device.id)
		.execute();
	await device.tell("trouble", { code: "camera.lost", over: false });
	await expect
		.poll(
			async () =>
				(
					await fleet.db
						.selectFrom("events")
						.select("id")
						.where("received_at", ">", new Date(now - day))
						.execute()
				).length,
		)
		.toBeGreaterThan(0);
	const old = (await stored()).length - 1;
	expect(await purgeEvents(fleet.db, now - 2 * day)).toBe(0);
	// some that were told before may have come since
	expect(await purgeEvents(fleet.db, now)).toBeGreaterThanOrEqual(old);
	expect((await stored()).length).toBe(1);
});
