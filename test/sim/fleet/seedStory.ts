import { randomBytes } from "node:crypto";
import { ManualClock } from "../../../device/core/clock.ts";
import type { EventData } from "../../../provisioning/contract/events.ts";
import type { EventType } from "../../../provisioning/contract/topics.ts";
import { type Db, json } from "../../../provisioning/service/db/Database.ts";
import { takeJobReports } from "../../../provisioning/service/rollouts/jobReports.ts";
import { Rollouts } from "../../../provisioning/service/rollouts/Rollouts.ts";
import { rolloutTick } from "../../../provisioning/service/rollouts/rolloutTick.ts";

type Ended = "SUCCEEDED" | "ROLLED_BACK";

const mid = () => randomBytes(16).toString("base64url");

/** What some rooms told, and a rollout in its fourth wave with two failures. Returns the rollout's id. */
export async function seedStory(db: Db, rooms: readonly string[], nowMs = Date.now()): Promise<string> {
	const told: [EventType, EventData[EventType]][] = [
		["program.started", { program: "room", version: "1.4.2" }],
		["call.ended", { reason: "call.left", seconds: 1834, verified: true }],
		["device.changed", { kind: "camera", present: false }],
		["peripheral.changed", { id: "tv", kind: "display", state: "lost", failure: "link.silent" }],
		["trouble", { code: "media.engine_failed", over: false }],
	];
	for (const [index, device] of rooms.slice(0, 12).entries()) {
		const happened = (i: number) => nowMs - (told.length - i) * 7_200_000 - index * 437_000;
		// one was offline, and said it all at once
		const heard = (i: number) => (index === 3 ? nowMs - 3_000_000 : happened(i) + 400);
		await db
			.insertInto("events")
			.values(
				told.map(([type, data], i) => ({
					device_id: device,
					mid: mid(),
					type,
					ts: new Date(happened(i)),
					received_at: new Date(heard(i)),
					data: json(data),
				})),
			)
			.execute();
	}
	const clock = new ManualClock(nowMs - 86_400_000);
	const by = "person:7f9c1d5e-0000-4000-8000-000000000001";
	const spec = {
		version: "1.5.0",
		digest: "ab".repeat(32),
		bytes: 312_000_000,
		url: "https://updates.example/1.5.0.raucb",
		deadline: null,
	};
	const id = await new Rollouts({ db, clock }).create({ name: "Winter", spec }, by);
	const wave = async (wave: number, end: (index: number) => Ended | "DOWNLOADING" | "WAITING" | null) => {
		const jobs = await db
			.selectFrom("jobs")
			.select(["id", "device_id"])
			.where("rollout_id", "=", id)
			.where("wave", "=", wave)
			.orderBy("id")
			.execute();
		for (const [index, job] of jobs.entries()) {
			const state = end(index);
			if (!state) continue;
			const more =
				state === "SUCCEEDED"
					? { digest: spec.digest }
					: state === "ROLLED_BACK"
						? { err: "update.media_broken" }
						: state === "WAITING"
							? { err: "update.in_call" }
							: { pct: 40 };
			const status = { v: 1, mid: mid(), ts: clock.now(), seq: 1, state, ...more } as const;
			await takeJobReports(db, [{ device: job.device_id, job: job.id, status }], clock.now());
		}
		await rolloutTick(db, clock.now());
	};
	await wave(0, () => "SUCCEEDED");
	await wave(1, () => "SUCCEEDED");
	await wave(2, (index) =>
		index < 20
			? "SUCCEEDED"
			: index < 23
				? "DOWNLOADING"
				: index === 23
					? "WAITING"
					: index === 24
						? "ROLLED_BACK"
						: null,
	);
	return id;
}
