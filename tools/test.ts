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
 * Tests with pictures and sound in real time, one file at a time, so that none starves another; beside them all others, most of which
 * wait for brokers, databases and processes to do something.
 */
const realTime = [
	...["test/e2e/", "test/conformance/", "test/device/media/", "test/device/program/", "test/ui/guest/"],
	"test/ui/panel/steering",
];
const lanes = [
	{ name: "in real time", args: ["--no-file-parallelism", ...realTime] },
	{ name: "beside them", args: ["--max-workers=2", ...realTime.map((folder) => `--exclude=${folder}**`)] },
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
		...(await Promise.all(lanes.map(({ name, args }, index) => runVitest(name, args, index === 0)))),
	]);
} else {
	conclude([await runVitest("asked for", ["--no-file-parallelism", ...only], true)]);
}
