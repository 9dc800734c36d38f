import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../../../device/core/clock.ts";
import { silentLog } from "../../../../device/core/log.ts";
import { Refusals } from "../../../../provisioning/agent/Refusals.ts";
import { AgentStore } from "../../../../provisioning/agent/store/AgentStore.ts";
import { Outbox, type OutboxRow } from "../../../../provisioning/agent/store/Outbox.ts";
import { OutboxSender } from "../../../../provisioning/agent/store/OutboxSender.ts";
import { encodePayload } from "../../../../provisioning/contract/envelope.ts";
import { deviceEvent } from "../../../../provisioning/contract/events.ts";
import { serviceNamePrefix, topics } from "../../../../provisioning/contract/topics.ts";
import { BrokerLine } from "../../../../provisioning/line/BrokerLine.ts";
import { ServiceLine } from "../../../../provisioning/service/bus/ServiceLine.ts";
import { purgeEvents, storeEvents } from "../../../../provisioning/service/events/events.ts";
import { ANNOUNCEMENTS, announce, readAnnouncement } from "../../../../provisioning/service/fleet/announcements.ts";
import { takeResets } from "../../../../provisioning/service/registry/resets.ts";
import { type DeviceIdentity, random16 } from "../../../sim/fleet/enrolDevice.ts";
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
const trouble = (id: string, mid: string): OutboxRow => {
	const said = { ...envelope(), mid, data: { code: "camera.lost", over: false } };
	return { mid, topic: topics.event(id, "trouble"), payload: encodePayload(deviceEvent("trouble"), said) };
};

/** What of an agent tells: the outbox on its disk, and a line, on which it speaks when somebody `hears`. */
function agentOf({ id: self, key, chain, ca, brokers }: DeviceIdentity, folder: string, hears: () => boolean) {
	const clock = systemClock;
	const store = new AgentStore(join(folder, "agent.db"), silentLog);
	const outbox = new Outbox(store, silentLog);
	const tls = { key: key.pem, certificate: chain, ca };
	const target = () => ({ url: brokers[0] as string, clientId: self, tls });
	const line = new BrokerLine({ target, clock, log: silentLog, random: () => 0.2 });
	const sender = new OutboxSender({ outbox, line, self, clock, refusals: new Refusals({ log: silentLog, clock }) });
	line.events.on("opened", async () => {
		await vi.waitUntil(() => hears() || !line.isOpen, { timeout: 30_000 });
		sender.opened();
	});
	const end = async () => {
		sender.close();
		await line.close();
		store.close();
	};
	return { outbox, line, end };
}

/** Takes all that the broker has and gets no further with it: what the broker has acknowledged is in no database, and goes with its memory. */
async function stuckWorker(): Promise<ServiceLine> {
	const number = 3;
	const { key, chain } = await fleet.ca.issueWorker(number);
	const line = new ServiceLine({
		url: fleet.broker.serviceUrl,
		name: `${serviceNamePrefix}${number}`,
		identity: () => ({ key, certificate: chain, ca: fleet.ca.certificate }),
		filters: [`$share/fleet/${topics.event("+", "+")}`],
		receive: () => {},
		clock: systemClock,
		log: silentLog,
		random: () => 0.1,
	});
	line.open();
	await expect.poll(() => line.isOpen).toBe(true);
	return line;
}

test("what a device tells is kept with its time and content, once however often it comes", async () => {
	const one = envelope();
	for (let index = 0; index < 5; index++) await device.tell("trouble", { code: "camera.lost", over: false }, one);
	await device.tell("call.ended", { reason: "call.left", seconds: 61, verified: true });
	await expect.poll(async () => (await stored()).length).toBe(2);
	// As an outbox does on a new line: what came later has come already.
	await device.tell("trouble", { code: "camera.lost", over: false }, one);
	const last = envelope();
	await device.tell("trouble", { code: "camera.lost", over: true }, last);
	await expect.poll(() => stored()).toContain(last.mid);
	expect(await stored()).toHaveLength(3);
	const [first] = await fleet.db.selectFrom("events").selectAll().where("mid", "=", one.mid).execute();
	expect(first).toMatchObject({
		device_id: device.id,
		type: "trouble",
		ts: new Date(one.ts),
		data: { code: "camera.lost", over: false },
	});
});

test("whoever watches hears that something was told, and not of what was told before", async () => {
	const one = envelope();
	const heard: boolean[] = [];
	const listening = new Promise<void>((resolve) => {
		const stop = fleet.database.listen(ANNOUNCEMENTS, (payload) => {
			// the first one only says that it listens now
			if (payload === null) return resolve();
			heard.push(readAnnouncement(payload).events);
		});
		onTestFinished(stop);
	});
	await listening;
	const tell = () =>
		storeEvents(
			fleet.db,
			[
				{
					kind: "event",
					id: device.id,
					type: "trouble",
					message: { ...one, data: { code: "camera.lost", over: true } },
				},
			],
			Date.now(),
		);
	expect(await tell()).toBe(1);
	await expect.poll(() => heard.filter(Boolean)).toHaveLength(1);
	expect(await tell()).toBe(0);
	await announce(fleet.db, { enrolments: true });
	await expect.poll(() => heard.at(-1)).toBe(false);
	expect(heard.filter(Boolean)).toHaveLength(1);
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

test("whose panel has let it forget the fleet is out of it, once, as if it had been asked to leave", async () => {
	const leaving = await fleet.device();
	const said = envelope();
	await leaving.tell("device.reset", {}, said);
	await expect.poll(async () => (await fleet.row(leaving.id))?.state).toBe("retired");
	expect(await stored(leaving.id)).toEqual([said.mid]);
	await takeResets(fleet.duties.registry, [
		{ kind: "event", id: leaving.id, type: "device.reset", message: { ...said, data: {} } },
		{ kind: "event", id: "dev-nobody-here", type: "device.reset", message: { ...said, data: {} } },
		{ kind: "event", id: device.id, type: "trouble", message: { ...said, data: { code: "camera.lost", over: true } } },
	]);
	expect((await fleet.row(device.id))?.state).toBe("active");
	const audit = await fleet.db.selectFrom("audit").selectAll().where("action", "=", "device.retire").execute();
	expect(audit.map(({ actor, target }) => [actor, target])).toEqual([[`device:${leaving.id}`, `device:${leaving.id}`]]);
});

test("a clock that is far off is no reason to lose what it says", async () => {
	const [past, future] = [0, Number.MAX_SAFE_INTEGER].map((ts) => ({ ...envelope(), ts }));
	await device.tell("trouble", { code: "camera.lost", over: true }, past);
	await device.tell("trouble", { code: "camera.lost", over: true }, future);
	await expect.poll(() => stored()).toEqual(expect.arrayContaining([past!.mid, future!.mid]));
});

test("an outbox whose replay is broken twice arrives whole, and nothing of it twice", async () => {
	const simulated = await fleet.device();
	await simulated.close();
	const { identity } = simulated;
	const folder = await mkdtemp(join(tmpdir(), "incamera-events-test-"));
	onTestFinished(() => rm(folder, { recursive: true, force: true }));
	for (const worker of fleet.workers.splice(0)) await worker.close();
	const stuck = await stuckWorker();
	const first = agentOf(identity, folder, () => stuck.isOpen);
	const all = Array.from({ length: 300 }, () => random16());
	for (const mid of all) first.outbox.add(trouble(identity.id, mid));
	first.line.open();
	for (const left of [250, 125]) {
		await expect.poll(() => first.outbox.size).toBeLessThanOrEqual(left);
		const { pid } = fleet.broker;
		process.kill(pid as number, "SIGKILL");
		await expect.poll(() => fleet.broker.pid).not.toBe(pid);
	}
	// The device starts anew too, and workers that work are back.
	await first.end();
	await stuck.quiesce();
	await stuck.close();
	expect(await stored(identity.id)).toEqual([]);
	for (const number of [1, 2]) await fleet.work(number);
	const second = agentOf(identity, folder, () => true);
	second.line.open();
	await expect.poll(async () => (await stored(identity.id)).length).toBeGreaterThanOrEqual(300);
	expect((await stored(identity.id)).sort()).toEqual(all.sort());
	expect(second.outbox.dropped).toBe(0);
	await second.end();
	// Each row is a write to the disk, and two brokers and two workers are started.
}, 180_000);

test("a database that is gone for a while holds events up, and loses none", async () => {
	const before = (await stored()).length;
	await expect.poll(() => device.isOnline).toBe(true);
	const told = Array.from({ length: 300 }, () => envelope());
	process.kill(fleet.databases.postgres.pid as number, "SIGINT");
	for (const one of told) await device.tell("trouble", { code: "camera.lost", over: false }, one);
	await expect.poll(async () => (await stored().catch(() => [])).length).toBe(before + 300);
});

test("workers that are stopped while the database is slow lose nothing of what they have", async () => {
	await expect.poll(() => device.isOnline).toBe(true);
	const before = (await stored()).length;
	const slow = new pg.Client({ connectionString: fleet.databases.urls(fleet.database.name).ownerUrl });
	await slow.connect();
	await slow.query("begin; lock table events in exclusive mode");
	for (let count = 0; count < 300; count++) await device.tell("trouble", { code: "camera.lost", over: false });
	const closing = fleet.workers.splice(0).map((worker) => worker.close());
	await slow.query("rollback");
	await slow.end();
	await Promise.all(closing);
	expect(await stored()).toHaveLength(before + 300);
	for (const number of [1, 2]) await fleet.work(number);
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
