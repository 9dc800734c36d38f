import { readFileSync } from "node:fs";
import { join } from "node:path";

const groups = "/sys/fs/cgroup/system.slice";

/**
 * MB that a unit's programs hold: all that is counted for it, without file contents that the kernel drops when it needs the room
 * (Linux, cgroup-v2.rst, `memory.current` and `inactive_file`). Null: the kernel does not say.
 */
export function memoryOf(unit: string, folder = groups): number | null {
	try {
		const read = (name: string) => readFileSync(join(folder, unit, name), "utf8");
		const dropped = /^inactive_file (\d+)$/m.exec(read("memory.stat"))?.[1];
		const held = Number(read("memory.current")) - Number(dropped);
		return Number.isFinite(held) ? Math.round(held / 1e6) : null;
	} catch {
		return null;
	}
}
