import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { buildAgent } from "../../../tools/build-agent.ts";
import { AgentProcess } from "../../provisioning/agent/AgentProcess.ts";
import { calm } from "../../provisioning/agent/samples.ts";
import { TestRoom } from "../../provisioning/agent/TestRoom.ts";
import { waitFor } from "../waitFor.ts";
import { asInUnit } from "./asInUnit.ts";
import type { ServiceUnderTest } from "./ServiceUnderTest.ts";

const unit = "provisioning/agent/systemd/incamera-agent.service";
/** What a busy room tells in an hour. */
const hour = { events: 240, statuses: 240, twins: 12, commands: 12 };
const REST_MS = 5000;

/** VmRSS of proc(5), MB. */
const residentOf = (pid: number): number =>
	Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/**
 * Resident memory of the agent as the appliance runs it (one file, the unit's flags), enrolled in a fleet of thousands, after an hour's worth of events,
 * statuses, settings and commands in a minute; and of a Node that does nothing, started alike. MB.
 */
export async function agentMegabytes(service: ServiceUnderTest): Promise<{ agent: number; bare: number }> {
	const { flags, variables } = asInUnit(unit);
	const agent = await AgentProcess.create(service.bootstrap);
	const entry = await buildAgent(join(agent.folder, "bundle"));
	const room = new TestRoom(agent.config.socket);
	try {
		await agent.start({ entry, execArgv: flags, env: { ...variables, INCAMERA_LOG: "info" } });
		room.open();
		await waitFor(() => room.claim, "an agent that knows its room");
		const body = { room: { name: "Mosel 500", locale: "de", timeZone: "Europe/Berlin" } as const };
		const { code } = await service.client.call("enrolments.create", { body: { room: body.room } });
		room.enrol(code);
		const id = await waitFor(() => room.deviceId, "an enrolled agent");
		await waitFor(() => room.last("twin"), "its first twin");
		await liveAnHour(service, room, id);
		const { db } = service.database;
		const told = async () => {
			const count = db.selectFrom("events").select(({ fn }) => fn.countAll<number>().as("count"));
			return Number((await count.where("device_id", "=", id).executeTakeFirst())?.count) >= hour.events;
		};
		await waitFor(told, "all that the room told");
		await pause(REST_MS);
		return { agent: residentOf(agent.pid as number), bare: await bareMegabytes(flags, variables) };
	} finally {
		room.close();
		await agent.remove();
	}
}

async function liveAnHour(service: ServiceUnderTest, room: TestRoom, id: string): Promise<void> {
	const every = (index: number, count: number) => index % Math.floor(hour.events / count) === 0;
	for (let i = 0; i < hour.events; i++) {
		const data = { reason: "call.left", seconds: i, verified: true };
		room.send({ t: "event", ts: Date.now(), event: { type: "call.ended", data } });
		if (every(i, hour.statuses)) {
			const activity = i % 2 ? "free" : "in_call";
			room.status({ status: { ...calm, activity }, idleSince: i % 2 ? Date.now() : null, occupied: null });
		}
		if (every(i, hour.twins)) {
			const { desired } = await service.client.call("devices.get", { params: { id } });
			const body = { rev: desired.rev, doc: { ...desired.doc, showTitles: !desired.doc.showTitles } };
			// the service itself changes its directory now and then
			await service.client.call("devices.twin", { params: { id }, body }).catch(() => {});
		}
		if (every(i, hour.commands)) {
			await service.client.call("devices.command", {
				params: { id },
				body: { op: "identify", args: { number: 7, seconds: 5 } },
			});
		}
		await pause(60_000 / hour.events);
	}
}

async function bareMegabytes(flags: string[], variables: Record<string, string>): Promise<number> {
	const script = "setInterval(() => {}, 1e6); console.log('up')";
	const child: ChildProcess = spawn(process.execPath, [...flags, "-e", script], {
		stdio: ["ignore", "pipe", "inherit"],
		env: { ...process.env, ...variables },
	});
	try {
		if (child.stdout) await once(child.stdout, "data");
		await pause(1000);
		return residentOf(child.pid as number);
	} finally {
		child.kill("SIGKILL");
	}
}
