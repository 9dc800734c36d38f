import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { root } from "./built.ts";

export interface Ended {
	code: number | null;
	signal: NodeJS.Signals | null;
	stdout: string;
	stderr: string;
}

/** Runs a program of this folder with the Node that runs the test; resolves with how it ended. */
export function runProgram(
	name: string,
	args: string[],
	env: NodeJS.ProcessEnv = {},
	flags: string[] = [],
): Promise<Ended> {
	const program = fileURLToPath(new URL(name, import.meta.url));
	const child = spawn(process.execPath, [...flags, program, ...args], {
		env: { ...process.env, ...env },
		stdio: ["ignore", "pipe", "pipe"],
	});
	let stdout = "";
	let stderr = "";
	child.stdout.on("data", (chunk: Buffer) => (stdout += chunk));
	child.stderr.on("data", (chunk: Buffer) => (stderr += chunk));
	return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr })));
}

/** Environment under which Node loads the `sanitize` variant. The sanitizers' library must come first, hence the preload. */
export function sanitizerEnvironment(leaks: boolean): NodeJS.ProcessEnv {
	const library = spawnSync("g++", ["-print-file-name=libasan.so"], { encoding: "utf8" }).stdout.trim();
	return {
		LD_PRELOAD: library,
		INCAMERA_NATIVE: "sanitize",
		ASAN_OPTIONS: leaks ? "detect_leaks=1:fast_unwind_on_malloc=0" : "detect_leaks=0",
		LSAN_OPTIONS: `suppressions=${root}device/media/native/leaks.supp:print_suppressions=0`,
		UBSAN_OPTIONS: "print_stacktrace=1:halt_on_error=1",
	};
}
