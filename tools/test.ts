/**
 * `npm test`: lint, arrows, types, then every test. Arguments go to Vitest (`npm test -- test/device/room`).
 * The last line is `N passed, N failed`, alone on the line; the exit code says the same. A line before it names the tests that were skipped.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const node = process.execPath;
const bin = (name: string) => join(root, "node_modules", name);

let passed = 0;
let failed = 0;
/** Names of tests that were not run: what nobody looks at must not look like passed. */
const skipped: string[] = [];

function check(name: string, command: string, args: string[]): void {
	const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
	console.log(`${status === 0 ? "✓" : "✗"} ${name}`);
	if (status === 0) passed += 1;
	else failed += 1;
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

const results = mkdtempSync(join(tmpdir(), "incamera-test-"));

/** What is read of Vitest's JSON report. */
interface Summary {
	numPassedTests: number;
	numFailedTests: number;
	testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[];
}

async function runLane(name: string, args: string[], show: boolean): Promise<void> {
	const report = join(results, `${name}.json`);
	const vitest = spawn(
		node,
		[bin("vitest/vitest.mjs"), "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args],
		{ cwd: root, stdio: ["ignore", show ? "inherit" : "pipe", show ? "inherit" : "pipe"] },
	);
	const said: Buffer[] = [];
	vitest.stdout?.on("data", (bytes: Buffer) => said.push(bytes));
	vitest.stderr?.on("data", (bytes: Buffer) => said.push(bytes));
	const [status] = (await once(vitest, "close")) as [number | null];
	if (!show) process.stdout.write(Buffer.concat([Buffer.from(`\n── tests ${name}\n`), ...said]));
	try {
		const summary = JSON.parse(readFileSync(report, "utf8")) as Summary;
		passed += summary.numPassedTests;
		failed += summary.numFailedTests;
		for (const { name: file, assertionResults } of summary.testResults) {
			const left = assertionResults.filter((test) => test.status !== "passed" && test.status !== "failed");
			skipped.push(...left.map(({ fullName }) => `${relative(root, file)}: ${fullName}`));
		}
		// a file that doesn't load, or an error outside of any test, fails the run without failing a test
		if (status !== 0 && summary.numFailedTests === 0) failed += 1;
	} catch {
		failed += 1;
	}
}

const only = process.argv.slice(2);
if (only.length === 0) {
	check("lint and format", node, [bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."]);
	check("arrows between folders", node, ["tools/arrows.ts"]);
	check("types", node, [bin("typescript/bin/tsc"), "-p", "."]);
	await Promise.all(lanes.map(({ name, args }, index) => runLane(name, args, index === 0)));
} else {
	await runLane("asked for", ["--no-file-parallelism", ...only], true);
}
rmSync(results, { recursive: true, force: true });
if (skipped.length > 0) console.log(`${skipped.length} skipped: ${skipped.join("; ")}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
