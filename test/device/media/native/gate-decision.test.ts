import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, it } from "vitest";
import { makeNative, root } from "./built.ts";

beforeAll(() => makeNative("gate-test"), 120_000);

const run = (program: string) => spawnSync(`${root}build/native/test/${program}`, { encoding: "utf8" });

describe("the gate's decision", () => {
	it("is the rule, for every sequence of up to five steps and for every bit", () => {
		const { status, stdout, stderr } = run("gate_table");
		expect(stdout + stderr).toBe("0 failures\n");
		expect(status).toBe(0);
	});

	it("would be noticed without the comparison", () => {
		const { status, stdout } = run("gate_table_no_compare");
		expect(status).not.toBe(0);
		expect(stdout).toContain('after "ePr": 1, wanted 2');
		expect(stdout).toContain("bit 0 does not count");
	});
});
