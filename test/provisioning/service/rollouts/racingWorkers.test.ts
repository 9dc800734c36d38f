/**
 * A rollout through real workers in processes of their own, which race for the same reports and waves; one of them dies on the way and is started
 * again.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../../device/core/clock.ts";
import { silentLog } from "../../../../device/core/log.ts";
import { type Fleet, startFleet } from "../../../../provisioning/service/fleet/startFleet.ts";
import { WorkerProcess } from "../../../../provisioning/service/fleet/WorkerProcess.ts";
import { enrolDevice } from "../../../sim/fleet/enrolDevice.ts";
import { SimulatedDevice } from "../../../sim/fleet/SimulatedDevice.ts";
import { walkThroughJobs } from "../../../sim/fleet/walkThroughJobs.ts";
import { facts, room } from "../fleet/TestFleet.ts";

const spec = {
	version: "2.0.0",
	digest: "ab".repeat(32),
	bytes: 300_000_000,
	url: "https://updates.example/2.0.0.raucb",
	deadline: null,
};

let folder: string;
let fleet: Fleet;
const workers: WorkerProcess[] = [];
const devices: SimulatedDevice[] = [];
/** Ids of the jobs that each device was given. */
const given = new Map<string, Set<string>>();
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-racing-"));
	const rendezvous = "http://127.0.0.1:1";
	fleet = await startFleet({
		...{ stateFolder: folder, broker: { bootstrap: {} }, rendezvous, development: true, log: silentLog },
	});
	const { broker, database } = fleet;
	const shared = { databaseUrl: database.url, stateFolder: folder, rendezvous, brokers: [broker.url] };
	const { url, serviceUrl, bootstrapUrl } = broker;
	for (const number of [2, 3])
		workers.push(await WorkerProcess.start({ number, url, serviceUrl, bootstrapUrl, ...shared }));
	for (let number = 1; number <= 8; number++) {
		const { code } = await fleet.worker.duties.enrolments.create({ room: room(`Room ${number}`), by: "person:test" });
		const identity = await enrolDevice({ url: bootstrapUrl as string, code, facts, clock: systemClock });
		const device = new SimulatedDevice({ identity, facts, clock: systemClock, random: () => 0.2 });
		const jobs = new Set<string>();
		given.set(device.id, jobs);
		device.events.on("job", (job) => job && jobs.add(job.jobId));
		walkThroughJobs(device);
		devices.push(device);
		device.start();
		await device.claimed;
	}
	// From here on the two in processes of their own do all: who led before is gone.
	await fleet.worker.close();
}, 120_000);
afterAll(async () => {
	await Promise.all(devices.map((device) => device.close()));
	for (const worker of workers) await worker.close();
	await fleet?.close();
	await rm(folder, { recursive: true, force: true });
});

test("each of eight rooms is updated once, although the workers race and one is killed in the middle of a wave", async () => {
	const [first] = workers as [WorkerProcess, WorkerProcess];
	const { db } = fleet.database;
	const id = await fleet.worker.duties.rollouts.create({ name: "Winter", spec }, "person:test");
	const jobs = () => db.selectFrom("jobs").select(["device_id as device", "state"]).execute();
	await expect.poll(async () => (await jobs()).some(({ state }) => state === "SUCCEEDED")).toBe(true);
	const before = first.pid as number;
	process.kill(before, "SIGKILL");
	await expect.poll(() => first.pid !== null && first.pid !== before).toBe(true);

	const standing = () => db.selectFrom("rollouts").select("state").where("id", "=", id).executeTakeFirst();
	await expect.poll(standing, { timeout: 60_000 }).toEqual({ state: "done" });
	const ended = await jobs();
	expect(ended.map(({ state }) => state)).toEqual(Array(8).fill("SUCCEEDED"));
	expect(new Set(ended.map(({ device }) => device))).toEqual(new Set(devices.map((device) => device.id)));
	for (const jobsOfOne of given.values()) expect(jobsOfOne.size).toBe(1);
	// and what the fleet believes of each is what it runs
	await expect
		.poll(async () => (await db.selectFrom("devices").select("firmware").execute()).map(({ firmware }) => firmware))
		.toEqual(Array(8).fill(spec.version));
});
