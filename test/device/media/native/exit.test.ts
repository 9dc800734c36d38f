import { beforeAll, describe, expect, it } from "vitest";
import { makeNative } from "./built.ts";
import { runProgram } from "./program.ts";

beforeAll(() => makeNative(), 300_000);

describe("a process with playing pipelines", () => {
	it.each([
		["natural", 0],
		["exit", 0],
		["throw", 1],
		["worker", 0],
	])("ends by %s with code %i", async (way, code) => {
		const ended = await runProgram("endings.ts", [way]);
		expect(ended).toMatchObject({ code, signal: null });
		expect(ended.stderr).not.toMatch(/CRITICAL|WARNING/);
	});

	it("stops one that nobody holds any more", async () => {
		const ended = await runProgram("endings.ts", ["garbage"], {}, ["--expose-gc"]);
		expect(ended).toMatchObject({ code: 0, signal: null, stderr: "" });
	});
});
