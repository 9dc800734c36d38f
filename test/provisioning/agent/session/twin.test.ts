import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { TwinDoc } from "../../../../provisioning/contract/twin.ts";
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

async function claimed(): Promise<TestAgent> {
	const agent = await TestAgent.claimed(fleet);
	agents.push(agent);
	return agent;
}
const named = (name: string): TwinDoc => ({ ...amber, room: { ...amber.room, name } });
/** What the device last said of its twin. */
const said = (agent: TestAgent) => {
	const report = fleet.reportOf(agent.id);
	return report && { rev: report.rev, applied: report.appliedRev, name: report.doc?.room.name, errors: report.errors };
};
const given = (agent: TestAgent) => agent.room.all("twin").map(({ rev, doc }) => [rev, doc.room.name]);

describe("a twin", () => {
	test("is given to the room, and reported when the room has it in force; without the directory", async () => {
		const agent = await claimed();
		await fleet.want(agent.id, 2, { ...named("Berlin"), directory: [{ id: "dev-neighbour", name: "Bonn" }] });
		await expect.poll(() => said(agent)).toEqual({ rev: 2, applied: 2, name: "Berlin", errors: [] });
		expect(agent.room.last("twin")?.doc.directory).toEqual([{ id: "dev-neighbour", name: "Bonn" }]);
		expect(JSON.stringify(fleet.reportOf(agent.id))).not.toContain("dev-neighbour");
		const seqs = fleet.reports.filter(({ id }) => id === agent.id).map(({ seq }) => seq);
		expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
	});

	test("that the room refuses leaves the last one in force, and says why; also after the agent was started anew", async () => {
		const agent = await claimed();
		const errors = [{ key: "room.timeZone", code: "twin.apply_failed" as const }];
		agent.room.onTwin = ({ doc }) =>
			doc.room.name === "Bad" ? { applied: false, errors } : { applied: true, errors: [] };
		await fleet.want(agent.id, 2, named("Bad"));
		await expect.poll(() => said(agent)).toEqual({ rev: 2, applied: 1, name: "Amber", errors });
		// the room has what was in force before
		await expect.poll(() => given(agent).at(-1)).toEqual([1, "Amber"]);
		const { length } = fleet.reports;
		await agent.stop();
		await agent.start();
		await expect.poll(() => fleet.reports.slice(length).filter(({ id }) => id === agent.id).length).toBeGreaterThan(0);
		await expect.poll(() => said(agent)).toEqual({ rev: 2, applied: 1, name: "Amber", errors });
		await fleet.want(agent.id, 3, named("Good"));
		await expect.poll(() => said(agent)).toEqual({ rev: 3, applied: 3, name: "Good", errors: [] });
	});

	test("with a wrong key is none: the room never sees it; with a key of a newer fleet it is taken without that", async () => {
		const agent = await claimed();
		await fleet.want(agent.id, 2, { ...named("Berlin"), showTitles: "yes" });
		const invalid = [{ key: "showTitles", code: "twin.invalid" }];
		await expect.poll(() => said(agent)).toEqual({ rev: 2, applied: 1, name: "Amber", errors: invalid });
		await fleet.want(agent.id, 3, { ...named("Bonn"), openCamera: true });
		const unknown = [{ key: "openCamera", code: "twin.unknown_key" }];
		await expect.poll(() => said(agent)).toEqual({ rev: 3, applied: 3, name: "Bonn", errors: unknown });
		expect(given(agent)).toEqual([
			[1, "Amber"],
			[3, "Bonn"],
		]);
		expect(agent.room.last("twin")?.doc).not.toHaveProperty("openCamera");
	});

	test("older than one seen is a straggler within a connection, and what the fleet wants after the next", async () => {
		const agent = await claimed();
		await fleet.want(agent.id, 5, named("Five"));
		await expect.poll(() => said(agent)?.applied).toBe(5);
		await fleet.want(agent.id, 4, named("Four"));
		await fleet.want(agent.id, 6, named("Six"));
		await expect.poll(() => said(agent)?.applied).toBe(6);
		expect(given(agent).map(([rev]) => rev)).toEqual([1, 5, 6]);
		// the fleet's database was restored from a backup
		await agent.stop();
		await fleet.want(agent.id, 3, named("Three"));
		await agent.start();
		await expect.poll(() => said(agent)).toEqual({ rev: 3, applied: 3, name: "Three", errors: [] });
	});

	test("of which several come while the room is away: it gets the newest, once it is there", async () => {
		const agent = await claimed();
		agent.room.close();
		await expect.poll(() => fleet.reportOf(agent.id)?.status.missing).toContain("room");
		await fleet.want(agent.id, 2, named("Two"));
		await fleet.want(agent.id, 3, named("Three"));
		await expect.poll(() => said(agent)).toMatchObject({ rev: 3, applied: 1 });
		agent.room.reopen();
		await expect.poll(() => said(agent)).toEqual({ rev: 3, applied: 3, name: "Three", errors: [] });
		expect(given(agent).map(([rev]) => rev)).toEqual([1, 3]);
	});

	test("is given to a room program that was started anew, without the fleet, and is no news to the fleet", async () => {
		const agent = await claimed();
		const back = await fleet.away();
		const reports = fleet.reports.length;
		agent.room.close();
		await expect.poll(() => agent.room.connected).toBe(false);
		agent.room.reopen();
		await expect
			.poll(() => given(agent))
			.toEqual([
				[1, "Amber"],
				[1, "Amber"],
			]);
		await back();
		await fleet.want(agent.id, 2, named("Two"));
		await expect.poll(() => said(agent)?.applied).toBe(2);
		const since = fleet.reports.slice(reports).filter(({ id }) => id === agent.id);
		expect(since.filter(({ appliedRev, errors }) => appliedRev === 0 || errors.length > 0)).toEqual([]);
	});

	test("is taken while brokers die: what was wanted meanwhile is in force when one is back", async () => {
		const agent = await claimed();
		for (let rev = 2; rev <= 4; rev++) {
			const epoch = fleet.presenceOf(agent.id)?.epoch ?? 0;
			fleet.killBroker();
			await fleet.want(agent.id, rev, named(`Room ${rev}`)).catch(() => {});
			await expect.poll(() => fleet.presenceOf(agent.id)?.epoch ?? 0, { timeout: 30_000 }).toBeGreaterThan(epoch);
			await expect
				.poll(() => said(agent), { timeout: 30_000 })
				.toMatchObject({ rev, applied: rev, name: `Room ${rev}` });
		}
	});
});
