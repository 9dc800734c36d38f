import { beforeAll, expect, it } from "vitest";
import { makeNative } from "./native/built.ts";
import { runProgram } from "./native/program.ts";

beforeAll(() => makeNative(), 300_000);

it("what is written may change with every picture: nothing of it is told to what draws without a lock", async () => {
	expect(await runProgram("../programs/changeCaptions.ts", [])).toEqual({
		...{ code: 0, signal: null, stdout: "20000\n", stderr: "" },
	});
});
