import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../../device/core/clock.ts";
import { FleetFailure } from "../../../provisioning/contract/http/FleetClient.ts";
import { enrolDevice } from "../../sim/fleet/enrolDevice.ts";
import type { FleetSimulator } from "../../sim/fleet/FleetSimulator.ts";
import { SimulatedDevice } from "../../sim/fleet/SimulatedDevice.ts";
import { waitFor } from "../waitFor.ts";
import type { ServiceUnderTest } from "./ServiceUnderTest.ts";

/** Seconds from a code that was typed to a device that the fleet has taken: its first twin is in force. */
export async function codeToActive(service: ServiceUnderTest, n: number): Promise<number[]> {
	const seconds: number[] = [];
	for (let i = 0; i < n; i++) {
		const room = { name: `Enrolled ${i}`, locale: "en" as const, timeZone: "Europe/Berlin" };
		const { code } = await service.client.call("enrolments.create", { body: { room } });
		const facts = { model: "Simulated", serial: `E${i}`, firmware: "1.0.0", slot: "A" as const };
		const sinceMs = performance.now();
		const identity = await enrolDevice({ url: service.bootstrap, code, facts, clock: systemClock });
		const device = new SimulatedDevice({ identity, facts, clock: systemClock });
		device.start();
		await device.claimed;
		seconds.push((performance.now() - sinceMs) / 1000);
		await device.close();
	}
	return seconds;
}

/** Seconds from a signal to the devices' broker until every device has said again that it is there. */
export async function backSeconds(
	service: ServiceUnderTest,
	simulator: FleetSimulator,
	kill: "SIGTERM" | "SIGKILL",
): Promise<number> {
	const devices = simulator.online;
	const sinceMs = performance.now();
	process.kill(service.processes().devicesBroker, kill);
	await simulator.until(({ online }) => online < devices / 10, AbortSignal.timeout(60_000));
	await simulator.until(({ online }) => online >= devices, AbortSignal.timeout(180_000));
	return (performance.now() - sinceMs) / 1000;
}

/** Below what the API allows one program in a minute. */
const BETWEEN_MS = 60;
const spec = {
	version: "2.0.0",
	digest: "ab".repeat(32),
	bytes: 1,
	url: "https://updates.example/2.raucb",
	deadline: null,
};

/**
 * Milliseconds from asking the API for another twin to the device's report in the database, one room after the other, as long as a rollout
 * over the whole fleet lasts; and how long it lasted, seconds.
 */
export async function twinsWhileAWaveRuns(
	service: ServiceUnderTest,
	ids: readonly string[],
): Promise<{ latencies: number[]; seconds: number }> {
	const { client } = service;
	const { db } = service.database;
	const sinceMs = performance.now();
	const { id: rollout } = await client.call("rollouts.create", { body: { name: "bench", spec, devices: [...ids] } });
	const latencies: number[] = [];
	const isRunning = async () =>
		(await db.selectFrom("rollouts").select("state").where("id", "=", rollout).executeTakeFirst())?.state === "running";
	for (let i = 0; await isRunning(); i++, await pause(BETWEEN_MS)) {
		// far from each other in every order
		const id = ids[(i * 1_000_003) % ids.length] as string;
		const twin = () => db.selectFrom("twins").selectAll().where("device_id", "=", id).executeTakeFirstOrThrow();
		const { desired_rev: rev, desired } = await twin();
		const askedMs = performance.now();
		const doc = { ...desired, showTitles: !desired.showTitles };
		try {
			await client.call("devices.twin", { params: { id }, body: { rev, doc } });
		} catch (error) {
			// the service changed its directory at this moment
			if (error instanceof FleetFailure && error.code === "api.twin_conflict") continue;
			throw error;
		}
		await waitFor(async () => (await twin()).applied_rev > rev, `${id} at revision ${rev + 1}`);
		latencies.push(performance.now() - askedMs);
	}
	return { latencies, seconds: (performance.now() - sinceMs) / 1000 };
}

/** Long enough for several attempts to come back: their waits begin with half a second and double. */
const COME_BACK_MS = 15_000;

/** Seconds from shutting rooms out to the end of their connections, one after the other; and how many of them were connected again. */
export async function revokedSeconds(
	service: ServiceUnderTest,
	simulator: FleetSimulator,
	ids: readonly string[],
): Promise<{ seconds: number[]; back: number }> {
	const lost = new Map<string, number>();
	const back = new Set<string>();
	simulator.onNews = ({ is, device, atMs }) => {
		if (is === "lost") lost.set(device, lost.get(device) ?? atMs);
		else if (is === "online" && lost.has(device)) back.add(device);
	};
	const seconds: number[] = [];
	for (const id of ids) {
		const sinceMs = Date.now();
		await service.client.call("devices.revoke", { params: { id }, body: { reason: "lost" } });
		await waitFor(() => lost.has(id), `the end of ${id}`);
		seconds.push(((lost.get(id) as number) - sinceMs) / 1000);
	}
	await pause(COME_BACK_MS);
	simulator.onNews = () => {};
	return { seconds, back: ids.filter((id) => back.has(id)).length };
}
