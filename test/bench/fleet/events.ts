import type { FleetSimulator } from "../../sim/fleet/FleetSimulator.ts";
import { waitFor } from "../waitFor.ts";
import type { ServiceUnderTest } from "./ServiceUnderTest.ts";

/**
 * Events a second that the workers take from the broker into the database. They are held (SIGSTOP) while every device tells `each` of them, so that
 * the broker has them all and devices take no processor time of what is measured; then they are let go.
 */
export async function eventsPerSecond(
	service: ServiceUnderTest,
	simulator: FleetSimulator,
	each: number,
): Promise<number> {
	const wanted = (await stored(service)) + simulator.online * each;
	const { workers } = service.processes();
	const signal = (name: "SIGSTOP" | "SIGCONT") => {
		for (const pid of workers) process.kill(pid, name);
	};
	signal("SIGSTOP");
	try {
		await simulator.tell(each, AbortSignal.timeout(40_000));
	} finally {
		signal("SIGCONT");
	}
	const sinceMs = performance.now();
	const before = await stored(service);
	await waitFor(async () => (await stored(service)) >= wanted, `${wanted} events in the database`, 120_000);
	return (wanted - before) / ((performance.now() - sinceMs) / 1000);
}

async function stored({ database }: ServiceUnderTest): Promise<number> {
	const { count } = await database.db
		.selectFrom("events")
		.select(({ fn }) => fn.countAll<number>().as("count"))
		.executeTakeFirstOrThrow();
	return Number(count);
}
