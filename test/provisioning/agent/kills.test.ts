/**
 * The table of kill points: the agent's process, the devices' broker or the bootstrap broker is killed at a step of enrolment or renewal.
 * Whatever it was, in the end the device is in the fleet in both their eyes, or in neither's, and can be enrolled.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AgentProcess } from "./AgentProcess.ts";
import { ScriptedFleet, type Step } from "./ScriptedFleet.ts";
import { TestRoom } from "./TestRoom.ts";

let fleet: ScriptedFleet;
const ends: (() => unknown)[] = [];
beforeAll(async () => {
	fleet = await ScriptedFleet.start();
});
beforeEach(() => {
	fleet.before = () => true;
	fleet.days = 60;
});
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => fleet?.close());

async function device(): Promise<{ agent: AgentProcess; room: TestRoom }> {
	const agent = await AgentProcess.create(fleet.broker.bootstrapUrl as string);
	ends.push(() => agent.remove());
	await agent.start();
	const room = new TestRoom(agent.config.socket).open();
	ends.push(() => room.close());
	await expect.poll(() => room.claim?.state).toBe("unclaimed");
	return { agent, room };
}

/** Does something once, when a step comes. */
function at(step: Step, what: () => unknown, stepIsDone: boolean): Promise<void> {
	return new Promise((resolve) => {
		let done = false;
		fleet.before = async (now) => {
			if (now !== step || done) return true;
			done = true;
			await what();
			resolve();
			return stepIsDone;
		};
	});
}

const steps: readonly Step[] = ["hello", "csr", "issued", "confirm", "twin"];

describe("enrolment", () => {
	describe.each(["answered", "unanswered"] as const)("the step %s", (answered) => {
		test.each(steps)("the agent is killed at: %s", async (step) => {
			const { agent, room } = await device();
			const killed = at(step, () => agent.kill(), answered === "answered");
			const code = fleet.code();
			room.enrol(code);
			await killed;
			fleet.before = () => true;
			await agent.start();
			// what was issued is on the disk whole or not at all, and goes on by itself; otherwise it is nobody's
			await expect.poll(() => room.claim?.state).toMatch(/^(unclaimed|claimed)$/);
			if (room.claim?.state === "unclaimed") {
				expect((await agent.claim()).state).toBe("none");
				room.enrol(code);
			}
			await expect.poll(() => room.claim?.state).toBe("claimed");
			await expect.poll(() => fleet.device(room.deviceId!)?.state).toBe("active");
			expect(await agent.claim()).toMatchObject({ state: "claimed", deviceId: room.deviceId });
			await expect.poll(() => fleet.reportOf(room.deviceId!)?.appliedRev).toBe(1);
		});
	});

	test.each([
		["bootstrap", "hello"],
		["bootstrap", "csr"],
		["bootstrap", "issued"],
		["devices", "hello"],
		["devices", "csr"],
		["devices", "issued"],
		["devices", "confirm"],
		["devices", "twin"],
	] as const)("the %s broker is killed at: %s; the same handshake goes on", async (broker, step) => {
		const { agent, room } = await device();
		const killed = at(step, () => fleet.killBroker(broker), true);
		room.enrol(fleet.code());
		await killed;
		fleet.before = () => true;
		await expect.poll(() => room.claim?.state, { timeout: 60_000 }).toBe("claimed");
		expect(fleet.device(room.deviceId!)?.state).toBe("active");
		expect((await agent.claim()).state).toBe("claimed");
	});

	test("a kill on the way out of a fleet ends in nobody's device, not in between", async () => {
		const { agent, room } = await device();
		room.enrol(fleet.code());
		await expect.poll(() => room.deviceId).not.toBeNull();
		const id = room.deviceId as string;
		const { length } = fleet.responses;
		await fleet.command(id, { op: "unenrol", args: {} });
		// the answer is out; what follows is the forgetting
		await expect.poll(() => fleet.responses.length).toBe(length + 1);
		await agent.kill();
		await expect.poll(() => room.connected).toBe(false);
		const before = room.all("claim").length;
		await agent.start();
		// what the new one says, not what the old one said last
		await expect.poll(() => room.all("claim").length).toBeGreaterThan(before);
		await expect.poll(() => room.claim?.state).toMatch(/^(unclaimed|claimed)$/);
		if (room.claim?.state === "claimed") {
			// killed before anything was forgotten: the fleet asks again, until it is heard
			const asked = async () => {
				await fleet.command(id, { op: "unenrol", args: {} });
				return room.claim?.state;
			};
			await expect.poll(asked, { interval: 1000 }).toBe("unclaimed");
		}
		expect((await agent.claim()).state).toBe("none");
		room.enrol(fleet.code());
		await expect.poll(() => room.claim?.state).toBe("claimed");
		expect(room.deviceId).not.toBe(id);
	});
});

describe("renewal", () => {
	/** A device whose certificate is due at once: of its few minutes five lie in the past. */
	async function due(): Promise<{ agent: AgentProcess; room: TestRoom; id: string }> {
		const made = await device();
		fleet.days = 2 / 1440;
		made.room.enrol(fleet.code());
		await new Promise<void>((resolve) => {
			fleet.before = async (step) => {
				if (step === "certificate") resolve();
				// the first request is not answered: tests say what becomes of it
				return step !== "certificate";
			};
		});
		// the room hears whose it is over a line of its own
		await expect.poll(() => made.room.deviceId).not.toBeNull();
		return { ...made, id: made.room.deviceId as string };
	}

	test.each(["agent", "broker"] as const)("the %s is killed while the fleet has not answered", async (victim) => {
		const { agent, room, id } = await due();
		fleet.days = 60;
		fleet.before = () => true;
		if (victim === "broker") fleet.killBroker();
		else await agent.kill().then(() => agent.start());
		await expect.poll(() => fleet.device(id)?.confirmed.length, { timeout: 60_000 }).toBe(2);
		await expect.poll(() => room.claim).toMatchObject({ state: "claimed", deviceId: id, generation: 2 });
	});

	test.each(["agent", "broker"] as const)("the %s is killed as the new certificate is confirmed", async (victim) => {
		const { agent, room, id } = await due();
		const confirmed = () => fleet.device(id)?.confirmed.length;
		expect(confirmed()).toBe(1);
		// asks again with the next connection, and is answered; then comes back as its new self
		const killed = new Promise<void>((resolve) => {
			let answered = false;
			fleet.before = async (step) => {
				answered ||= step === "certificate";
				if (step !== "confirm" || !answered) return true;
				fleet.before = () => true;
				if (victim === "broker") fleet.killBroker();
				else await agent.kill();
				resolve();
				return true;
			};
		});
		fleet.days = 60;
		await agent.kill();
		await agent.start();
		await killed;
		if (victim === "agent") await agent.start();
		await expect
			.poll(() => room.claim, { timeout: 60_000 })
			.toMatchObject({ state: "claimed", deviceId: id, generation: 2 });
		expect(await agent.claim()).toMatchObject({ state: "claimed", generation: 2, candidate: null });
		// and it is there, with the new one
		await expect.poll(() => fleet.presenceOf(id)?.online).toBe(true);
	});
});
