/** What the fleet says twice, late, in another order, or by a clock that is far off: test/provisioning/contract/topicFaults.test.ts lists it all. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { commandRequest } from "../../../../provisioning/contract/commands.ts";
import { encodePayload } from "../../../../provisioning/contract/envelope.ts";
import { jobNext } from "../../../../provisioning/contract/jobs.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { twinDesired } from "../../../../provisioning/contract/twin.ts";
import { ScriptedFleet } from "../ScriptedFleet.ts";
import { amber } from "../samples.ts";
import { TestAgent } from "../TestAgent.ts";

let fleet: ScriptedFleet;
const agents: TestAgent[] = [];
beforeAll(async () => {
	fleet = await ScriptedFleet.start();
});
beforeEach(() => {
	fleet.days = 60;
	fleet.before = () => true;
	fleet.saying = (answer) => [answer];
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
/** The beginning of all clocks, and their end. */
const wrongClocks = [0, Number.MAX_SAFE_INTEGER];
const answers = (mid: string) => fleet.responses.filter(({ re }) => re === mid);
/** Resolves when all that was said to the device until now has been dealt with: a further command is answered. */
async function dealtWith(agent: TestAgent): Promise<void> {
	const mid = await fleet.command(agent.id, { op: "doctor", args: {} });
	await expect.poll(() => answers(mid).length).toBe(1);
}

test("a twin that comes twice, or from a clock that is far off, is applied once", async () => {
	const agent = await claimed();
	const want = (rev: number, ts: number) => {
		const doc = { ...amber, room: { ...amber.room, name: `Room ${rev}` } };
		const said = encodePayload(twinDesired, { ...fleet.envelope(), ts, rev, doc });
		return fleet.retain(topics.twinDesired(agent.id), said);
	};
	for (const [index, ts] of [Date.now(), ...wrongClocks].entries()) {
		const rev = index + 2;
		await want(rev, ts);
		// earlier than that the room is given the same once more, which changes nothing
		await agent.reported(fleet, rev);
		await want(rev, ts);
		await want(rev, ts);
	}
	await dealtWith(agent);
	expect(agent.room.all("twin").map(({ rev, doc }) => [rev, doc.room.name])).toEqual([
		...[[1, "Amber"], ...[2, 3, 4].map((rev) => [rev, `Room ${rev}`])],
	]);
});

test("a job that comes twice, late or from a clock that is far off is looked at once", async () => {
	const agent = await claimed();
	const spec = { version: "2.0.0", digest: "ab".repeat(32), bytes: 1, url: "https://u.example/2", deadline: null };
	const job = (seq: number, ts = Date.now()) => {
		const said = { ...fleet.envelope(), ts, jobId: `${seq}`.padStart(22, "A"), seq, type: "firmware", spec } as const;
		return fleet.publish(topics.jobNext(agent.id), encodePayload(jobNext, { ...said, exp: Date.now() + 60_000 }));
	};
	/** Numbers of the jobs that it has said something of; this device can install nothing, so each is over at once. */
	const said = () => fleet.statuses.map(({ job }) => Number(job.replaceAll("A", "")));
	fleet.statuses.length = 0;
	await job(5);
	await expect.poll(said).toEqual([5]);
	expect(fleet.statuses[0]).toMatchObject({ state: "REJECTED", err: "update.not_supported" });
	for (const seq of [5, 4, 1]) await job(seq);
	await job(6, wrongClocks[0]);
	await expect.poll(said).toEqual([5, 6]);
	await job(6, wrongClocks[1]);
	await job(7, wrongClocks[1]);
	await expect.poll(said).toEqual([5, 6, 7]);
	await job(5);
	await dealtWith(agent);
	expect(said()).toEqual([5, 6, 7]);
});

test("commands from a clock that is far off are done: what counts is their end", async () => {
	const agent = await claimed();
	for (const ts of wrongClocks) {
		const request = { ...fleet.envelope(), ts, exp: Date.now() + 30_000, op: "doctor", args: {} } as const;
		await fleet.publish(topics.commandRequest(agent.id), encodePayload(commandRequest, request));
		await expect.poll(() => answers(request.mid)).toMatchObject([{ status: 200 }]);
	}
});

test("a certificate that was not asked for, or is answered again, is none", async () => {
	// of its few minutes five lie in the past: it is due at once
	fleet.days = 2 / 1440;
	fleet.before = (step) => {
		if (step === "certificate") fleet.days = 60;
		return true;
	};
	fleet.saying = (answer) => {
		if (!("re" in answer)) return [answer];
		// one to a request of long ago comes first, and afterwards both come once more
		const old = { ...answer, re: "A".repeat(22) };
		return [old, answer, old, answer];
	};
	const agent = await claimed();
	await expect.poll(() => agent.room.claim, { timeout: 30_000 }).toMatchObject({ state: "claimed", generation: 2 });
	await expect.poll(() => fleet.device(agent.id)?.confirmed.length).toBe(2);
	expect(agent.refused).toContain("certificate.not_asked");
	await dealtWith(agent);
	expect(await agent.claimFile()).toMatchObject({ state: "claimed", generation: 2, candidate: null });
	expect(fleet.device(agent.id)?.confirmed).toHaveLength(2);
});

test("a fleet whose every answer comes twice, in another order first, is joined once", async () => {
	fleet.saying = (answer) => {
		const wait = { ...fleet.envelope(), op: "pending", retryAfterMs: 1000 } as const;
		return "op" in answer ? [wait, answer, answer, wait] : [answer];
	};
	const agent = await claimed();
	expect(fleet.device(agent.id)).toMatchObject({ state: "active" });
	expect(agent.room.all("claim").filter(({ claim }) => claim.state === "unclaimed")).toHaveLength(1);
	expect(await agent.claimFile()).toMatchObject({ state: "claimed", generation: 1 });
});

test("revocations of which an older list comes later stay as they are", async () => {
	const agent = await claimed();
	const file = () => readFile(join(agent.config.stateFolder, "crl.pem"), "utf8").catch(() => "");
	const list = () => `${fleet.ca.certificate}\n${fleet.ca.crl}`;
	const body = (pem: string) => /CRL-----\s([\s\S]+?)-----END X509 CRL/.exec(pem)?.[1]?.replaceAll(/\s/g, "");
	const old = list();
	await fleet.revocations(old);
	await expect.poll(async () => body(await file())).toBe(body(old));
	// a list says when it was made, by the second
	await expect
		.poll(async () => {
			await fleet.ca.revoke("0badcafe");
			await fleet.revocations();
			return body(await file()) === body(list());
		})
		.toBe(true);
	const newest = list();
	expect(body(newest)).not.toBe(body(old));
	for (const pem of [newest, old, newest, old]) await fleet.revocations(pem);
	await expect.poll(() => agent.refused).toContain("revocations.old");
	await dealtWith(agent);
	expect(body(await file())).toBe(body(newest));
});
