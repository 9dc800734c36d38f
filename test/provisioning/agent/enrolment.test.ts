import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { AgentProcess } from "./AgentProcess.ts";
import { ScriptedFleet } from "./ScriptedFleet.ts";
import { TestRoom } from "./TestRoom.ts";

let fleet: ScriptedFleet;
const ends: (() => unknown)[] = [];
beforeAll(async () => {
	fleet = await ScriptedFleet.start();
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
	return { agent, room };
}

test("a typed code makes a device of the fleet", async () => {
	const { room } = await device();
	await expect.poll(() => room.claim?.state).toBe("unclaimed");
	room.enrol(fleet.code());
	await expect.poll(() => room.deviceId).not.toBeNull();

	expect(fleet.device(room.deviceId!)?.state).toBe("active");
	await expect.poll(() => fleet.reports.at(-1)?.appliedRev).toBe(1);
});
