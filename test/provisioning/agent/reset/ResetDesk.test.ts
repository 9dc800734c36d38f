import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { ScriptedFleet } from "../ScriptedFleet.ts";
import { calm } from "../samples.ts";
import { TestAgent } from "../TestAgent.ts";

let folder: string;
let wish: string;
let agent: TestAgent | null = null;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "incamera-reset-"));
	wish = join(folder, "reset");
});
afterEach(async () => {
	await agent?.remove();
	agent = null;
	rmSync(folder, { recursive: true, force: true });
});
const shown = () => agent?.room.last("reset")?.reset;

describe("nobody's device", () => {
	const start = async (reset?: string, clock = new ManualClock()) => {
		const config = reset === undefined ? {} : { reset };
		agent = await TestAgent.start({ bootstrapUrl: "mqtts://fleet.invalid:8883", clock, config });
		await expect.poll(() => agent?.room.last("reset")).not.toBeNull();
		return agent;
	};

	test("offers a reset where its configuration names the file that does it, and nowhere else", async () => {
		await start();
		expect(shown()).toBeNull();
		agent?.room.send({ t: "reset" });
		await agent?.remove();
		await start(wish);
		expect(shown()).toEqual({ state: "offered", code: null });
		expect(existsSync(wish)).toBe(false);
	});

	test("wishes for it when somebody at the panel does; is it still here after a minute, it was not done", async () => {
		const clock = new ManualClock();
		const { room } = await start(wish, clock);
		room.send({ t: "reset" });
		await expect.poll(() => existsSync(wish)).toBe(true);
		await expect.poll(shown).toEqual({ state: "begun", code: null });
		// by then the file has been taken away, as it would be by the unit
		rmSync(wish);
		room.send({ t: "reset" });
		// what is answered shows that all before it was heard
		room.enrol("no code");
		await expect.poll(() => room.claim?.state === "unclaimed" && room.claim.failure).toBe("enrol.code_malformed");
		expect(existsSync(wish)).toBe(false);
		clock.advance(59_000);
		expect(shown()).toEqual({ state: "begun", code: null });
		clock.advance(1000);
		await expect.poll(shown).toEqual({ state: "offered", code: "reset.failed" });
		expect(existsSync(wish)).toBe(false);
		room.send({ t: "reset" });
		await expect.poll(() => existsSync(wish)).toBe(true);
	});

	test("says that it can't, where nobody would see the wish", async () => {
		const { room } = await start(join(folder, "gone", "reset"));
		room.send({ t: "reset" });
		await expect.poll(shown).toEqual({ state: "offered", code: "reset.failed" });
	});

	test("does not in a call, whatever its room program says", async () => {
		const { room } = await start(wish);
		room.status({ status: { ...calm, activity: "in_call" }, idleSince: null, occupied: null });
		room.send({ t: "reset" });
		room.status({ status: calm, idleSince: 0, occupied: null });
		room.send({ t: "reset" });
		await expect.poll(() => existsSync(wish)).toBe(true);
		expect(room.all("reset").map(({ reset }) => reset?.state)).toEqual(["offered", "begun"]);
	});
});

describe("a device of a fleet", () => {
	let fleet: ScriptedFleet;
	beforeAll(async () => {
		fleet = await ScriptedFleet.start();
	});
	afterAll(() => fleet?.close());

	test("says that it leaves, and does not wait for an answer", async () => {
		agent = await TestAgent.claimed(fleet, { config: { reset: wish } });
		const { id, room } = agent;
		const told = () => [...fleet.events.values()].filter((event) => event.id === id && event.type === "device.reset");
		room.send({ t: "reset" });
		await expect.poll(() => existsSync(wish)).toBe(true);
		await expect.poll(() => told().length).toBe(1);
		// what it forgets is on the disk whose key is destroyed: until the machine restarts it is what it was
		expect(room.claim?.state).toBe("claimed");
	});
});
