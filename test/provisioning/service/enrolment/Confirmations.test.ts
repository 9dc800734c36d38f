import { afterAll, beforeAll, expect, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { silentLog } from "../../../../device/core/log.ts";
import { decodePayload } from "../../../../provisioning/contract/envelope.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { twinDesired } from "../../../../provisioning/contract/twin.ts";
import { Counters } from "../../../../provisioning/service/bus/Counters.ts";
import { newEnvelope } from "../../../../provisioning/service/bus/message.ts";
import { Confirmations } from "../../../../provisioning/service/enrolment/Confirmations.ts";
import { seedRooms } from "../../../sim/fleet/seedRooms.ts";
import { TestDatabases } from "../db/TestDatabase.ts";

let databases: TestDatabases;
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());

test("rooms that never reported are told their twins again, all at once, and none while its twin is on its way", async () => {
	const { db } = await databases.fresh();
	const clock = new ManualClock(Date.now());
	const ids = await seedRooms(db, 40, clock.now());
	const deaf = ids.slice(10);
	await db.updateTable("twins").set({ reported_at: null }).where("device_id", "in", deaf).execute();
	const confirmations = new Confirmations({ db, clock, log: silentLog, counters: new Counters() });
	const certificates = await db.selectFrom("certificates").select(["device_id", "serial"]).execute();
	const frames = certificates.map(({ device_id, serial }) => {
		const message = { ...newEnvelope(clock.now()), serial };
		return { kind: "enrolConfirm" as const, id: device_id as string, message };
	});

	await confirmations.take([...frames, ...frames]);
	const told = await db.selectFrom("outbound").selectAll().orderBy("topic").execute();
	expect(told.map(({ topic }) => topic)).toEqual(deaf.map((id) => topics.twinDesired(id)));
	expect(told.every(({ retain, version }) => retain && version === 1)).toBe(true);
	const first = decodePayload(twinDesired, told[0]?.payload as Uint8Array);
	expect(first).toMatchObject({ ok: true, value: { rev: 3, doc: { room: { name: "Jagst" } } } });

	// Asked again before it was published: that would only be the same once more.
	await confirmations.take(frames);
	expect(await db.selectFrom("outbound").selectAll().orderBy("topic").execute()).toEqual(told);
	await db
		.deleteFrom("outbound")
		.where("topic", "=", told[0]?.topic as string)
		.execute();
	await confirmations.take(frames);
	const again = await db.selectFrom("outbound").select(["topic", "version"]).orderBy("topic").execute();
	expect(again).toEqual(told.map(({ topic, version }) => ({ topic, version })));
});
