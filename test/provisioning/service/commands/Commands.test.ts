import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Command, CommandRequest } from "../../../../provisioning/contract/commands.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { random16 } from "../../../sim/fleet/enrolDevice.ts";
import type { SimulatedDevice } from "../../../sim/fleet/SimulatedDevice.ts";
import { TestFleet } from "../fleet/TestFleet.ts";

const identify: Command = { op: "identify", args: { number: 7, seconds: 5 } };
let fleet: TestFleet;
let device: SimulatedDevice;
/** What the device was asked. */
const asked: CommandRequest[] = [];
let answer: (request: CommandRequest) => { status: 200 | 202 | 409; code?: string } | null = () => ({ status: 200 });
beforeAll(async () => {
	fleet = await TestFleet.start({ workers: 2 });
	device = await there();
});
afterAll(() => fleet?.close());

async function there(): Promise<SimulatedDevice> {
	const one = await fleet.device({ answer: (request) => answer(request) });
	one.events.on("command", (request) => asked.push(request));
	await vi.waitFor(async () => expect((await fleet.row(one.id))?.online).toBe(true), { timeout: 30_000, interval: 25 });
	return one;
}
const row = (mid: string) =>
	fleet.db.selectFrom("commands").selectAll().where("mid", "=", mid).executeTakeFirstOrThrow();

test("a command is done and answered; the answer is the command's, and stands in the audit log", async () => {
	answer = ({ op }) => (op === "restart" ? { status: 409, code: "agent.in_call" } : { status: 200 });
	const first = await fleet.duties.commands.send(device.id, identify, "person:test");
	const second = await fleet.workers[1]!.duties.commands.send(device.id, { op: "restart", args: {} }, "token:t");
	await expect.poll(() => row(first.mid)).toMatchObject({ state: "answered", response: { status: 200 } });
	await expect
		.poll(() => row(second.mid))
		.toMatchObject({
			state: "answered",
			response: { status: 409, code: "agent.in_call" },
		});
	expect(asked.find(({ mid }) => mid === first.mid)).toMatchObject(identify);
	const [entry] = await fleet.db.selectFrom("audit").selectAll().where("action", "=", "command.restart").execute();
	expect(entry).toMatchObject({ actor: "token:t", target: `device:${device.id}`, detail: { mid: second.mid } });
});

test("what is under way is answered once more, with the outcome, and then no more", async () => {
	answer = () => ({ status: 202 });
	const { mid } = await fleet.duties.commands.send(device.id, { op: "doctor", args: {} }, "person:test");
	await expect.poll(() => row(mid)).toMatchObject({ response: { status: 202 } });
	const checks = [{ name: "camera", status: "ok" as const, code: null, advice: null }];
	await device.respond({ re: mid, status: 200, checks });
	await expect.poll(() => row(mid)).toMatchObject({ response: { status: 200, checks } });
	await device.respond({ re: mid, status: 500 });
	const later = await fleet.duties.commands.send(device.id, identify, "person:test");
	await expect.poll(() => row(later.mid)).toMatchObject({ state: "answered" });
	expect(await row(mid)).toMatchObject({ response: { status: 200 } });
});

test("answers that are told again after later ones change nothing", async () => {
	answer = () => null;
	const { mid } = await fleet.duties.commands.send(device.id, { op: "doctor", args: {} }, "person:test");
	const said = [
		{ re: mid, status: 202 },
		{ re: mid, status: 200, checks: [{ name: "camera", status: "ok", code: null, advice: null }] },
	] as const;
	const tell = async () => {
		for (const { re, status, ...more } of said) {
			await device.respond({ re, status, ...("checks" in more ? { checks: [...more.checks] } : {}) });
		}
	};
	await tell();
	await expect.poll(() => row(mid)).toMatchObject({ state: "answered", response: { status: 200 } });
	const before = await row(mid);
	const audited = () => fleet.db.selectFrom("audit").select("seq").execute();
	answer = () => ({ status: 200 });
	const later = await fleet.duties.commands.send(device.id, identify, "person:test");
	await expect.poll(() => row(later.mid)).toMatchObject({ state: "answered" });
	const entries = (await audited()).length;
	await tell();
	// One more, so that those before it have been looked at.
	const last = await fleet.duties.commands.send(device.id, identify, "person:test");
	await expect.poll(() => row(last.mid)).toMatchObject({ state: "answered" });
	expect(await row(mid)).toEqual(before);
	expect(await audited()).toHaveLength(entries + 1);
});

test("nobody answers for another, nor what was never asked", async () => {
	answer = () => null;
	const other = await there();
	const { mid } = await fleet.duties.commands.send(device.id, identify, "person:test");
	await other.respond({ re: mid, status: 500 });
	await other.respond({ re: random16(), status: 200 });
	await expect(other.publish(topics.commandResponse(device.id), Buffer.from("{}"))).rejects.toMatchObject({
		code: "line.refused",
	});
	await device.respond({ re: mid, status: 200 });
	await expect.poll(() => row(mid)).toMatchObject({ state: "answered", response: { status: 200 } });
});

test("who is not there is not asked; who is out, or was never in, neither", async () => {
	const gone = await there();
	await gone.close();
	await expect.poll(async () => (await fleet.row(gone.id))?.online).toBe(false);
	const send = (id: string) => fleet.duties.commands.send(id, identify, "person:test");
	await expect(send(gone.id)).rejects.toMatchObject({ code: "api.device_offline" });
	await expect(send("dev-nobody-here")).rejects.toMatchObject({ code: "api.not_found" });
	await fleet.duties.registry.revoke(gone.id, "lost", "person:test");
	await expect(send(gone.id)).rejects.toMatchObject({ code: "api.device_gone" });
	const pending = await fleet.enrol((await fleet.code()).code);
	await expect(send(pending.id)).rejects.toMatchObject({ code: "api.device_offline" });
});

test("what is not answered in time has expired, and an answer after that comes too late", async () => {
	answer = () => null;
	const { mid } = await fleet.duties.commands.send(device.id, identify, "person:test");
	await fleet.db
		.updateTable("commands")
		.set({ expires_at: new Date(Date.now() - 1) })
		.where("mid", "=", mid)
		.execute();
	await expect.poll(() => row(mid)).toMatchObject({ state: "expired", response: { status: 408 } });
	await device.respond({ re: mid, status: 200 });
	answer = () => ({ status: 200 });
	const later = await fleet.duties.commands.send(device.id, identify, "person:test");
	await expect.poll(() => row(later.mid)).toMatchObject({ state: "answered" });
	expect(await row(mid)).toMatchObject({ state: "expired" });
});

test("who agrees to leave is retired: its certificate ends, its session too, and nobody can ask it anything", async () => {
	answer = () => ({ status: 200 });
	const leaving = await there();
	await fleet.duties.commands.send(leaving.id, { op: "unenrol", args: {} }, "person:test");
	await expect.poll(() => fleet.row(leaving.id)).toMatchObject({ state: "retired", online: false });
	expect(leaving.isOnline).toBe(false);
	const [certificate] = await fleet.db
		.selectFrom("certificates")
		.selectAll()
		.where("device_id", "=", leaving.id)
		.execute();
	expect(certificate).toMatchObject({ state: "revoked", reason: "retired" });
	await expect(fleet.duties.commands.send(leaving.id, identify, "x")).rejects.toMatchObject({
		code: "api.device_gone",
	});
	await leaving.close();
	const staying = await there();
	answer = () => ({ status: 409, code: "agent.in_call" });
	const { mid } = await fleet.duties.commands.send(staying.id, { op: "unenrol", args: {} }, "person:test");
	await expect.poll(() => row(mid)).toMatchObject({ state: "answered" });
	expect(await fleet.row(staying.id)).toMatchObject({ state: "active" });
});
