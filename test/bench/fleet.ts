/**
 * The fleet service with thousands of devices on this machine: real mosquitto, real PostgreSQL, each device a client with mTLS of its own in
 * forked simulators. All share the machine's cores, as the issue asks.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { systemClock } from "../../device/core/clock.ts";
import { silentLog } from "../../device/core/log.ts";
import { json } from "../../provisioning/service/db/Database.ts";
import { type Fleet, startFleet } from "../../provisioning/service/fleet/startFleet.ts";
import { enrolDevice } from "../sim/fleet/enrolDevice.ts";
import { FleetSimulator } from "../sim/fleet/FleetSimulator.ts";
import { SimulatedDevice } from "../sim/fleet/SimulatedDevice.ts";
import { twinDocOf } from "../sim/fleet/seedRooms.ts";
import type { SimulatedIdentity } from "../sim/fleet/simulatorProtocol.ts";
import { treeOf } from "./processes.ts";
import { atMost, median, percentile, type Row } from "./report.ts";
import { pause, waitFor } from "./waitFor.ts";

const by = "service";
const facts = { model: "Simulated", serial: "S", firmware: "1.0.0", slot: "A" as const };

/** Devices as the enrolment leaves them, without the hours that thousands of enrolments would take. */
async function settle(fleet: Fleet, count: number): Promise<SimulatedIdentity[]> {
	const identities: SimulatedIdentity[] = [];
	const serials: string[] = [];
	for (let index = 0; index < count; index++) {
		const id = `dev-${String(index).padStart(6, "0")}`;
		const { key, chain, serial } = await fleet.ca.issueDevice(id);
		serials.push(serial);
		identities.push({
			id,
			key,
			chain,
			ca: fleet.ca.certificate,
			broker: fleet.broker.url,
			facts: { ...facts, serial: `S${index}` },
		});
	}
	const { db } = fleet.database;
	const ids = identities.map(({ id }) => id);
	const docs = ids.map((id) => json(twinDocOf(id)));
	const later = new Date(Date.now() + 60 * 86_400_000);
	await sql`insert into devices (id, state, serial_number, model, firmware, label, activated_at)
		select id, 'active', 'S', 'Simulated', '1.0.0', id, now() from unnest(${ids}::text[]) as made (id)`.execute(db);
	await sql`insert into certificates (serial, device_id, state, not_before, not_after, confirmed_at)
		select serial, id, 'active', now(), ${later}, now() from unnest(${serials}::text[], ${ids}::text[]) as made (serial, id)`.execute(
		db,
	);
	await sql`insert into twins (device_id, desired_rev, desired)
		select id, 1, doc from unnest(${ids}::text[], ${docs}::jsonb[]) as made (id, doc)`.execute(db);
	return identities;
}

/** Seconds that the same clients take without anything behind their CONNECT. */
async function bareSeconds(fleet: Fleet, identities: readonly SimulatedIdentity[]): Promise<number> {
	const halves = [0, 1].map((half) => identities.filter((_, index) => index % 2 === half));
	const times = await Promise.all(
		halves.map(async (half) => {
			const child = fork(fileURLToPath(new URL("./bareMqtt.ts", import.meta.url)), [], { serialization: "advanced" });
			child.send({ url: fleet.broker.url, ca: fleet.ca.certificate, identities: half });
			const [{ beganMs, endedMs }] = (await once(child, "message")) as [{ beganMs: number; endedMs: number }];
			return { beganMs, endedMs };
		}),
	);
	return (Math.max(...times.map(({ endedMs }) => endedMs)) - Math.min(...times.map(({ beganMs }) => beganMs))) / 1000;
}

/** Resident memory that belongs to these processes alone or in shares (proc(5), smaps_rollup, Pss), MB. */
function megabytesOf(pids: number[]): number {
	const kilobytes = pids.map((pid) => {
		try {
			return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
		} catch {
			return 0;
		}
	});
	return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
}

async function codeToActive(fleet: Fleet, n: number): Promise<number[]> {
	const seconds: number[] = [];
	for (let i = 0; i < n; i++) {
		const room = { name: `Enrolled ${i}`, locale: "en" as const, timeZone: "Europe/Berlin" };
		const { code } = await fleet.worker.duties.enrolments.create({ room, by });
		const device = { ...facts, serial: `E${i}` };
		const sinceMs = Date.now();
		const identity = await enrolDevice({
			url: fleet.broker.bootstrapUrl as string,
			code,
			facts: device,
			clock: systemClock,
		});
		const simulated = new SimulatedDevice({ identity, facts: device, clock: systemClock });
		simulated.start();
		// the fleet says that it is active by its first twin
		await simulated.claimed;
		seconds.push((Date.now() - sinceMs) / 1000);
		await simulated.close();
	}
	return seconds;
}

async function twinLatencies(
	fleet: Fleet,
	simulator: FleetSimulator,
	ids: readonly string[],
	n: number,
): Promise<number[]> {
	const answered = new Map<string, number>();
	simulator.onApplied = (device, rev, atMs) => answered.set(`${device} ${rev}`, atMs);
	const { db } = fleet.database;
	const milliseconds: number[] = [];
	for (let i = 0; i < n; i++) {
		const device = ids[Math.floor((i * ids.length) / n)] as string;
		const { desired_rev: rev, desired } = await db
			.selectFrom("twins")
			.select(["desired_rev", "desired"])
			.where("device_id", "=", device)
			.executeTakeFirstOrThrow();
		const sinceMs = Date.now();
		await fleet.worker.duties.twins.setDesired(device, rev, { ...desired, showTitles: !desired.showTitles }, by);
		const at = await waitFor(
			async () =>
				(await db.selectFrom("twins").select("applied_rev").where("device_id", "=", device).executeTakeFirst())
					?.applied_rev ===
					rev + 1 && Date.now(),
			`${device} at revision ${rev + 1}`,
		);
		milliseconds.push(at - sinceMs);
	}
	return milliseconds;
}

async function revokedSeconds(
	fleet: Fleet,
	simulator: FleetSimulator,
	ids: readonly string[],
): Promise<{ seconds: number[]; back: number }> {
	const lost = new Map<string, number>();
	simulator.onLost = (device, atMs) => {
		if (!lost.has(device)) lost.set(device, atMs);
	};
	const seconds: number[] = [];
	for (const device of ids) {
		const sinceMs = Date.now();
		await fleet.worker.duties.registry.revoke(device, "lost", by);
		await waitFor(() => lost.has(device), `${device} is disconnected`);
		seconds.push(((lost.get(device) as number) - sinceMs) / 1000);
	}
	// long enough for several attempts of each to come back
	await pause(5000);
	const { back } = await fleet.database.db
		.selectFrom("devices")
		.select(({ fn }) => fn.countAll<number>().as("back"))
		.where("id", "in", ids)
		.where("online", "=", true)
		.executeTakeFirstOrThrow();
	return { seconds, back: Number(back) };
}

async function eventsPerSecond(
	fleet: Fleet,
	simulator: FleetSimulator,
	devices: number,
	each: number,
): Promise<number> {
	const { db } = fleet.database;
	const count = async () =>
		Number(
			(
				await db
					.selectFrom("events")
					.select(({ fn }) => fn.countAll<number>().as("count"))
					.executeTakeFirstOrThrow()
			).count,
		);
	const before = await count();
	const wanted = devices * each;
	const sinceMs = performance.now();
	simulator.tell(each);
	await waitFor(async () => (await count()) - before >= wanted * 0.999, `${wanted} events in the database`, 180_000);
	return wanted / ((performance.now() - sinceMs) / 1000);
}

export async function bench({ quick }: { quick: boolean }): Promise<Row[]> {
	const devices = quick ? 500 : 5000;
	const folder = await mkdtemp(join(tmpdir(), "incamera-bench-fleet-"));
	const rows: Row[] = [];
	const name = (metric: string, unit: string) => ({ bench: "fleet", metric, unit });
	let simulator: FleetSimulator | null = null;
	const own = new Set(treeOf(process.pid));
	const fleet = await startFleet({
		stateFolder: folder,
		broker: { host: "127.0.0.1", bootstrap: {} },
		rendezvous: "http://127.0.0.1:1",
		development: true,
		log: silentLog,
	});
	try {
		const service = treeOf(process.pid).filter((pid) => !own.has(pid));
		const baseMb = megabytesOf([process.pid]);
		const active = await codeToActive(fleet, quick ? 3 : 9);
		rows.push(atMost(name("code typed → active", "s"), median(active), 2, active.length));
		const identities = await settle(fleet, devices);
		const ids = identities.map(({ id }) => id);

		const bare = await bareSeconds(fleet, identities);
		simulator = await FleetSimulator.start({ identities });
		await simulator.until(({ online, claimed }) => online >= devices && claimed >= devices);

		const down = simulator.until(({ online }) => online < devices / 10);
		process.kill(fleet.broker.pid as number, "SIGKILL");
		const killedMs = Date.now();
		await down;
		await simulator.until(({ online }) => online >= devices);
		const back = (Date.now() - killedMs) / 1000;
		rows.push({
			...atMost(name(`${devices} devices back after a broker restart`, "s"), back, 60, 1),
			peer: Number(bare.toPrecision(4)),
			ratio: Number((back / bare).toPrecision(4)),
			target: "≤ 60 s; ratio ≤ 1.20",
			pass: back <= 60 && back / bare <= 1.2,
		});

		const spec = {
			version: "2.0.0",
			digest: "ab".repeat(32),
			bytes: 1,
			url: "https://updates.example/2.raucb",
			deadline: null,
		};
		await fleet.worker.duties.rollouts.create({ name: "bench", spec }, by);
		const latencies = await twinLatencies(fleet, simulator, ids, quick ? 30 : 200);
		rows.push(
			atMost(
				name("twin desired → reported, p99, while a wave runs", "ms"),
				percentile(latencies, 99),
				1000,
				latencies.length,
			),
		);

		const events = await eventsPerSecond(fleet, simulator, devices, quick ? 10 : 5);
		rows.push({
			...atMost(name("events into the database, one worker", "a second"), events, Number.POSITIVE_INFINITY, 1),
			target: "≥ 3000 a second",
			pass: events >= 3000,
		});

		const revoked = await revokedSeconds(fleet, simulator, ids.slice(0, 5));
		rows.push(atMost(name("revoked → disconnected", "s"), Math.max(...revoked.seconds), 2, revoked.seconds.length));
		rows.push(atMost(name("revoked and back within 5 s", "devices"), revoked.back, 0, revoked.seconds.length));

		// the service's worker is in this process, beside the bench: its growth, and its children's memory
		const memory = megabytesOf(service.filter((pid) => pid !== process.pid)) + megabytesOf([process.pid]) - baseMb + 60;
		rows.push(atMost(name(`service with PostgreSQL and broker at ${devices} devices`, "MB"), memory, 400, 1));
		return rows;
	} finally {
		await simulator?.close();
		await fleet.close();
		await rm(folder, { recursive: true, force: true });
	}
}
