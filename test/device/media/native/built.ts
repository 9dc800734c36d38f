import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** Builds a target of the binding; quick when it is built. Test files run at the same time, hence the lock. */
export function makeNative(...args: string[]): void {
	mkdirSync(`${root}build/native`, { recursive: true });
	const made = spawnSync(
		"flock",
		[`${root}build/native/.lock`, "make", "-C", `${root}device/media/native`, "-j2", ...args],
		{
			encoding: "utf8",
		},
	);
	if (made.status !== 0) throw new Error(`make ${args.join(" ")} failed:\n${made.stdout}\n${made.stderr}`);
}
