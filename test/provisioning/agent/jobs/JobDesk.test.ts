import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QUIET_MS } from "../../../../provisioning/agent/jobs/guard.ts";
import { NoFirmware } from "../../../../provisioning/agent/jobs/NoFirmware.ts";
import { begin, JobRig, spec } from "./JobRig.ts";

const MINUTE = 60_000;
function rig(): JobRig {
	const made = new JobRig();
	made.start();
	return made;
}

describe("a firmware job", () => {
	test("goes its way, and has succeeded when the new slot has proved itself", async () => {
		const device = rig();
		device.job();
		await device.until(() => device.states.includes("PROBATION"));
		expect(device.restarts).toBe(1);
		const since = device.clock.now();
		await device.until(() => device.states.includes("SUCCEEDED"));
		expect(device.clock.now() - since).toBeGreaterThanOrEqual(10 * MINUTE);
		expect(device.states).toEqual([
			...["ACCEPTED", "DOWNLOADING", "STAGED", "INSTALLING", "REBOOTING", "PROBATION", "SUCCEEDED"],
		]);
		expect(device.last).toMatchObject({ slot: "B", digest: spec().digest });
		expect(await device.firmware.booted()).toMatchObject({ version: "2.0.0", slot: "B" });
		device.check();
		// told again at the next connection, it is over
		const { length } = device.statuses;
		device.job();
		await device.pass(MINUTE);
		expect(device.statuses).toHaveLength(length);
	});

	test("whose machine breaks is told of, and goes on with the agent that starts next", async () => {
		const device = new JobRig();
		device.wrap = (executor) =>
			new Proxy(executor, {
				get(of, name) {
					// asked by a guard, which no state of a machine can catch
					if (name === "worstCaseMs") throw new Error("not to be thought of");
					const value: unknown = Reflect.get(of, name);
					return typeof value === "function" ? value.bind(of) : value;
				},
			});
		device.start();
		device.job();
		await device.until(() => device.broken.length > 0);
		expect(device.broken).toEqual(["agent.job_machine"]);
		device.end();
		device.wrap = (executor) => executor;
		device.start();
		await device.until(() => device.states.includes("SUCCEEDED"));
		device.check();
	});

	test("for what is not newer, or for a device without firmware, is rejected", async () => {
		const device = rig();
		device.job({ spec: spec({ version: "1.0.0" }) });
		await device.until(() => device.states.length === 1);
		expect(device.last).toMatchObject({ state: "REJECTED", err: "update.not_newer" });
		device.job({ seq: 2, spec: spec({ version: "0.9.9" }) });
		await device.until(() => device.statuses.length === 2);
		expect(device.last).toMatchObject({ state: "REJECTED", err: "update.not_newer" });
		const laptop = new JobRig();
		laptop.wrap = () => new NoFirmware("0.1.0");
		laptop.start();
		laptop.job();
		await laptop.until(() => laptop.states.length === 1);
		expect(laptop.last).toMatchObject({ state: "REJECTED", err: "update.not_supported" });
	});

	test("that is over before it is begun, or older than one that was seen, is not begun", async () => {
		const device = rig();
		device.job({ exp: begin });
		await device.pass(MINUTE);
		expect(device.statuses).toEqual([]);
		device.job({ seq: 5, spec: spec({ version: "0.1.0" }) });
		await device.until(() => device.statuses.length === 1);
		device.job({ seq: 4 });
		await device.pass(MINUTE);
		expect(device.statuses).toHaveLength(1);
	});

	test("waits for a call to end and the room to be quiet, and says what it waits for", async () => {
		const device = rig();
		device.says({ idleSince: null, status: { activity: "in_call" } });
		device.job();
		await device.until(() => device.states.includes("WAITING"));
		expect(device.last?.err).toBe("update.in_call");
		await device.pass(60 * MINUTE, MINUTE);
		expect(device.states.at(-1)).toBe("WAITING");
		const ended = device.clock.now();
		device.says({ idleSince: ended });
		// not each time that it looks
		await device.pass(10 * MINUTE, MINUTE);
		expect(device.statuses.filter(({ state }) => state === "WAITING").map(({ err }) => err)).toEqual([
			"update.in_call",
			"update.in_use",
		]);
		await device.until(() => device.states.includes("INSTALLING"));
		expect(device.clock.now() - ended).toBeGreaterThanOrEqual(QUIET_MS);
		await device.until(() => device.states.includes("SUCCEEDED"));
		device.check();
	});

	test("that is written when somebody comes leaves the machine as it is until they have gone", async () => {
		const device = rig();
		device.job();
		await device.until(() => device.states.includes("INSTALLING"));
		device.says({ idleSince: null, status: { activity: "in_call" } });
		await device.until(() => device.states.at(-1) === "WAITING");
		expect(device.last?.err).toBe("update.in_call");
		await device.pass(60 * MINUTE, MINUTE);
		expect(device.restarts).toBe(0);
		// a power cut now starts the old one
		device.end();
		await device.firmware.powerCut();
		device.start();
		await device.until(() => device.states.at(-1) === "WAITING");
		expect((await device.firmware.booted()).slot).toBe("A");
		device.says({ idleSince: device.clock.now() });
		await device.until(() => device.states.includes("SUCCEEDED"));
		device.check();
	});

	test("asks the people in the room once its deadline has passed, and does what they say", async () => {
		const device = rig();
		const shown: unknown[] = [];
		const send = device.link.send.bind(device.link);
		device.link.send = (message) => {
			if (message.t === "update") shown.push(message.update);
			return send(message);
		};
		device.says({ idleSince: begin, occupied: true });
		device.job({ spec: spec({ deadline: begin + 60 * MINUTE }) });
		await device.until(() => device.states.includes("WAITING"));
		expect(shown.at(-1)).toMatchObject({ state: "waiting", version: "2.0.0", asks: false });
		await device.pass(30 * MINUTE, MINUTE);
		expect(device.states.at(-1)).toBe("WAITING");
		// later: not even an empty room is taken before the deadline
		device.person(false);
		device.says({ occupied: false });
		await device.pass(25 * MINUTE, MINUTE);
		expect(device.states.at(-1)).toBe("WAITING");
		device.says({ occupied: true });
		await device.pass(10 * MINUTE, MINUTE);
		expect(shown.at(-1)).toMatchObject({ asks: true });
		// in a call it asks, and does not cut it
		device.says({ idleSince: null });
		device.person(true);
		await device.pass(10 * MINUTE, MINUTE);
		expect(device.states.at(-1)).toBe("WAITING");
		device.says({ idleSince: device.clock.now(), occupied: true });
		await device.until(() => device.states.includes("INSTALLING"), 100);
		await device.until(() => device.states.includes("SUCCEEDED"));
		expect(shown.at(-1)).toBeNull();
		expect(new Set(shown.map((one) => (one as { state?: string } | null)?.state))).toEqual(
			new Set([undefined, "downloading", "waiting", "installing", "restarting", "probation"]),
		);
		device.check();
	});

	test("whose slot does not start has been rolled back, and an event says so", async () => {
		const device = rig();
		device.faults.boot = true;
		device.job();
		await device.until(() => device.states.includes("ROLLED_BACK"));
		expect(device.last).toMatchObject({ err: "update.fell_back" });
		expect(device.events).toEqual([{ version: "2.0.0", reason: "update.fell_back" }]);
		expect(await device.firmware.booted()).toMatchObject({ version: "1.0.0", slot: "A" });
		device.check();
	});

	test("that costs the room its camera is rolled back after its probation, but not in a call", async () => {
		const device = rig();
		device.job();
		await device.until(() => device.states.includes("PROBATION"));
		device.says({ status: { missing: ["camera"] }, idleSince: null });
		await device.pass(30 * MINUTE, MINUTE);
		expect(device.states.at(-1)).toBe("PROBATION");
		expect(device.restarts).toBe(1);
		device.says({ status: { missing: ["camera"] }, idleSince: device.clock.now() });
		await device.until(() => device.states.includes("ROLLED_BACK"));
		expect(device.last).toMatchObject({ err: "update.probation_failed" });
		expect(device.restarts).toBe(2);
		expect(await device.firmware.booted()).toMatchObject({ version: "1.0.0", slot: "A" });
		device.check();
	});

	test("is not blamed for a camera that was unplugged before, nor for a calendar that is away", async () => {
		const device = rig();
		device.says({ status: { missing: ["camera"] } });
		device.job();
		await device.until(() => device.states.includes("PROBATION"));
		device.says({ status: { missing: ["camera", "calendar"] } });
		await device.until(() => device.states.includes("SUCCEEDED"));
	});

	test("has not succeeded where the broker can't be reached, or the room program does not come back", async () => {
		const offline = rig();
		offline.job();
		offline.reached = false;
		await offline.until(() => offline.states.includes("ROLLED_BACK"));
		const roomless = rig();
		roomless.job();
		await roomless.until(() => roomless.states.includes("PROBATION"));
		roomless.roomLeaves();
		await roomless.until(() => roomless.states.includes("ROLLED_BACK"));
		expect(roomless.last?.err).toBe("update.probation_failed");
	});

	test.each(["download", "install", "markGood"] as const)("whose %s fails says so", async (fault) => {
		const device = rig();
		device.faults[fault] = true;
		device.job();
		const end = fault === "markGood" ? "ROLLED_BACK" : "FAILED";
		await device.until(() => device.states.includes(end));
		const err = { download: "update.unreachable", install: "update.install_failed", markGood: "update.mark_failed" }[
			fault
		];
		expect(device.last).toMatchObject({ state: end, err });
		expect((await device.firmware.booted()).version).toBe("1.0.0");
		device.check();
		// and another is begun
		delete device.faults[fault];
		device.job({ seq: 2 });
		await device.until(() => device.states.includes("SUCCEEDED"));
	});

	test("that the fleet takes back is given up without a word, until bytes are written", async () => {
		for (const state of ["DOWNLOADING", "WAITING"]) {
			const device = rig();
			if (state === "WAITING") device.says({ occupied: true });
			device.job();
			await device.until(() => device.states.includes(state), 50);
			device.jobGone();
			await device.pass(60 * MINUTE, MINUTE);
			expect(device.states.at(-1)).toBe(state);
			device.says({});
			await device.pass(60 * MINUTE, MINUTE);
			expect(device.states.at(-1)).toBe(state);
			expect(device.restarts).toBe(0);
		}
		const device = rig();
		device.job();
		await device.until(() => device.states.includes("INSTALLING"), 50);
		device.jobGone();
		await device.until(() => device.states.includes("SUCCEEDED"));
	});

	test("makes room for a newer one, but not while bytes are written", async () => {
		const device = rig();
		device.says({ occupied: true });
		device.job();
		await device.until(() => device.states.includes("WAITING"));
		device.job({ seq: 2, jobId: "K".repeat(22), spec: spec({ version: "3.0.0", digest: "cd".repeat(32) }) });
		device.says({});
		await device.until(() => device.states.includes("SUCCEEDED"));
		expect(await device.firmware.booted()).toMatchObject({ version: "3.0.0" });
		const other = rig();
		other.job();
		await other.until(() => other.states.includes("INSTALLING"), 50);
		other.job({ seq: 2, jobId: "K".repeat(22), spec: spec({ version: "3.0.0", digest: "cd".repeat(32) }) });
		await other.until(() => other.statuses.filter(({ state }) => state === "SUCCEEDED").length === 2);
		expect(await other.firmware.booted()).toMatchObject({ version: "3.0.0", slot: "A" });
	});

	test("ends at its date, if nothing was written by then", async () => {
		const device = rig();
		device.says({ occupied: true });
		device.job({ exp: begin + 60 * MINUTE });
		await device.until(() => device.states.includes("WAITING"));
		await device.pass(61 * MINUTE, MINUTE);
		device.says({});
		await device.pass(60 * MINUTE, MINUTE);
		expect(device.states.at(-1)).toBe("WAITING");
		expect(device.restarts).toBe(0);
	});

	test("does not start the machine anew while a full disk could not remember it", async () => {
		const device = rig();
		device.says({ occupied: true });
		device.job();
		await device.until(() => device.states.includes("WAITING"));
		const { set } = device.store;
		device.store.set = () => {
			throw new Error("the disk takes nothing");
		};
		device.says({});
		await device.until(() => device.last?.err === "update.disk_full");
		await device.pass(60 * MINUTE, MINUTE);
		expect(device.restarts).toBe(0);
		device.store.set = set;
		await device.until(() => device.states.includes("SUCCEEDED"));
	});
});

describe("whatever happens", () => {
	/** What a device goes through, minute by minute. */
	const happening = fc.oneof(
		{ weight: 8, arbitrary: fc.constant({ is: "nothing" as const }) },
		{ weight: 3, arbitrary: fc.constant({ is: "call" as const }) },
		{ weight: 6, arbitrary: fc.constant({ is: "quiet" as const }) },
		{ weight: 2, arbitrary: fc.constant({ is: "agent killed" as const }) },
		{ weight: 2, arbitrary: fc.constant({ is: "power cut" as const }) },
		{ weight: 1, arbitrary: fc.constant({ is: "person" as const }) },
		{ weight: 1, arbitrary: fc.constant({ is: "camera gone" as const }) },
		{ weight: 1, arbitrary: fc.constant({ is: "told again" as const }) },
		{ weight: 1, arbitrary: fc.constant({ is: "room gone" as const }) },
	);
	const faults = fc.record({ boot: fc.boolean(), install: fc.boolean(), markGood: fc.boolean() }, { requiredKeys: [] });

	test("success is said of nothing but a slot that runs, stays and has proved itself; no call is cut", async () => {
		let ended = 0;
		let succeeded = 0;
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.tuple(happening, fc.integer({ min: 1, max: 12 })), { minLength: 5, maxLength: 40 }),
				faults,
				async (story, wrong) => {
					const device = new JobRig();
					Object.assign(device.faults, wrong);
					let inCall = false;
					const { firmware } = device;
					device.wrap = (executor) => {
						const never = (what: string) => expect(inCall, `${what} in a call`).toBe(false);
						return {
							supported: true,
							worstCaseMs: executor.worstCaseMs,
							booted: () => executor.booted(),
							slots: () => executor.slots(),
							started: () => executor.started(),
							download: (...args) => executor.download(...args),
							install: async (...args) => {
								never("install");
								await executor.install(...args);
							},
							reboot: async () => {
								never("reboot");
								await executor.reboot();
							},
							markGood: () => executor.markGood(),
							fallBack: async () => {
								never("fallBack");
								await executor.fallBack();
							},
							discard: () => executor.discard(),
						};
					};
					device.start();
					device.job();
					for (const [{ is }, minutes] of story) {
						const now = device.clock.now();
						inCall = is === "call" ? true : is === "quiet" || is === "room gone" ? false : inCall;
						if (is === "call") device.says({ idleSince: null, status: { activity: "in_call" } });
						if (is === "quiet") device.says({ idleSince: now - QUIET_MS });
						if (is === "camera gone" && !inCall) device.says({ idleSince: now, status: { missing: ["camera"] } });
						if (is === "room gone") device.roomLeaves();
						if (is === "person") device.person(true);
						if (is === "told again") device.job();
						if (is === "agent killed" || is === "power cut") {
							device.end();
							if (is === "power cut") await firmware.powerCut();
							device.start();
						}
						await device.pass(minutes * MINUTE, 20_000);
					}
					// in the end all is quiet, and it comes to an end
					inCall = false;
					device.says({ idleSince: device.clock.now() - QUIET_MS });
					device.job();
					await device.until(() => ["SUCCEEDED", "ROLLED_BACK", "FAILED"].includes(device.states.at(-1) ?? ""), 20_000);
					device.check();
					const booted = await firmware.booted();
					const success = device.states.at(-1) === "SUCCEEDED";
					expect(booted.version, device.states.join(" ")).toBe(success ? "2.0.0" : "1.0.0");
					await firmware.powerCut();
					expect((await firmware.booted()).version).toBe(success ? "2.0.0" : "1.0.0");
					expect(device.states.filter((state) => state === "SUCCEEDED").length).toBe(success ? 1 : 0);
					ended += 1;
					if (success) succeeded += 1;
				},
			),
			{ numRuns: 150 },
		);
		// the story must go both ways to prove anything
		expect(succeeded).toBeGreaterThan(10);
		expect(ended - succeeded).toBeGreaterThan(10);
	}, 120_000);
});
