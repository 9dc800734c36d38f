import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import type { CommandResponse } from "../../../../provisioning/contract/commands.ts";
import { encodePayload } from "../../../../provisioning/contract/envelope.ts";
import { presence } from "../../../../provisioning/contract/ring.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { ScriptedFleet } from "../ScriptedFleet.ts";
import { calm } from "../samples.ts";
import { TestAgent, type TestAgentOptions } from "../TestAgent.ts";

let fleet: ScriptedFleet;
const agents: TestAgent[] = [];
beforeAll(async () => {
	fleet = await ScriptedFleet.start();
});
beforeEach(() => {
	fleet.responses.length = 0;
});
afterEach(async () => {
	for (const agent of agents.splice(0)) await agent.remove();
});
afterAll(() => fleet?.close());

async function claimed(options: Partial<TestAgentOptions> = {}): Promise<TestAgent> {
	const agent = await TestAgent.claimed(fleet, options);
	agents.push(agent);
	return agent;
}
const identify = { op: "identify", args: { number: 7, seconds: 30 } } as const;
/** The answer to a command, as far as it is not the envelope. */
async function answer(mid: string): Promise<object> {
	await expect.poll(() => fleet.responses.filter(({ re }) => re === mid).length).toBeGreaterThan(0);
	const {
		v: _,
		mid: __,
		ts: ___,
		re: ____,
		...outcome
	} = fleet.responses.find(({ re }) => re === mid) as CommandResponse;
	return outcome;
}
const answers = (mid: string) => fleet.responses.filter(({ re }) => re === mid).length;
/** Resolves when all that was asked of the device until now has been dealt with: a further command is answered. */
async function dealtWith(agent: TestAgent): Promise<void> {
	await answer(await fleet.command(agent.id, { op: "doctor", args: {} }));
}

describe("a command", () => {
	test("is given to the room, and its answer to the fleet", async () => {
		const agent = await claimed();
		const checks = [{ name: "camera", status: "failed", code: "doctor.no_camera", advice: "Plug one in." }] as const;
		agent.room.onCommand = ({ command }) =>
			(command.op === "doctor" ? { status: 200, checks } : { status: 200 }) as never;
		expect(await answer(await fleet.command(agent.id, identify))).toEqual({ status: 200 });
		expect(agent.room.last("command")?.command).toEqual(identify);
		expect(await answer(await fleet.command(agent.id, { op: "doctor", args: {} }))).toEqual({ status: 200, checks });
		agent.room.onCommand = () => ({ status: 409, code: "room.in_call" });
		const restart = await fleet.command(agent.id, { op: "restart", args: {} });
		expect(await answer(restart)).toEqual({ status: 409, code: "room.in_call" });
	});

	test("that comes twice is done once, also after the agent was started anew", async () => {
		const agent = await claimed();
		const mid = await fleet.command(agent.id, identify);
		await fleet.command(agent.id, identify, { mid });
		await answer(mid);
		await agent.stop();
		await agent.start();
		await expect.poll(() => fleet.presenceOf(agent.id)?.online).toBe(true);
		await fleet.command(agent.id, identify, { mid });
		await dealtWith(agent);
		const done = agent.room.all("command").filter(({ command }) => command.op === "identify");
		expect(done).toHaveLength(1);
		expect(answers(mid)).toBe(1);
	});

	test("that comes too late is answered so, and not done", async () => {
		const agent = await claimed();
		const mid = await fleet.command(agent.id, identify, { exp: Date.now() - 1 });
		expect(await answer(mid)).toEqual({ status: 408, code: "command.expired" });
		expect(agent.room.all("command")).toEqual([]);
	});

	test("that is kept by the broker is for nobody who waits, and is not heeded", async () => {
		const agent = await claimed();
		const request = { ...fleet.envelope(), exp: Date.now() + 60_000, ...identify };
		await fleet.publish(topics.commandRequest(agent.id), JSON.stringify(request), true);
		// what is alive may be delivered as it is published; what waits for the next connection comes as kept
		await dealtWith(agent);
		const before = agent.room.all("command").length;
		const again = { ...fleet.envelope(), exp: Date.now() + 60_000, ...identify };
		await agent.stop();
		await fleet.publish(topics.commandRequest(agent.id), JSON.stringify(again), true);
		await agent.start();
		await expect.poll(() => agent.room.connected).toBe(true);
		await expect.poll(() => fleet.presenceOf(agent.id)?.online).toBe(true);
		await dealtWith(agent);
		expect(agent.room.all("command").length).toBe(before + 1);
		expect(answers(again.mid)).toBe(0);
		await fleet.publish(topics.commandRequest(agent.id), "", true);
	});

	test("that is not understood is answered so; what is no command at all is only counted", async () => {
		const agent = await claimed();
		const ask = async (command: object) => {
			const request = { ...fleet.envelope(), exp: Date.now() + 30_000, ...command };
			await fleet.publish(topics.commandRequest(agent.id), JSON.stringify(request));
			return answer(request.mid);
		};
		expect(await ask({ op: "open_camera", args: {} })).toEqual({ status: 501, code: "command.unknown" });
		expect(await ask({ op: "identify", args: { number: 0, seconds: 5 } })).toEqual({
			status: 400,
			code: "command.malformed",
		});
		await fleet.publish(topics.commandRequest(agent.id), "{");
		await fleet.publish(topics.commandRequest(agent.id), JSON.stringify({ ...fleet.envelope(), v: 2, op: "restart" }));
		await dealtWith(agent);
		expect(agent.refused).toEqual(expect.arrayContaining(["command.malformed", "command.version_unknown"]));
		expect(agent.room.all("command").map(({ command }) => command.op)).toEqual(["doctor"]);
	});

	test("finds no room program: it is said; one that goes meanwhile has been restarted, or has failed", async () => {
		const agent = await claimed();
		agent.room.onCommand = () => null;
		const restart = await fleet.command(agent.id, { op: "restart", args: {} });
		const doctor = await fleet.command(agent.id, { op: "doctor", args: {} });
		await expect.poll(() => agent.room.all("command").length).toBe(2);
		agent.room.close();
		expect(await answer(restart)).toEqual({ status: 200 });
		expect(await answer(doctor)).toEqual({ status: 500, code: "room.not_running" });
		const nobody = await fleet.command(agent.id, identify);
		expect(await answer(nobody)).toEqual({ status: 500, code: "room.not_running" });
	});

	test("that the room never answers is answered for it, when it is too late for the room", async () => {
		const clock = new ManualClock(Date.now());
		const agent = await claimed({ clock });
		agent.room.onCommand = () => null;
		const soon = await fleet.command(agent.id, identify, { exp: clock.now() + 15_000 });
		const late = await fleet.command(agent.id, identify, { exp: clock.now() + 600_000 });
		await expect.poll(() => agent.room.all("command").length).toBe(2);
		clock.advance(15_000);
		expect(await answer(soon)).toEqual({ status: 500, code: "room.silent" });
		expect(answers(late)).toBe(0);
		clock.advance(45_000);
		expect(await answer(late)).toEqual({ status: 500, code: "room.silent" });
		// what the room says then is nothing any more
		for (const { mid } of agent.room.all("command")) agent.room.send({ t: "command", mid, status: 200 });
		agent.room.onCommand = () => ({ status: 200 });
		await dealtWith(agent);
		expect([answers(soon), answers(late)]).toEqual([1, 1]);
	});

	test("to forget everything is refused in a call", async () => {
		const agent = await claimed();
		agent.room.status({ status: { ...calm, activity: "in_call" }, idleSince: null, occupied: null });
		await expect.poll(() => fleet.reportOf(agent.id)?.status.activity).toBe("in_call");
		const early = await fleet.command(agent.id, { op: "unenrol", args: {} });
		expect(await answer(early)).toEqual({ status: 409, code: "room.in_call" });
		agent.room.status({ status: calm, idleSince: Date.now(), occupied: null });
		await expect.poll(() => fleet.reportOf(agent.id)?.status.activity).toBe("free");
		const then = await fleet.command(agent.id, { op: "unenrol", args: {} });
		expect(await answer(then)).toEqual({ status: 200 });
		await expect.poll(() => agent.room.claim?.state).toBe("unclaimed");
	});

	test("has its answer while the broker dies and nobody of the fleet is there: later, and once", async () => {
		const agent = await claimed();
		const { id } = agent;
		let release = () => {};
		agent.room.onCommand = ({ mid }) => {
			release = () => agent.room.send({ t: "command", mid, status: 200 });
			return null;
		};
		const mid = await fleet.command(id, identify);
		await expect.poll(() => agent.room.all("command").length).toBe(1);
		const epoch = fleet.presenceOf(id)?.epoch ?? 0;
		fleet.killBroker();
		await expect.poll(() => agent.room.last("line")?.epoch).toBeNull();
		release();
		await expect.poll(() => fleet.presenceOf(id)?.epoch ?? 0).toBeGreaterThan(epoch);
		expect(await answer(mid)).toEqual({ status: 200 });
		agent.room.onCommand = () => ({ status: 200 });
		await dealtWith(agent);
		expect(new Set(fleet.responses.filter(({ re }) => re === mid).map((response) => response.mid)).size).toBe(1);
	});
});

test("what the room answers and the bus does not take is a failure of the room", async () => {
	const agent = await claimed();
	const check = { name: "x".repeat(80), status: "failed", code: "doctor.code", advice: "y".repeat(400) };
	// each is allowed, all together are more than a message holds
	agent.room.onCommand = () =>
		({ status: 200, checks: Array(60).fill({ ...check, advice: "ß".repeat(400) }) }) as never;
	const mid = await fleet.command(agent.id, { op: "doctor", args: {} });
	expect(await answer(mid)).toEqual({ status: 500, code: "room.answer_refused" });
});

test("a room that somebody else pretends to be is not believed: the fleet's words are the broker's to bring", async () => {
	const agent = await claimed();
	const payload = encodePayload(presence, { ...fleet.envelope(), epoch: Date.now() + 3_600_000, online: false });
	const epoch = fleet.presenceOf(agent.id)?.epoch ?? 0;
	// a worker may write it, to clear it; an epoch ahead of the device's own is overtaken by a new connection
	await fleet.publish(topics.presence(agent.id), payload, true);
	await expect.poll(() => fleet.presenceOf(agent.id)).toMatchObject({ online: true });
	expect(fleet.presenceOf(agent.id)?.epoch).toBeGreaterThan(epoch);
});
