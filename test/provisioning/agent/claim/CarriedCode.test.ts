import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { CarriedCode, type CodeWanted } from "../../../../provisioning/agent/claim/CarriedCode.ts";
import { ScriptedFleet } from "../ScriptedFleet.ts";
import { TestAgent } from "../TestAgent.ts";

let folder: string;
let file: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-code-"));
	file = join(folder, "code");
	await writeFile(file, "ABCD-EFGH-JKMN-PQRS\n");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const unclaimed = (failure: string | null = null): CodeWanted => ({ state: "unclaimed", failure });

/** A claim that only notes what it is asked. */
function carried(answer: CodeWanted = { state: "enrolling" }) {
	const clock = new ManualClock(0);
	const tried: string[] = [];
	const code = new CarriedCode({
		file,
		clock,
		enrol: (typed) => {
			tried.push(typed);
			code.now(answer);
		},
	});
	return { clock, tried, code };
}

describe("a code that came with the disk", () => {
	test("is tried at once, and again while the fleet can't be reached; what got an answer is gone", async () => {
		const { clock, tried, code } = carried();
		code.now(unclaimed());
		await expect.poll(() => tried).toEqual(["ABCD-EFGH-JKMN-PQRS"]);
		code.now(unclaimed("enrol.unreachable"));
		clock.advance(59_000);
		expect(tried).toHaveLength(1);
		expect(existsSync(file)).toBe(true);
		clock.advance(1000);
		await expect.poll(() => tried).toHaveLength(2);
		code.now(unclaimed("enrol.code_wrong"));
		await expect.poll(() => existsSync(file)).toBe(false);
		clock.advance(3_600_000);
		expect(tried).toHaveLength(2);
	});

	test("that is none, or belongs to a device that has a fleet, is removed", async () => {
		await writeFile(file, "x".repeat(65));
		const long = carried();
		long.code.now(unclaimed());
		await expect.poll(() => existsSync(file)).toBe(false);
		expect(long.tried).toEqual([]);
		await writeFile(file, "no code");
		carried(unclaimed("enrol.code_malformed")).code.now(unclaimed());
		await expect.poll(() => existsSync(file)).toBe(false);
		await writeFile(file, "ABCD-EFGH-JKMN-PQRS");
		carried().code.now({ state: "claimed" });
		await expect.poll(() => existsSync(file)).toBe(false);
	});

	test("makes the device one of the fleet without a touch", async () => {
		const fleet = await ScriptedFleet.start();
		await writeFile(file, fleet.code());
		const url = fleet.broker.bootstrapUrl as string;
		const agent = await TestAgent.start({ bootstrapUrl: url, config: { bootstrap: { url, codeFile: file } } });
		try {
			await expect.poll(() => agent.room.deviceId).not.toBeNull();
			await expect.poll(() => existsSync(file)).toBe(false);
			expect(JSON.stringify(agent.logged)).not.toMatch(/[0-9A-Z]{4}-[0-9A-Z]{4}/);
		} finally {
			await agent.remove();
			await fleet.close();
		}
	});
});
