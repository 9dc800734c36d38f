import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { setPriority, tmpdir } from "node:os";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "..");

export interface Counts {
	passed: number;
	failed: number;
	/** Names of tests that were not run: what nobody looks at must not look like passed. */
	skipped: string[];
}

/** What is read of Vitest's JSON report. */
interface Summary {
	numPassedTests: number;
	numFailedTests: number;
	testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[];
}

/**
 * Runs Vitest with these arguments and counts. `show`: while it runs; else what it said is shown at its end, under its name.
 * `nice`: how far it stands back for others, as nice(1) has it.
 */
export async function runVitest(
	name: string,
	args: readonly string[],
	{ show = true, nice = 0 }: { show?: boolean; nice?: number } = {},
): Promise<Counts> {
	const folder = mkdtempSync(join(tmpdir(), "incamera-test-"));
	const report = join(folder, "report.json");
	const vitest = spawn(
		process.execPath,
		[
			...[join(root, "node_modules/vitest/vitest.mjs"), "run"],
			...["--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args],
		],
		{ cwd: root, stdio: ["ignore", show ? "inherit" : "pipe", show ? "inherit" : "pipe"] },
	);
	// taken over by all that it starts
	if (nice > 0 && vitest.pid) setPriority(vitest.pid, nice);
	const said: Buffer[] = [];
	vitest.stdout?.on("data", (bytes: Buffer) => said.push(bytes));
	vitest.stderr?.on("data", (bytes: Buffer) => said.push(bytes));
	const [status] = (await once(vitest, "close")) as [number | null];
	if (!show) process.stdout.write(Buffer.concat([Buffer.from(`\n── tests ${name}\n`), ...said]));
	try {
		return countsOf(JSON.parse(readFileSync(report, "utf8")) as Summary, status);
	} catch {
		return { passed: 0, failed: 1, skipped: [] };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function countsOf({ numPassedTests, numFailedTests, testResults }: Summary, status: number | null): Counts {
	const skipped = testResults.flatMap(({ name, assertionResults }) =>
		assertionResults
			.filter(({ status }) => status !== "passed" && status !== "failed")
			.map(({ fullName }) => `${relative(root, name)}: ${fullName}`),
	);
	// a file that doesn't load, or an error outside of any test, fails the run without failing a test
	const failed = status !== 0 && numFailedTests === 0 ? 1 : numFailedTests;
	return { passed: numPassedTests, failed, skipped };
}

/** The sum as the last line, which whoever runs it reads; the exit code says the same. */
export function conclude(all: readonly Counts[]): void {
	const sum = (key: "passed" | "failed") => all.reduce((total, counts) => total + counts[key], 0);
	const skipped = all.flatMap((counts) => counts.skipped);
	if (skipped.length > 0) console.log(`${skipped.length} skipped: ${skipped.join("; ")}`);
	console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
	process.exitCode = sum("failed") === 0 && sum("passed") > 0 ? 0 : 1;
}
