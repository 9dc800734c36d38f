import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { readDirective } from "../../../../provisioning/agent/trust/readDirective.ts";
import { decodePayload } from "../../../../provisioning/contract/envelope.ts";
import { type JobState, type JobStatus, jobNext } from "../../../../provisioning/contract/jobs.ts";
import { openCa } from "../../../../provisioning/service/ca/FleetCa.ts";
import type { Db } from "../../../../provisioning/service/db/Database.ts";
import { Director } from "../../../../provisioning/service/rollouts/Director.ts";
import { describeRollouts } from "../../../../provisioning/service/rollouts/describeRollout.ts";
import { type Intake, type JobReport, takeJobReports } from "../../../../provisioning/service/rollouts/jobReports.ts";
import { offerAgain } from "../../../../provisioning/service/rollouts/jobs.ts";
import { Rollouts } from "../../../../provisioning/service/rollouts/Rollouts.ts";
import { rolloutTick } from "../../../../provisioning/service/rollouts/rolloutTick.ts";
import { TestDatabases } from "../db/TestDatabase.ts";

const spec = {
	version: "2.0.0",
	digest: "ab".repeat(32),
	bytes: 300_000_000,
	url: "https://updates.example/2.0.0.raucb",
	deadline: null,
};
const by = "person:00000000-0000-0000-0000-000000000001";

let databases: TestDatabases;
let db: Db;
let clock: ManualClock;
let rollouts: Rollouts;
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());
beforeEach(async () => {
	({ db } = await databases.fresh());
	clock = new ManualClock(Date.UTC(2026, 10, 1));
	rollouts = new Rollouts({ db, clock });
});

async function rooms(
	count: number,
	options: { online?: boolean; firmware?: string; from?: number } = {},
): Promise<void> {
	const { online = true, firmware = "1.0.0", from = 0 } = options;
	await db
		.insertInto("devices")
		.values(
			Array.from({ length: count }, (_, i) => ({
				id: `device-${String(from + i).padStart(4, "0")}`,
				state: "active" as const,
				serial_number: `S${from + i}`,
				model: "one",
				firmware,
				online,
			})),
		)
		.execute();
}
/** What the bus is to say next of each room's job: its id, or null for "none". */
async function offers(): Promise<Map<string, string | null>> {
	const rows = await db.deleteFrom("outbound").returning(["topic", "payload", "retain"]).execute();
	return new Map(
		rows.map(({ topic, payload, retain }) => {
			expect(retain).toBe(true);
			const [, device = ""] = /^ic\/1\/d\/([^/]+)\/job\/next$/.exec(topic) ?? [];
			if (payload.length === 0) return [device, null];
			const decoded = decodePayload(jobNext, payload);
			return [device, decoded.ok ? decoded.value.jobId : "malformed"];
		}),
	);
}
/** The rooms that are offered a job, and which. */
const offered = async () => [...(await offers())].filter((offer): offer is [string, string] => offer[1] !== null);
let reports = 0;
async function report(device: string, job: string, state: JobState, more: Partial<JobStatus> = {}): Promise<Intake> {
	const [intake] = await takeJobReports(db, [reportOf(device, job, state, more)], clock.now());
	return intake as Intake;
}
function reportOf(device: string, job: string, state: JobState, more: Partial<JobStatus> = {}): JobReport {
	const digest = state === "SUCCEEDED" ? { digest: spec.digest } : {};
	const mid = randomBytes(16).toString("base64url");
	const status: JobStatus = { v: 1, mid, ts: clock.now(), seq: ++reports, state, ...digest, ...more };
	return { device, job, status };
}
/** All rooms that were asked say how it ended; then the rollout is looked at. */
async function answer(end: JobState | ((index: number) => JobState)): Promise<string[]> {
	const asked = await offered();
	for (const [index, [device, job]] of asked.entries()) {
		expect(await report(device, job, typeof end === "string" ? end : end(index))).toBe("heeded");
	}
	await rolloutTick(db, clock.now());
	return asked.map(([device]) => device);
}
const standing = async (id: string) =>
	db
		.selectFrom("rollouts")
		.select(["state", "current_wave as wave", "pause_reason as reason"])
		.where("id", "=", id)
		.executeTakeFirst();

describe("the director", () => {
	test("signs each offer for its device and job, and devices of this fleet believe it", async () => {
		const folder = await mkdtemp(join(tmpdir(), "incamera-director-"));
		const ca = await openCa(folder, { clock });
		const director = await Director.start({ ca, clock });
		await rooms(3);
		await new Rollouts({ db, clock, director }).create({ name: "Winter", spec }, by);
		const [row] = await db.selectFrom("outbound").select(["topic", "payload"]).execute();
		const decoded = decodePayload(jobNext, row?.payload ?? new Uint8Array());
		if (!decoded.ok || !decoded.value.director) throw new Error("no directive");
		const { jobId, seq, director: directive } = decoded.value;
		const device = row?.topic.split("/")[3] as string;
		const { digest, bytes, version } = spec;
		// a job may wait for a month
		for (const days of [0, 29]) {
			const told = { device, jobId, seq, authority: ca.certificate, now: clock.now() + days * 86_400_000 };
			expect(readDirective(directive, told)).toEqual({ digest, bytes, version });
			expect(() => readDirective(directive, { ...told, device: "device-9999" })).toThrow(/another device/);
		}
		// said again, by another worker, too
		await db.deleteFrom("outbound").execute();
		await db.transaction().execute((trx) => offerAgain(trx, { nowMs: clock.now(), director }));
		const [again] = await db.selectFrom("outbound").select("payload").execute();
		expect(JSON.parse(String(again?.payload)).director.targets).toContain(jobId);
		await director.close();
		await rm(folder, { recursive: true });
	});
});

describe("a rollout", () => {
	test("goes wave by wave over every room once, and is done when each has answered", async () => {
		await rooms(120);
		const id = await rollouts.create({ name: "Winter", spec }, by);
		const seen: string[] = [];
		const sizes: number[] = [];
		for (let wave = 0; wave < 5; wave++) {
			const asked = await answer("SUCCEEDED");
			seen.push(...asked);
			sizes.push(asked.length);
		}
		expect(sizes).toEqual([1, 1, 10, 48, 60]);
		expect(new Set(seen).size).toBe(120);
		expect(await standing(id)).toMatchObject({ state: "done" });
		const [about] = await describeRollouts(db, await db.selectFrom("rollouts").selectAll().execute());
		expect(about).toMatchObject({ size: 120, state: "done", reason: null });
		expect(about?.waves.map(({ counts, state }) => [counts.SUCCEEDED, state])).toEqual(
			sizes.map((size) => [size, "done"]),
		);
	});

	test("begins with rooms that are there, and leaves out those that have the version already or left", async () => {
		await rooms(30, { online: false });
		await rooms(2, { from: 30 });
		await rooms(5, { from: 40, firmware: spec.version });
		await db
			.updateTable("devices")
			.set({ state: "revoked", ended_at: new Date() })
			.where("id", "=", "device-0003")
			.execute();
		await rollouts.create({ name: "Winter", spec }, by);
		expect(await db.selectFrom("rollout_devices").selectAll().execute()).toHaveLength(31);
		const [first] = [...(await offers()).keys()];
		expect(["device-0030", "device-0031"]).toContain(first);
	});

	test("that nobody needs is refused, as is a second at the same time", async () => {
		await rooms(3, { firmware: spec.version });
		await expect(rollouts.create({ name: "Winter", spec }, by)).rejects.toMatchObject({ code: "api.no_devices" });
		await rooms(3, { from: 10 });
		const both = await Promise.allSettled([1, 2].map(() => rollouts.create({ name: "Winter", spec }, by)));
		expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
		expect(both.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "api.rollout_running" } });
	});

	test("pauses by itself when rooms fall back, and goes on only when a person says so", async () => {
		await rooms(400);
		const id = await rollouts.create({ name: "Winter", spec }, by);
		await answer("SUCCEEDED");
		await answer("SUCCEEDED");
		await answer((index) => (index < 3 ? "ROLLED_BACK" : "SUCCEEDED"));
		expect(await standing(id)).toEqual({ state: "paused", wave: 2, reason: "rollout.too_many_failures" });
		await rolloutTick(db, clock.now());
		expect(await offered()).toEqual([]);
		await rollouts.resume(id, by);
		await rolloutTick(db, clock.now());
		expect(await standing(id)).toMatchObject({ state: "running", wave: 3, reason: null });
		expect(await offered()).toHaveLength(160);
	});

	test("that is paused takes back what no room has accepted, and offers it again", async () => {
		await rooms(100);
		const id = await rollouts.create({ name: "Winter", spec }, by);
		await answer("SUCCEEDED");
		const asked = await offered();
		const [device, job] = asked[0] as [string, string];
		await report(device, job, "ACCEPTED");
		await rollouts.pause(id, by);
		expect(await offers()).toEqual(new Map(asked.slice(1).map(([room]) => [room, null])));
		await rollouts.resume(id, by);
		expect(await offers()).toEqual(new Map(asked.slice(1)));
	});

	test("that is cancelled calls back what is not being written, and lets the rest finish", async () => {
		await rooms(100);
		const id = await rollouts.create({ name: "Winter", spec }, by);
		await answer("SUCCEEDED");
		const asked = await offered();
		const [[writing, first], [loading, second]] = asked as [[string, string], [string, string]];
		await report(writing, first, "INSTALLING");
		await report(loading, second, "DOWNLOADING");
		await rollouts.cancel(id, by);
		expect([...(await offers()).keys()]).not.toContain(writing);
		expect(await report(loading, second, "STAGED")).toBe("impossible");
		expect(await report(writing, first, "SUCCEEDED")).toBe("heeded");
		await rolloutTick(db, clock.now());
		expect(await standing(id)).toMatchObject({ state: "cancelled" });
		await expect(rollouts.resume(id, by)).rejects.toMatchObject({ code: "api.rollout_over" });
	});

	test("is looked at by one worker at a time, and a wave begins once", async () => {
		await rooms(300);
		await rollouts.create({ name: "Winter", spec }, by);
		const [[device, job]] = (await offered()) as [[string, string]];
		await report(device, job, "SUCCEEDED");
		await Promise.all(Array.from({ length: 6 }, () => rolloutTick(db, clock.now())));
		expect(await offered()).toHaveLength(2);
		expect(await db.selectFrom("jobs").selectAll().execute()).toHaveLength(3);
	});

	test("hears many rooms in batches of several workers while a person pauses and resumes it", async () => {
		await rooms(200);
		const id = await rollouts.create({ name: "Winter", spec }, by);
		await answer("SUCCEEDED");
		await answer("SUCCEEDED");
		const asked = await offered();
		const reported = (state: JobState) => asked.map(([device, job]) => reportOf(device, job, state));
		const inHalves = (state: JobState) => [reported(state), reported(state).reverse()];
		const taking = (["ACCEPTED", "DOWNLOADING", "SUCCEEDED"] as const).flatMap(inHalves).map(async (batch) => {
			await takeJobReports(db, batch, clock.now());
		});
		await Promise.all([...taking, rollouts.pause(id, by).then(() => rollouts.resume(id, by))]);
		const jobs = await db.selectFrom("jobs").select("state").where("wave", "=", 2).execute();
		expect(jobs.map(({ state }) => state)).toEqual(jobs.map(() => "SUCCEEDED"));
	});

	test("writes who made, paused, resumed and cancelled it", async () => {
		await rooms(10);
		const id = await rollouts.create({ name: "Winter", spec }, by);
		await rollouts.pause(id, by);
		await rollouts.resume(id, by);
		await rollouts.cancel(id, by);
		const log = await db.selectFrom("audit").select(["actor", "action", "target"]).orderBy("seq").execute();
		expect(log.map(({ action }) => action)).toEqual([
			"rollout.create",
			"rollout.pause",
			"rollout.resume",
			"rollout.cancel",
		]);
		expect(log.every(({ actor, target }) => actor === by && target === `rollout:${id}`)).toBe(true);
	});
});

describe("a room's report", () => {
	let device: string;
	let job: string;
	beforeEach(async () => {
		await rooms(1);
		await rollouts.create({ name: "Winter", spec }, by);
		[[device, job]] = (await offered()) as [[string, string]];
	});

	test("of success counts with the digest that was asked for only", async () => {
		expect(await report(device, job, "SUCCEEDED", { digest: "cd".repeat(32) })).toBe("heeded");
		expect(await db.selectFrom("jobs").select(["state", "error"]).executeTakeFirst()).toEqual({
			state: "FAILED",
			error: "job.digest_wrong",
		});
	});

	test("is refused when it is old, doubled, of another room, of no job, or after the end", async () => {
		await rooms(1, { from: 5 });
		expect(await report(device, job, "DOWNLOADING", { seq: 1000 })).toBe("heeded");
		expect(await report(device, job, "ACCEPTED", { seq: 999 })).toBe("stale");
		expect(await report(device, job, "STAGED", { seq: 1000 })).toBe("stale");
		expect(await report("device-0005", job, "SUCCEEDED", { seq: 2000 })).toBe("unknown");
		expect(await report(device, "A".repeat(22), "SUCCEEDED", { seq: 2000 })).toBe("unknown");
		expect(await report(device, job, "ACCEPTED", { seq: 2001 })).toBe("impossible");
		expect(await report(device, job, "ROLLED_BACK", { seq: 2002 })).toBe("heeded");
		expect(await report(device, job, "SUCCEEDED", { seq: 2003 })).toBe("impossible");
	});

	test("comes in a batch with others, and counts as if it had come alone", async () => {
		const other = "A".repeat(22);
		const batch = [
			reportOf(device, job, "ACCEPTED", { seq: 1 }),
			reportOf(device, other, "ACCEPTED", { seq: 2 }),
			reportOf(device, job, "ACCEPTED", { seq: 1 }),
			reportOf(device, job, "DOWNLOADING", { seq: 3, pct: 40 }),
			reportOf("device-0005", job, "FAILED", { seq: 4 }),
			reportOf(device, job, "QUEUED", { seq: 5 }),
			reportOf(device, job, "PROBATION", { seq: 6, slot: "B" }),
		];
		expect(await takeJobReports(db, batch, clock.now())).toEqual([
			...(["heeded", "unknown", "stale", "heeded", "unknown", "impossible", "heeded"] as const),
		]);
		const now = () =>
			db.selectFrom("jobs").select(["state", "report_seq", "pct", "slot", "ended_at"]).executeTakeFirst();
		expect(await now()).toEqual({ state: "PROBATION", report_seq: 6, pct: null, slot: "B", ended_at: null });
		const end = [reportOf(device, job, "SUCCEEDED", { seq: 7 }), reportOf(device, job, "ROLLED_BACK", { seq: 8 })];
		expect(await takeJobReports(db, end, clock.now())).toEqual(["heeded", "impossible"]);
		expect(await now()).toMatchObject({ state: "SUCCEEDED", report_seq: 7, slot: "B" });
		expect(await offers()).toEqual(new Map([[device, null]]));
	});

	test("that is told again, after its job's end and while the next one runs, changes nothing", async () => {
		const told = (["ACCEPTED", "DOWNLOADING", "STAGED", "INSTALLING", "REBOOTING", "ROLLED_BACK"] as const).map(
			(state, at) => reportOf(device, job, state, { seq: at + 1 }),
		);
		await takeJobReports(db, told, clock.now());
		const { id } = await db.selectFrom("rollouts").select("id").executeTakeFirstOrThrow();
		await rollouts.cancel(id, by);
		await rollouts.create({ name: "Spring", spec: { ...spec, version: "2.0.1" } }, by);
		await offers();
		const next = await db.selectFrom("jobs").select("id").where("id", "!=", job).executeTakeFirstOrThrow();
		expect(await report(device, next.id, "DOWNLOADING", { seq: 2 })).toBe("heeded");
		const jobs = () => db.selectFrom("jobs").selectAll().orderBy("seq").execute();
		const before = await jobs();
		clock.advance(60_000);
		expect(await takeJobReports(db, told, clock.now())).toEqual(told.map(() => "stale"));
		for (const one of told) expect(await takeJobReports(db, [one], clock.now())).toEqual(["stale"]);
		expect(await jobs()).toEqual(before);
		expect(await offers()).toEqual(new Map());
	});

	test("that never comes lets the job expire, but not while it may be writing", async () => {
		clock.advance(31 * 86_400_000);
		await report(device, job, "INSTALLING");
		await rolloutTick(db, clock.now());
		expect(await db.selectFrom("jobs").select("state").executeTakeFirst()).toEqual({ state: "INSTALLING" });
		await report(device, job, "WAITING");
		await rolloutTick(db, clock.now());
		expect(await db.selectFrom("jobs").select("state").executeTakeFirst()).toEqual({ state: "EXPIRED" });
		expect(await offers()).toEqual(new Map([[device, null]]));
		expect(await db.selectFrom("rollouts").select(["state", "pause_reason"]).executeTakeFirst()).toEqual({
			state: "paused",
			pause_reason: "rollout.unproved",
		});
	});
});
