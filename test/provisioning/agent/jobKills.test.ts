/**
 * The table of kill points of a firmware job: the agent's process, the devices' broker or the machine's power goes away in one of its states.
 * Each ends in exactly one end, and that end is what really runs.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../device/core/clock.ts";
import { diskFiles } from "../../../provisioning/agent/identity/StateFiles.ts";
import { SimulatedFirmware } from "../../../provisioning/agent/jobs/SimulatedFirmware.ts";
import { isJobOver, type JobState } from "../../../provisioning/contract/jobs.ts";
import { AgentProcess } from "./AgentProcess.ts";
import { spec } from "./jobs/JobRig.ts";
import { ScriptedFleet } from "./ScriptedFleet.ts";
import { calm } from "./samples.ts";
import { TestRoom } from "./TestRoom.ts";

const entry = join(import.meta.dirname, "programs", "jumpingAgent.ts");

let fleet: ScriptedFleet;
const ends: (() => unknown)[] = [];
beforeAll(async () => {
	fleet = await ScriptedFleet.start();
});
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => fleet?.close());

/** A device of the fleet, whose agent is started again whenever it ends. */
class Device {
	readonly agent: AgentProcess;
	readonly room: TestRoom;
	/** Two slots and a bootloader, as the agent finds them. */
	readonly firmware: SimulatedFirmware;
	/** Whether a power cut came when it was on trial. */
	lostTrial = false;
	/** Done once, before the agent is started again. */
	beforeStart: () => Promise<void> = async () => {};
	#over = false;

	private constructor(agent: AgentProcess) {
		this.agent = agent;
		this.room = new TestRoom(agent.config.socket);
		this.firmware = new SimulatedFirmware({
			...{ path: join(agent.config.stateFolder, "firmware.json"), files: diskFiles, clock: systemClock },
			...{ version: "0.1.0", restart() {} },
		});
	}

	static async start(): Promise<Device> {
		const url = fleet.broker.bootstrapUrl as string;
		const device = new Device(await AgentProcess.create(url, { firmware: "simulated" }));
		await device.agent.start({ entry });
		const running = device.#keepRunning();
		ends.push(async () => {
			device.#over = true;
			device.room.close();
			await device.agent.remove();
			await running;
		});
		device.room.open();
		await expect.poll(() => device.room.claim?.state).toBe("unclaimed");
		device.room.enrol(fleet.code());
		await expect.poll(() => device.room.deviceId).not.toBeNull();
		await expect.poll(() => fleet.reportOf(device.id)?.appliedRev).toBe(1);
		return device;
	}

	get id(): string {
		return this.room.deviceId as string;
	}

	async #keepRunning(): Promise<void> {
		for (;;) {
			await this.agent.ended();
			if (this.#over) return;
			await this.beforeStart();
			this.beforeStart = async () => {};
			await this.agent.start({ entry }).catch(() => {});
		}
	}
}

type Victim = "agent" | "broker" | "power";
const victims: Record<Victim, (device: Device) => Promise<void>> = {
	agent: ({ agent }) => agent.kill(),
	broker: async () => fleet.killBroker(),
	power: async (device) => {
		device.beforeStart = async () => {
			device.lostTrial = await device.firmware.powerCut();
		};
		await device.agent.kill();
	},
};

/** A room that is in a call is not taken away. */
const inCall = { status: { ...calm, activity: "in_call" as const }, idleSince: null, occupied: null };
const quiet = { status: calm, idleSince: 0, occupied: null };

const states: JobState[] = ["DOWNLOADING", "WAITING", "INSTALLING", "REBOOTING", "PROBATION"];
describe.each(states)("at %s", { timeout: 180_000 }, (state) => {
	test.each(Object.keys(victims) as Victim[])("the %s is killed", async (victim) => {
		const device = await Device.start();
		const jobId = randomBytes(16).toString("base64url");
		const statuses = () => fleet.statuses.filter(({ job }) => job === jobId);
		const over = () => statuses().filter((status) => isJobOver(status.state));
		// on a machine that is busy a state is heard of late: until then it must not go on to what a power cut ends differently
		device.room.status(state === "DOWNLOADING" || state === "WAITING" ? inCall : quiet);
		await fleet.job(device.id, { jobId, seq: 1, type: "firmware", spec: spec(), exp: Date.now() + 86_400_000 });
		await expect.poll(() => statuses().map((status) => status.state)).toContain(state);
		await victims[victim](device);
		device.room.status(quiet);
		await expect
			.poll(
				() => {
					// not while it calls the broker, which would take as long in vain
					const onTrial = /REBOOTING|PROBATION/.test(String(statuses().at(-1)?.state));
					if (onTrial && device.room.last("line")?.epoch) device.agent.jump(60_000);
					return over().length;
				},
				// three starts of a process and the broker's waits between attempts, on a machine that may be busy
				{ interval: 100, timeout: 120_000 },
			)
			.toBeGreaterThan(0);

		// what it says next comes after all that it had to say of the job
		const { length } = fleet.responses;
		// again while it is not answered: after a broker was killed a device may not yet be listening
		const asked = async () => {
			await fleet.command(device.id, { op: "identify", args: { number: 7, seconds: 5 } });
			return fleet.responses.length;
		};
		await expect.poll(asked, { interval: 1000 }).toBeGreaterThan(length);
		const said = new Map(over().map((status) => [status.seq, status]));
		expect(said.size).toBe(1);
		// a slot on trial is left when the power goes
		const backToOld = victim === "power" && (device.lostTrial || state === "REBOOTING" || state === "PROBATION");
		const [end] = [...said.values()];
		expect(end).toMatchObject(
			backToOld ? { state: "ROLLED_BACK" } : { state: "SUCCEEDED", slot: "B", digest: spec().digest },
		);
		expect(await device.firmware.booted()).toMatchObject(
			backToOld ? { version: "0.1.0", slot: "A" } : { version: spec().version, slot: "B", digest: spec().digest },
		);
		// and what it reports of itself is that, too
		await expect
			.poll(() => fleet.reportOf(device.id)?.facts)
			.toMatchObject(backToOld ? { firmware: "0.1.0", slot: "A" } : { firmware: spec().version, slot: "B" });
	});
});
