/** What the kernel counts of processes (proc(5)). */
import { readdirSync, readFileSync } from "node:fs";

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux of today. */
const ticksPerSecond = 100;

/** The fields of /proc/<pid>/stat from the third on, behind the name, which may hold anything; null when it has ended. */
function statOf(pid: number): string[] | null {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	} catch {
		return null;
	}
}

/** Direct children that run now. */
export function childrenOf(pid: number): number[] {
	return readdirSync("/proc")
		.map(Number)
		.filter((other) => other > 0 && Number(statOf(other)?.[1]) === pid);
}

/** A process and all that descend from it. */
export function treeOf(pid: number): number[] {
	const parents = readdirSync("/proc")
		.map(Number)
		.filter((other) => other > 0)
		.map((other) => ({ other, parent: Number(statOf(other)?.[1]) }));
	const from = (root: number): number[] => [
		root,
		...parents.filter(({ parent }) => parent === root).flatMap(({ other }) => from(other)),
	];
	return from(pid);
}

/** Processor time of these processes so far, user and system, seconds. */
export function cpuSecondsOf(pids: number[]): number {
	const ticks = pids.map((pid) => {
		const stat = statOf(pid);
		return stat ? Number(stat[11]) + Number(stat[12]) : 0;
	});
	return ticks.reduce((sum, one) => sum + one, 0) / ticksPerSecond;
}

/** Runs something that starts one child of this process, and says which. */
export async function withPid<T>(start: () => Promise<T>): Promise<{ value: T; pid: number }> {
	const before = new Set(childrenOf(process.pid));
	const value = await start();
	const pid = childrenOf(process.pid).find((child) => !before.has(child));
	if (pid === undefined) throw new Error("no child was started");
	return { value, pid };
}
