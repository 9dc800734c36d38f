import { beforeAll, describe, expect, it } from "vitest";
import { makeNative } from "./built.ts";
import { runProgram } from "./program.ts";

beforeAll(() => makeNative(), 300_000);

interface Line {
	count: number;
	live: number;
	fds: number;
	threads: number;
	residentKb: number;
}

describe("a hundred calls in one process", () => {
	it("leave no object, file descriptor, thread or memory behind", async () => {
		const ended = await runProgram("calls.ts", ["100"]);
		expect(ended.stderr).toBe("");
		expect(ended.code).toBe(0);
		const lines = ended.stdout
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as Line);
		expect(lines).toHaveLength(100);
		expect(lines.map(({ live }) => live)).toEqual(lines.map(() => 0));
		const [early, last] = [lines.slice(10, 20), lines.slice(-10)];
		const most = (part: Line[], key: keyof Line) => Math.max(...part.map((line) => line[key]));
		// Pools of GLib and the allocator breathe by a few; a leak of one a call would be eighty.
		expect(most(last, "fds")).toBeLessThanOrEqual(most(early, "fds") + 3);
		expect(most(last, "threads")).toBeLessThanOrEqual(most(early, "threads") + 3);
		expect(most(last, "residentKb") - most(early, "residentKb")).toBeLessThan(12_000);
	}, 300_000);
});
