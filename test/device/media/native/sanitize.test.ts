import { beforeAll, describe, expect, it } from "vitest";
import { makeNative } from "./built.ts";
import { runProgram, sanitizerEnvironment } from "./program.ts";

beforeAll(() => makeNative("VARIANT=sanitize"), 600_000);

const reports = /AddressSanitizer|LeakSanitizer|runtime error|UndefinedBehavior/;

describe("calls under sanitizers", () => {
	it("touch no memory that is not theirs and do nothing undefined", async () => {
		const ended = await runProgram("calls.ts", ["5"], sanitizerEnvironment(false));
		expect(ended.stderr).not.toMatch(reports);
		expect(ended).toMatchObject({ code: 0, stderr: "" });
		expect(ended.stdout.trim().split("\n")).toHaveLength(5);
	}, 300_000);

	it("leave nothing allocated", async () => {
		const ended = await runProgram("calls.ts", ["3"], sanitizerEnvironment(true));
		expect(ended.stderr).not.toMatch(reports);
		expect(ended).toMatchObject({ code: 0, stderr: "" });
	}, 300_000);

	it("find what is wrong: the variant is really instrumented", async () => {
		const ended = await runProgram("endings.ts", ["instrumented"], sanitizerEnvironment(false));
		expect(ended).toMatchObject({ code: 0, stdout: "instrumented\n" });
	}, 60_000);

	it.each(["natural", "exit", "throw", "worker"])(
		"end well: %s",
		async (way) => {
			const ended = await runProgram("endings.ts", [way], sanitizerEnvironment(false));
			expect(ended.stderr).not.toMatch(reports);
			expect(ended.signal).toBeNull();
		},
		120_000,
	);
});
