import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { encodePayload } from "../../../../provisioning/contract/envelope.ts";
import { presence } from "../../../../provisioning/contract/ring.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { ScriptedFleet } from "../ScriptedFleet.ts";
import { amber } from "../samples.ts";
import { TestAgent } from "../TestAgent.ts";

let fleet: ScriptedFleet;
const agents: TestAgent[] = [];
beforeAll(async () => {
	fleet = await ScriptedFleet.start();
});
afterEach(async () => {
	for (const agent of agents.splice(0)) await agent.remove();
});
afterAll(() => fleet?.close());

/** An agent whose directory lists so many rooms, two of which are there. */
async function listing(rooms: number, clock: ManualClock): Promise<TestAgent> {
	for (const id of ["dev-room-0", "dev-room-1"]) await say(id, true);
	const agent = await TestAgent.claimed(fleet, { clock });
	agents.push(agent);
	await list(agent, rooms, 2);
	return agent;
}
async function list(agent: TestAgent, rooms: number, rev: number): Promise<void> {
	const directory = Array.from({ length: rooms }, (_, index) => ({ id: `dev-room-${index}`, name: `Room ${index}` }));
	await fleet.want(agent.id, rev, { ...amber, directory });
	await expect.poll(() => agent.room.last("twin")?.rev).toBe(rev);
	await agent.reported(fleet, rev);
}
const say = (id: string, online: boolean): Promise<void> =>
	fleet.retain(topics.presence(id), encodePayload(presence, { ...fleet.envelope(), epoch: 1, online }));
/** Other rooms of which its room program was told. */
const heardOf = (agent: TestAgent) =>
	new Set(
		agent.room
			.all("presence")
			.map(({ id }) => id)
			.filter((id) => id.startsWith("dev-room-")),
	);

test("of few rooms it is known all the time who is there", async () => {
	const agent = await listing(30, new ManualClock(Date.now()));
	await expect.poll(() => agent.room.last("directory")).toEqual({ t: "directory", watched: true });
	expect(heardOf(agent)).toEqual(new Set(["dev-room-0", "dev-room-1"]));
});

test("of many rooms it is known while somebody looks, for a minute after the last look", async () => {
	const clock = new ManualClock(Date.now());
	const agent = await listing(31, clock);
	await expect.poll(() => agent.room.last("directory")).toEqual({ t: "directory", watched: false });
	expect(heardOf(agent)).toEqual(new Set());

	agent.room.send({ t: "look" });
	await expect.poll(() => agent.room.last("directory")).toEqual({ t: "directory", watched: true });
	expect(heardOf(agent)).toEqual(new Set(["dev-room-0", "dev-room-1"]));
	await say("dev-room-2", true);
	await expect.poll(() => heardOf(agent).size).toBe(3);

	clock.advance(59_000);
	agent.room.send({ t: "look" });
	// the socket is in order: what the room says next is heard after its look
	agent.room.send({ t: "status", status: { ...amber, activity: "free" } as never, idleSince: 0, occupied: null });
	await say("dev-room-3", true);
	await expect.poll(() => heardOf(agent).size).toBe(4);
	clock.advance(59_999);
	expect(agent.room.last("directory")).toEqual({ t: "directory", watched: true });
	clock.advance(1);
	await expect.poll(() => agent.room.last("directory")).toEqual({ t: "directory", watched: false });
	await say("dev-room-4", true);
	await say("dev-room-0", false);
	// another directory: the broker has handed out all that it had for the old one
	await list(agent, 32, 3);
	expect(heardOf(agent).has("dev-room-4")).toBe(false);
});

test("a directory that grows or shrinks over the border changes what is known", async () => {
	const clock = new ManualClock(Date.now());
	const agent = await listing(40, clock);
	await expect.poll(() => agent.room.last("directory")).toEqual({ t: "directory", watched: false });
	await list(agent, 10, 3);
	await expect.poll(() => agent.room.last("directory")).toEqual({ t: "directory", watched: true });
	expect(heardOf(agent)).toContain("dev-room-1");
	await list(agent, 40, 4);
	await expect.poll(() => agent.room.last("directory")).toEqual({ t: "directory", watched: false });
});

test("an agent that ends doesn't wait half a minute for a broker that hangs", async () => {
	const clock = new ManualClock(Date.now());
	const agent = await listing(1, clock);
	const broker = fleet.broker.pid as number;
	process.kill(broker, "SIGSTOP");
	onTestFinished(() => void process.kill(broker, "SIGCONT"));
	let ended = false;
	void agent.stop().then(() => {
		ended = true;
	});
	let passed = 0;
	const afterSomeSeconds = (): boolean => {
		if (passed === 5000) return ended;
		clock.advance(500);
		passed += 500;
		return ended;
	};
	await expect.poll(afterSomeSeconds).toBe(true);
});

test("a room program that comes later is told what is known; a line that comes back begins anew", async () => {
	const clock = new ManualClock(Date.now());
	const agent = await listing(31, clock);
	agent.room.send({ t: "look" });
	await expect.poll(() => agent.room.last("directory")).toEqual({ t: "directory", watched: true });
	agent.room.close();
	await expect.poll(() => agent.room.connected).toBe(false);
	agent.room.heard.length = 0;
	agent.room.reopen();
	await expect.poll(() => agent.room.last("directory")).toEqual({ t: "directory", watched: true });
	expect(heardOf(agent).size).toBeGreaterThan(1);

	// in small steps: a line on which half a minute passes before the acknowledgement is there would be given up
	const afterAWhile = () => {
		clock.advance(1000);
		return agent.room.last("directory");
	};
	await expect.poll(afterAWhile).toEqual({ t: "directory", watched: false });
	fleet.killBroker();
	await expect.poll(() => agent.room.last("line")?.epoch).toBeNull();
	agent.room.heard.length = 0;
	await expect.poll(afterAWhile).toEqual({ t: "directory", watched: false });
	expect(heardOf(agent)).toEqual(new Set());
});
