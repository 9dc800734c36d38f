/**
 * The fleet service with thousands of devices on this machine: the real program with its PostgreSQL, mosquittos and console, each device a client
 * with mTLS of its own in forked simulators. All share the machine's cores, as the issue asks.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FleetSimulator } from "../sim/fleet/FleetSimulator.ts";
import { agentMegabytes } from "./fleet/agentMemory.ts";
import { bareSeconds } from "./fleet/bareClients.ts";
import { consoleTimes } from "./fleet/consolePage.ts";
import { backSeconds, codeToActive, revokedSeconds, twinsWhileAWaveRuns } from "./fleet/devices.ts";
import { eventsPerSecond } from "./fleet/events.ts";
import { MemoryWatch, megabytesOf } from "./fleet/memory.ts";
import { ServiceUnderTest } from "./fleet/ServiceUnderTest.ts";
import { settle } from "./fleet/settle.ts";
import { Stages } from "./fleet/stages.ts";
import { cpuSecondsOf } from "./processes.ts";
import { atLeast, atMost, median, percentile, type Row } from "./report.ts";

export async function bench({ quick }: { quick: boolean }): Promise<Row[]> {
	const devices = quick ? 500 : 5000;
	const stages = new Stages();
	const rows: Row[] = [];
	const name = (metric: string, unit: string) => ({ bench: "fleet", metric, unit });
	const folder = await mkdtemp(join(tmpdir(), "incamera-bench-fleet-"));
	const service = await ServiceUnderTest.prepare(folder);
	let simulator: FleetSimulator | null = null;
	let memory: MemoryWatch | null = null;
	try {
		stages.begin(`a fleet of ${devices} rooms is written`);
		const identities = await settle(service.stateFolder, { count: devices, broker: service.broker });
		const ids = identities.map(({ id }) => id);
		stages.begin("the service starts, and tells an empty broker all twins");
		await service.start({ workers: 1 });
		memory = new MemoryWatch(service);
		stages.beside = () => {
			const { workers, database, brokers } = service.processes();
			const of = (pids: number[]) => `${megabytesOf(pids).toFixed(0)} MB, ${cpuSecondsOf(pids).toFixed(1)} s`;
			return ` (so far: workers ${of(workers)}; PostgreSQL ${of(database)}; brokers ${of(brokers)})`;
		};
		stages.begin("bare clients connect");
		const bare = await bareSeconds(identities);
		stages.begin(`they took ${bare.toFixed(1)} s; devices connect`);
		simulator = await FleetSimulator.start({ identities });
		const all = simulator.until(
			({ online, claimed }) => online >= devices && claimed >= devices,
			AbortSignal.timeout(180_000),
		);
		await all.catch((error) => {
			throw new Error(`${simulator?.online} devices connected, ${simulator?.claimed} with a twin`, { cause: error });
		});
		stages.begin("a broker is restarted");
		const back = await backSeconds(service, simulator, "SIGTERM");
		rows.push({
			...atMost(name(`${devices} devices back after a broker restart`, "s"), back, 60, 1),
			peer: Number(bare.toPrecision(4)),
			ratio: Number((back / bare).toPrecision(4)),
			target: "≤ 60 s; ratio ≤ 1.20",
			pass: back <= 60 && back / bare <= 1.2,
		});
		stages.begin(`all were back after ${back.toFixed(1)} s; it is killed, and loses what it keeps`);
		const backFromNothing = await backSeconds(service, simulator, "SIGKILL");
		rows.push(atMost(name("the same after kill -9", "s"), backFromNothing, 60, 1));
		stages.begin(`all were back after ${backFromNothing.toFixed(1)} s; rooms are enrolled`);
		await service.published();
		const active = await codeToActive(service, quick ? 3 : 9);
		rows.push(atMost(name("code typed → active", "s"), median(active), 2, active.length));
		stages.begin("a rollout goes over all rooms, and twins are set meanwhile");
		const { latencies, seconds } = await twinsWhileAWaveRuns(service, ids);
		const p99 = percentile(latencies, 99);
		rows.push(
			atMost(name(`twin desired → reported, p99, while waves of ${devices} run`, "ms"), p99, 1000, latencies.length),
		);
		stages.begin(`the rollout took ${seconds.toFixed(0)} s; rooms are shut out`);
		const revoked = await revokedSeconds(service, simulator, ids.slice(0, 5));
		rows.push(atMost(name("revoked → disconnected", "s"), Math.max(...revoked.seconds), 2, revoked.seconds.length));
		rows.push(atMost(name("revoked and back within 15 s", "devices"), revoked.back, 0, revoked.seconds.length));

		stages.begin("events, one worker");
		const one = await eventsPerSecond(service, simulator, Math.ceil(30_000 / devices));
		rows.push(atLeast(name("events into the database, one worker", "a second"), one, 3000, 1));
		memory.stop();
		const { together } = memory.most;
		rows.push(atMost(name(`service with PostgreSQL at ${devices} devices, at most`, "MB"), together, 400, 1));
		stages.begin(`at most: ${JSON.stringify(memory.most)}`);

		stages.begin("the console, in Chromium");
		const { drawn, filtered } = await consoleTimes(service, quick ? 3 : 9);
		rows.push(atMost(name(`console: first of ${devices} rooms drawn, p50`, "ms"), median(drawn), 500, drawn.length));
		rows.push(
			atMost(name("console: a letter of a search answered, p95", "ms"), percentile(filtered, 95), 100, filtered.length),
		);
		stages.begin("an agent lives for an hour in a minute");
		const agent = await agentMegabytes(service);
		rows.push({
			...atMost(name("agent, enrolled, after an hour's worth of events", "MB"), agent.agent, 60, 1),
			peer: Number(agent.bare.toPrecision(4)),
			ratio: Number((agent.agent / agent.bare).toPrecision(4)),
		});
		stages.begin("the service starts again with two workers");
		await service.stop();
		await service.start({ workers: 2 });
		await simulator.until(({ online }) => online >= devices - revoked.seconds.length, AbortSignal.timeout(180_000));
		stages.begin("events, two workers");
		const two = await eventsPerSecond(service, simulator, Math.ceil(30_000 / devices));
		rows.push({
			...atLeast(name("events into the database, two workers", "a second"), two, one, 1),
			peer: Number(one.toPrecision(4)),
			ratio: Number((two / one).toPrecision(4)),
			target: "ratio > 1.00",
			pass: two > one,
		});
		return rows;
	} finally {
		stages.begin("the end");
		memory?.stop();
		await simulator?.close();
		await service.stop();
		await rm(folder, { recursive: true, force: true });
	}
}
