import { readdirSync, readFileSync } from "node:fs";

/** Resident memory of a process in MB. */
export function residentMb(pid: number): number {
	const kb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
	return Number(kb) / 1024;
}

/** Process ids of all that a process started, and what those started. */
export function descendantsOf(pid: number): number[] {
	const children = new Map<number, number[]>();
	for (const entry of readdirSync("/proc")) {
		if (!/^\d+$/.test(entry)) continue;
		try {
			// the name in parentheses may hold anything
			const parent = Number(readFileSync(`/proc/${entry}/stat`, "utf8").replace(/^.*\)/s, "").split(" ")[2]);
			children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
		} catch {
			// ended meanwhile
		}
	}
	const found = children.get(pid) ?? [];
	for (const child of found) found.push(...(children.get(child) ?? []));
	return found;
}
