import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { type FrameKind, type FrameOf, readFrame } from "../../../../provisioning/service/bus/readFrame.ts";
import { type Db, json } from "../../../../provisioning/service/db/Database.ts";
import { storeEvents } from "../../../../provisioning/service/events/events.ts";
import { takePresences } from "../../../../provisioning/service/registry/presences.ts";
import { takeJobReports } from "../../../../provisioning/service/rollouts/jobReports.ts";
import { takeReports } from "../../../../provisioning/service/twins/reports.ts";
import { insertRoom } from "../api/samples.ts";
import { TestDatabases } from "../db/TestDatabase.ts";

let databases: TestDatabases;
let db: Db;
beforeAll(async () => {
	databases = await TestDatabases.start();
	db = (await databases.fresh()).db;
});
afterAll(() => databases?.close());

const NOW = Date.now();
const random16 = () => randomBytes(16).toString("base64url");
const digest = "ab".repeat(32);
const spec = { version: "2.0.0", digest, bytes: 1000, url: "https://fleet.example/b", deadline: null };
const facts = { model: "One", serial: "S-1", firmware: "1.0.0", slot: "A" };
const free = { activity: "free", trouble: null, busyUntil: null, nextBusyAt: null, missing: [] };

interface Said {
	topic: string;
	message: object;
}
/** What one device says, in order, as it begins with a room that has a job of this id; what the service makes of it; and what it then knows. */
interface Telling<K extends FrameKind> {
	kind: K;
	say: (room: string, job: string) => Said[];
	take: (frames: FrameOf<K>[]) => Promise<unknown>;
	known: (room: string) => Promise<unknown>;
}
const telling = <K extends FrameKind>(of: Telling<K>): Telling<FrameKind> => of as unknown as Telling<FrameKind>;

const tellings = [
	telling({
		kind: "presence",
		// each connection has a higher epoch; being gone is its last word
		say: (room) =>
			[
				{ epoch: 10, online: true },
				{ epoch: 10, online: false },
				{ epoch: 11, online: false },
				{ epoch: 12, online: true },
			].map((message) => ({ topic: topics.presence(room), message })),
		take: (frames) => takePresences(db, frames, NOW),
		known: (room) => db.selectFrom("devices").select(["online", "presence_epoch"]).where("id", "=", room).execute(),
	}),
	telling({
		kind: "twinReported",
		say: (room) =>
			[1, 2, 3, 4].map((seq) => ({
				topic: topics.twinReported(room),
				message: { seq, rev: seq, appliedRev: seq, doc: null, errors: [], status: free, facts },
			})),
		take: (frames) => takeReports(db, frames, NOW),
		known: (room) =>
			db
				.selectFrom("twins")
				.select(["reported_rev", "applied_rev", "reported", "errors", "status"])
				.where("device_id", "=", room)
				.execute(),
	}),
	telling({
		kind: "jobStatus",
		say: (room, job) =>
			(["ACCEPTED", "DOWNLOADING", "STAGED", "INSTALLING", "REBOOTING", "PROBATION", "SUCCEEDED"] as const).map(
				(state, index) => ({
					topic: topics.jobStatus(room, job),
					message: { seq: index + 1, state, ...(state === "SUCCEEDED" ? { slot: "B", digest } : {}) },
				}),
			),
		take: (frames) =>
			takeJobReports(
				db,
				frames.map(({ id, job, message }) => ({ device: id, job, status: message })),
				NOW,
			),
		known: (room) =>
			db
				.selectFrom("jobs")
				.select(["state", "report_seq", "pct", "slot", "digest", "error"])
				.where("device_id", "=", room)
				.execute(),
	}),
	telling({
		kind: "event",
		say: (room) =>
			[true, false, true].map((over) => ({
				topic: topics.event(room, "trouble"),
				message: { data: { code: "camera.lost", over } },
			})),
		take: (frames) => storeEvents(db, frames, NOW),
		known: async (room) =>
			(await db.selectFrom("events").select(["type", "data"]).where("device_id", "=", room).execute())
				.map((event) => JSON.stringify(event))
				.sort(),
	}),
];

let rooms = 0;
async function newRoom(): Promise<{ room: string; job: string }> {
	const [room, job] = [`dev-telling-${++rooms}`, random16()];
	await insertRoom(db, room, `Room ${rooms}`);
	await db
		.insertInto("jobs")
		.values({ id: job, device_id: room, seq: 1, spec: json(spec), created_by: "service", expires_at: new Date(NOW) })
		.execute();
	return { room, job };
}

/** In which order messages come, by their numbers, each at least once; where batches end; and what the device's clock says each time. */
const arrival = (count: number) => {
	const all = Array.from({ length: count }, (_, index) => index);
	const again = fc.array(fc.nat(count - 1), { maxLength: count });
	return fc
		.tuple(again, fc.infiniteStream(fc.nat(2 ** 31)))
		.map(([more, shuffle]) =>
			[...all, ...more]
				.map((number) => ({ number, at: shuffle.next().value }))
				.sort((a, b) => a.at - b.at)
				.map(({ number }) => number),
		)
		.chain((numbers) =>
			fc.record({
				numbers: fc.constant(numbers),
				// the clock is right, at its beginning, or at the end of all time
				clocks: fc.array(fc.constantFrom(NOW, 0, Number.MAX_SAFE_INTEGER), {
					minLength: numbers.length,
					maxLength: numbers.length,
				}),
				batch: fc.integer({ min: 1, max: numbers.length }),
			}),
		);
};

describe.each(tellings)(
	"what devices tell on $kind, twice, in any order, late and by any clock,",
	({ say, take, known }) => {
		/** Each is one message, however often it comes: it keeps its id. */
		const hear = async (
			said: Said[],
			{ numbers, clocks, batch }: { numbers: number[]; clocks: number[]; batch: number },
		) => {
			const mids = said.map(random16);
			const frames = numbers.map((number, index) => {
				const { topic, message } = said[number] as Said;
				const reading = readFrame(
					topic,
					Buffer.from(JSON.stringify({ v: 1, mid: mids[number], ts: clocks[index], ...message })),
				);
				if (!reading.ok) throw new Error(`${topic}: ${reading.reason}`);
				return reading.frame;
			});
			for (let at = 0; at < frames.length; at += batch) await take(frames.slice(at, at + batch) as never);
		};

		test("ends as if all had come once, in order and by a right clock", async () => {
			const { room, job } = await newRoom();
			const count = say(room, job).length;
			const inOrder = Array.from({ length: count }, (_, index) => index);
			await hear(say(room, job), { numbers: inOrder, clocks: inOrder.map(() => NOW), batch: 1 });
			const right = await known(room);
			const reversed = { numbers: inOrder.toReversed(), clocks: inOrder.map(() => 0), batch: 1 };
			const late = { numbers: [...inOrder, 0], clocks: [...inOrder, 0].map(() => Number.MAX_SAFE_INTEGER), batch: 1 };
			await fc.assert(
				fc.asyncProperty(arrival(count), async (how) => {
					const { room, job } = await newRoom();
					await hear(say(room, job), how);
					expect(await known(room)).toEqual(right);
				}),
				{ numRuns: 25, examples: [[reversed], [late], [{ ...late, batch: count + 1 }]] },
			);
		});
	},
);
