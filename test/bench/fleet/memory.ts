import { readFileSync } from "node:fs";
import type { ServiceUnderTest } from "./ServiceUnderTest.ts";

const EVERY_MS = 5000;

/** Resident memory of processes, what they share counted once (proc(5), smaps_rollup: Pss), MB. */
export function megabytesOf(pids: readonly number[]): number {
	const kilobytes = pids.map((pid) => {
		try {
			return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
		} catch {
			return 0;
		}
	});
	return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
}

/** The most that the service took, looked at every five seconds. */
export class MemoryWatch {
	/** MB. */
	readonly most = { service: 0, database: 0, together: 0, brokers: 0 };
	readonly #timer: NodeJS.Timeout;

	constructor(service: ServiceUnderTest) {
		this.#timer = setInterval(() => {
			const { workers, database, brokers } = service.processes();
			const now = { service: megabytesOf(workers), database: megabytesOf(database), brokers: megabytesOf(brokers) };
			for (const part of ["service", "database", "brokers"] as const) {
				this.most[part] = Math.max(this.most[part], now[part]);
			}
			this.most.together = Math.max(this.most.together, now.service + now.database);
		}, EVERY_MS);
	}

	stop(): void {
		clearInterval(this.#timer);
	}
}
