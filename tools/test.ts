/**
 * `npm test`: lint, arrows, types, then every test. Arguments go to Vitest (`npm test -- test/device/room`).
 * The last line is `N passed, N failed`, alone on the line; the exit code says the same.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const node = process.execPath;
const bin = (name: string) => join(root, "node_modules", name);

let passed = 0;
let failed = 0;

function check(name: string, command: string, args: string[]): void {
	const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
	console.log(`${status === 0 ? "✓" : "✗"} ${name}`);
	if (status === 0) passed += 1;
	else failed += 1;
}

const only = process.argv.slice(2);
if (only.length === 0) {
	check("lint and format", node, [bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."]);
	check("arrows between folders", node, ["tools/arrows.ts"]);
	check("types", node, [bin("typescript/bin/tsc"), "-p", "."]);
}

const results = mkdtempSync(join(tmpdir(), "incamera-test-"));
const report = join(results, "vitest.json");
const { status } = spawnSync(
	node,
	[bin("vitest/vitest.mjs"), "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...only],
	{ cwd: root, stdio: ["ignore", "inherit", "inherit"] },
);
try {
	const summary = JSON.parse(readFileSync(report, "utf8")) as { numPassedTests: number; numFailedTests: number };
	passed += summary.numPassedTests;
	failed += summary.numFailedTests;
	// a file that doesn't load, or an error outside of any test, fails the run without failing a test
	if (status !== 0 && summary.numFailedTests === 0) failed += 1;
} catch {
	failed += 1;
}
rmSync(results, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
