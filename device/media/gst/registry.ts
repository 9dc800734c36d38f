import { type FactoryInfo, native } from "./native.ts";

export type { FactoryInfo };

/** GStreamer's version text, for example `GStreamer 1.22.0`. */
export function gstVersion(): string {
	return native().version;
}

/** Native objects, connections, probes, counters, promises and tasks that are alive: 0 once all was disposed. For leak tests. */
export function liveObjects(): number {
	return native().liveObjects();
}

/** What is free in the process's allocator goes back to the kernel, a few milliseconds of work on a thread of its own. */
export function releaseMemory(): Promise<void> {
	return native().releaseMemory();
}

/** Every installed element factory. */
export function listFactories(): FactoryInfo[] {
	return native().listFactories();
}

/** Changes a factory's rank for automatic choice in this process; false when it is not installed. */
export function setRank(factory: string, rank: number): boolean {
	return native().setRank(factory, rank);
}
