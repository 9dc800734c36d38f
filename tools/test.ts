/**
 * `npm test`: lint, arrows, types, then every test. Arguments go to Vitest (`npm test -- test/device/room`).
 * The last line is `N passed, N failed`, alone on the line; the exit code says the same. A line before it names the tests that were skipped.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Counts, conclude, runVitest } from "./runVitest.ts";

const root = join(import.meta.dirname, "..");
const node = process.execPath;
const bin = (name: string) => join(root, "node_modules", name);

function check(name: string, command: string, args: string[]): Counts {
	const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
	console.log(`${status === 0 ? "✓" : "✗"} ${name}`);
	return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: [] };
}

/**
 * Tests with pictures and sound in real time, one file at a time, so that none starves another; beside them all others, on what the
 * processor has left: most of them wait for brokers, databases and processes to do something. Those share their modules, which no test
 * changes: loading them anew for each of two hundred files took longer than many files do.
 */
const realTime = [
	...["test/e2e/", "test/device/media/", "test/device/program/", "test/ui/guest/"],
	"test/ui/panel/steering",
];
const lanes = [
	{ name: "in real time", nice: 0, args: ["--no-file-parallelism", ...realTime] },
	{
		name: "beside them",
		nice: 5,
		args: ["--max-workers=3", "--no-isolate", ...realTime.map((folder) => `--exclude=${folder}**`)],
	},
];

const only = process.argv.slice(2);
if (only.length === 0) {
	const checks = [
		check("lint and format", node, [bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."]),
		check("arrows between folders", node, ["tools/arrows.ts"]),
		check("types", node, [bin("typescript/bin/tsc"), "-p", "."]),
	];
	conclude([
		...checks,
		...(await Promise.all(
			lanes.map(({ name, args, nice }, index) => runVitest(name, args, { show: index === 0, nice })),
		)),
	]);
} else {
	conclude([await runVitest("asked for", ["--no-file-parallelism", ...only])]);
}
