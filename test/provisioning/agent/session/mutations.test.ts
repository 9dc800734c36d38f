import fc from "fast-check";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { seeded } from "../../../sim/seeded.ts";
import { ScriptedFleet } from "../ScriptedFleet.ts";
import { amber } from "../samples.ts";
import { TestAgent } from "../TestAgent.ts";

let fleet: ScriptedFleet;
beforeAll(async () => {
	fleet = await ScriptedFleet.start();
});
afterAll(() => fleet?.close());

/** A good message with one part of it wrong, or something else altogether. */
function mutated(message: object): fc.Arbitrary<string> {
	const keys = Object.keys(message);
	const value = fc.oneof(
		fc.constantFrom<unknown>(null, -1, 1.5, 2 ** 53, "", "\u0000", "x".repeat(20_000), [], {}, true),
		fc.jsonValue({ maxDepth: 4 }),
	);
	return fc.oneof(
		fc.tuple(fc.constantFrom(...keys), value).map(([key, other]) => JSON.stringify({ ...message, [key]: other })),
		fc.constantFrom(...keys).map((key) => JSON.stringify({ ...message, [key]: undefined })),
		fc.constantFrom(0, 2, 99).map((v) => JSON.stringify({ ...message, v })),
		fc.string(),
		fc.nat(100).map((depth) => "[".repeat(depth * 100)),
	);
}

test("whatever comes on any topic that it reads, the agent goes on, its twin stays whole and its key its own", async () => {
	const agent = await TestAgent.claimed(fleet);
	onTestFinished(() => agent.remove());
	const { id } = agent;
	const spec = { version: "2.0.0", digest: "ab".repeat(32), bytes: 1, url: "https://u.example/2", deadline: null };
	const messages: [topic: string, message: object][] = [
		[topics.twinDesired(id), { ...fleet.envelope(), rev: 9, doc: amber }],
		[topics.commandRequest(id), { ...fleet.envelope(), exp: Date.now() + 60_000, op: "doctor", args: {} }],
		[
			topics.jobNext(id),
			{ ...fleet.envelope(), jobId: "A".repeat(22), seq: 1, type: "firmware", spec, exp: Date.now() + 60_000 },
		],
		[
			topics.certificateResponse(id),
			{ ...fleet.envelope(), re: "A".repeat(22), chain: fleet.ca.certificate, caBundle: fleet.ca.certificate },
		],
		[topics.revocations(), { pem: fleet.ca.crl }],
		[topics.presence(id), { ...fleet.envelope(), epoch: 1, online: false }],
		[topics.enrolDown(id), { ...fleet.envelope(), op: "refused", code: "enrol.code_wrong" }],
	];
	const before = await agent.claimFile();
	// it would hear itself
	const back = await fleet.away();
	for (const [topic, message] of messages) {
		for (const text of seeded(mutated(message), { of: topic, count: 40 }))
			await fleet.publish(topic, text).catch(() => {});
	}
	await back();
	expect(agent.isWell).toBe(true);
	// every document that it put in force was one
	for (const { doc } of agent.room.all("twin")) expect(doc).toMatchObject({ room: { timeZone: expect.any(String) } });
	const rev = (fleet.reportOf(id)?.rev ?? 0) + 2 ** 40;
	await fleet.want(id, rev, { ...amber, room: { ...amber.room, name: "Still here" } });
	await expect.poll(() => fleet.reportOf(id)).toMatchObject({ appliedRev: rev, doc: { room: { name: "Still here" } } });
	expect(await agent.claimFile()).toEqual(before);
	expect(agent.refused.length).toBeGreaterThan(5);
	// nothing of what came stands in the log
	expect(JSON.stringify(agent.logged)).not.toContain("xxxx");
});
