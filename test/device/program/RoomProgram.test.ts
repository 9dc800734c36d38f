import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { roomConfig } from "../../../device/config/RoomConfig.ts";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
import { silentLog } from "../../../device/core/log.ts";
import type { RoomError } from "../../../device/core/RoomError.ts";
import { askRecording } from "../../../device/peripherals/recording/askRecording.ts";
import { RoomProgram } from "../../../device/program/RoomProgram.ts";
import { recordingDoorPath } from "../../../device/program/roomState.ts";
import { type FleetCa, openCa } from "../../../provisioning/service/ca/FleetCa.ts";
import { freePort } from "../../../provisioning/service/child/freePort.ts";
import { buildPage } from "../../../tools/build-ui.ts";
import { PanelDriver } from "../../e2e/PanelDriver.ts";
import { CalendarServer } from "../../sim/calendar/CalendarServer.ts";
import { facts, SimulatedAgent, unclaimed } from "../../sim/fleet/SimulatedAgent.ts";
import { berlinDoc, claimed } from "../../sim/fleet/twin.ts";
import { PtyPair } from "../../sim/line/PtyPair.ts";
import { event, ics, LINK, SECRET } from "../calendar/ics.ts";
import { makeNative } from "../media/native/built.ts";

/** The whole room program with its real engine, and an agent that says what a test wants. */
let home: string;
let ca: FleetCa;
let folder: string;
let agent: SimulatedAgent;
let program: RoomProgram | null = null;
let panel: PanelDriver;
let url: string;
let over: { why: string; error: RoomError | undefined }[];

beforeAll(async () => {
	makeNative();
	await Promise.all([buildPage("panel"), buildPage("tv")]);
	home = await mkdtemp(join(tmpdir(), "incamera-program-"));
	ca = await openCa(join(home, "ca"), { development: true });
}, 300_000);
afterAll(() => rm(home, { recursive: true, force: true }));

beforeEach(async () => {
	folder = await mkdtemp(join(home, "device-"));
	agent = await SimulatedAgent.start(join(folder, "agent.sock"));
	over = [];
});
afterEach(async () => {
	panel?.close();
	await program?.stop();
	program = null;
	await agent.stop();
});

const state = () => join(folder, "state");
const devices = { camera: "synthetic", microphone: "synthetic", speaker: "none", display: "none" };

/** Starts the program and connects a panel; resolves with the promise that it is usable. */
async function begin(more: { peripherals?: object; calendar?: object } = {}): Promise<{ usable: Promise<void> }> {
	const port = await freePort("127.0.0.1");
	const config = roomConfig.parse({ panel: { port }, agent: agent.path, devices, state: state(), ...more });
	program = new RoomProgram(config, {
		version: "0.1.0",
		log: silentLog,
		over: (why, error) => over.push({ why, error }),
	});
	const usable = program.start();
	usable.catch(() => {});
	url = `http://127.0.0.1:${port}`;
	await expect
		.poll(() =>
			fetch(`${url}/healthz`).then(
				({ status }) => status > 0,
				() => false,
			),
		)
		.toBe(true);
	panel = await PanelDriver.connect(url);
	return { usable };
}
const health = async () => (await fetch(`${url}/healthz`)).json();
const shows = (test: (snapshot: Snapshot) => boolean, what: string) => panel.until(test, what);
const resting = () => shows(({ screen, can }) => screen.name === "resting" && can.meetNow, "a room at rest");
/** A room in service. */
async function inService(more: { peripherals?: object; calendar?: object } = {}): Promise<void> {
	agent.claim(await claimed(ca, { folder, deviceId: "room-berlin" }));
	agent.twin(1, berlinDoc);
	const { usable } = await begin(more);
	await usable;
	await resting();
}
/** On the way into a meeting whose rendezvous nobody answers for: as good as a call for whoever must not disturb one. */
async function joining(): Promise<void> {
	expect(await panel.touch({ type: "panel.meet_now" })).toBe("ack");
	await panel.untilScreen("joining");
}

test("nobody's device takes a code, says how it goes, and is a room when the fleet says so; without an engine until then", async () => {
	agent.claim(unclaimed({ enrolUrl: "https://fleet.example.org/console/enrol" }));
	const { usable } = await begin();
	await usable;
	const { screen, can, media } = panel.snapshot;
	expect(screen).toMatchObject({ name: "unclaimed", step: "code", failure: null, serial: facts.serial });
	expect(screen).toMatchObject({ enrolUrl: "https://fleet.example.org/console/enrol" });
	expect(media.camera.state).toBe("closed");
	expect(can.enrol).toBe(true);
	expect(await health()).toEqual({ status: "starting", reason: "room.unclaimed", painted: 0 });
	expect(await panel.touch({ type: "panel.meet_now" })).toBe("panel.not_now");
	expect(await panel.touch({ type: "panel.locale", locale: "de" })).toBe("ack");
	await shows(({ room }) => room.locale === "de", "German");

	expect(await panel.touch({ type: "panel.enrol", code: "ABCD-EFGH-JKMN-PQRS" })).toBe("ack");
	expect((await agent.heard("enrol")).code).toBe("ABCD-EFGH-JKMN-PQRS");
	const since = Date.now();
	agent.claim({ state: "enrolling", step: "proving", since });
	const proving = await shows(({ screen }) => screen.name === "unclaimed" && screen.step === "proving", "the proof");
	expect(proving.screen).toMatchObject({ since, serial: facts.serial });
	expect(proving.can.enrol).toBe(false);
	expect(await panel.touch({ type: "panel.enrol", code: "ABCD-EFGH-JKMN-PQRS" })).toBe("panel.not_now");

	agent.claim(unclaimed({ failure: "enrol.code_wrong" }));
	await shows(({ screen }) => screen.name === "unclaimed" && screen.failure === "enrol.code_wrong", "why not");
	expect(panel.snapshot.can.enrol).toBe(true);

	agent.claim(await claimed(ca, { folder, deviceId: "room-berlin" }));
	agent.twin(7, berlinDoc);
	const rest = await resting();
	expect(await health()).toEqual({ status: "ok", painted: 0 });
	expect(rest.room).toEqual({ name: "Berlin", seats: 8, locale: "de", timeZone: "Europe/Berlin" });
	expect(await agent.heard("twin")).toEqual({ t: "twin", rev: 7, applied: true, errors: [] });
	await agent.heard("status", ({ status }) => status.activity === "free");
	expect(agent.malformed).toBe(0);
});

test("a code that no agent is there to take is refused, not lost", async () => {
	agent.claim(unclaimed());
	const { usable } = await begin();
	await usable;
	await agent.stop();
	await expect.poll(() => panel.touch({ type: "panel.enrol", code: "ABCD-EFGH-JKMN-PQRS" })).toBe("panel.not_now");
});

test("the panel is there before the agent, and a room goes on without it", async () => {
	await agent.stop();
	const { usable } = await begin();
	expect(panel.snapshot.screen).toMatchObject({ name: "unclaimed", step: "starting", failure: null });
	expect(await health()).toEqual({ status: "starting", reason: "room.starting", painted: 0 });
	await shows(({ screen }) => screen.name === "unclaimed" && screen.failure === "agent.unreachable", "a missing agent");
	agent = await SimulatedAgent.start(agent.path, await claimed(ca, { folder, deviceId: "room-berlin" }));
	agent.twin(1, berlinDoc);
	await usable;
	await resting();
	await joining();
	await agent.stop();
	await shows(({ missing }) => missing.includes("broker"), "the broker missing");
	expect(panel.snapshot.screen.name).toBe("joining");
	agent = await SimulatedAgent.start(agent.path, await claimed(ca, { folder, deviceId: "room-berlin" }));
	agent.twin(2, { ...berlinDoc, room: { ...berlinDoc.room, name: "Rom" } });
	await shows(({ room }) => room.name === "Rom", "the new name");
	expect(panel.snapshot.screen.name).toBe("joining");
});

describe("a twin", () => {
	test("changes name, seats, language and directory at once, in the middle of a call", async () => {
		await inService();
		await joining();
		const pid = enginePid();
		agent.twin(2, {
			...berlinDoc,
			room: { name: "Rom", locale: "en", timeZone: "Europe/Berlin" },
			directory: [
				{ id: "room-berlin", name: "Berlin" },
				{ id: "room-bonn", name: "Bonn" },
			],
			showTitles: true,
		});
		const { room, directory, screen } = await shows(({ room }) => room.name === "Rom", "the new name");
		expect(room).toMatchObject({ seats: null, locale: "en" });
		expect(directory).toEqual([{ id: "room-bonn", name: "Bonn", online: null }]);
		expect(screen.name).toBe("joining");
		expect((await agent.heard("twin", ({ rev }) => rev === 2)).applied).toBe(true);
		expect(enginePid()).toBe(pid);
	});

	test("that needs a restart waits until nobody is in a call", async () => {
		await inService();
		await joining();
		const pid = enginePid();
		agent.twin(2, { ...berlinDoc, room: { ...berlinDoc.room, timeZone: "Europe/Lisbon" } });
		agent.twin(3, { ...berlinDoc, room: { ...berlinDoc.room, name: "Porto", timeZone: "Europe/Lisbon" } });
		// what comes after it on the same line has come: the twins were seen
		expect(await agent.command({ op: "identify", args: { number: 7, seconds: 600 } })).toMatchObject({ status: 200 });
		expect(panel.snapshot.screen.name).toBe("joining");
		expect(enginePid()).toBe(pid);
		expect(agent.last("twin")?.rev).toBe(1);
		await panel.touch({ type: "panel.cancel" });
		await shows(({ room }) => room.timeZone === "Europe/Lisbon", "the new time zone");
		await resting();
		expect(panel.snapshot.room.name).toBe("Porto");
		expect(enginePid()).not.toBe(pid);
		expect((await agent.heard("twin", ({ rev }) => rev === 3)).applied).toBe(true);
		expect(panel.open).toBe(true);
	});

	test("that is taken back before the call ends restarts nothing", async () => {
		await inService();
		await joining();
		const pid = enginePid();
		agent.twin(2, { ...berlinDoc, room: { ...berlinDoc.room, timeZone: "Europe/Lisbon" } });
		agent.twin(3, berlinDoc);
		expect((await agent.heard("twin", ({ rev }) => rev === 3)).applied).toBe(true);
		await panel.touch({ type: "panel.cancel" });
		await panel.untilScreen("ended");
		await agent.command({ op: "identify", args: { number: 7, seconds: 1 } });
		expect(enginePid()).toBe(pid);
	});

	test("that is no good changes nothing, and says which key", async () => {
		await inService();
		agent.twin(2, { ...berlinDoc, room: { ...berlinDoc.room, name: "Atlantis", timeZone: "Europe/Atlantis" } });
		expect(await agent.heard("twin", ({ rev }) => rev === 2)).toEqual({
			t: "twin",
			rev: 2,
			applied: false,
			errors: [{ key: "room.timeZone", code: "twin.invalid" }],
		});
		expect(panel.snapshot.room).toMatchObject({ name: "Berlin", timeZone: "Europe/Berlin" });
		agent.twin(3, { ...berlinDoc, room: { ...berlinDoc.room, name: "Rom" } });
		await shows(({ room }) => room.name === "Rom", "the next one");
	});

	test("that is no good from the beginning makes no room, and panel and health say why, until a good one comes", async () => {
		agent.claim(await claimed(ca, { folder, deviceId: "room-berlin" }));
		agent.twin(1, { ...berlinDoc, room: { ...berlinDoc.room, timeZone: "Europe/Atlantis" } });
		await begin();
		await shows(({ screen }) => screen.name === "unclaimed" && screen.failure === "room.twin_refused", "why");
		expect(await health()).toMatchObject({ reason: "room.twin_refused" });
		agent.twin(2, berlinDoc);
		await resting();
	});
});

describe("the identity", () => {
	test("is read again when it was renewed, after the call", async () => {
		await inService();
		await joining();
		const pid = enginePid();
		agent.claim(await claimed(ca, { folder, deviceId: "room-berlin", generation: 2 }));
		await agent.command({ op: "identify", args: { number: 7, seconds: 1 } });
		expect(enginePid()).toBe(pid);
		await panel.touch({ type: "panel.cancel" });
		await expect.poll(() => enginePid()).not.toBe(pid);
		await resting();
	});

	test("that can't be read is said, and tried again", async () => {
		const claim = await claimed(ca, { folder, deviceId: "room-berlin" });
		const key = claim.identity.key;
		await rm(key);
		agent.claim(claim);
		agent.twin(1, berlinDoc);
		await begin();
		await shows(({ screen }) => screen.name === "unclaimed" && screen.failure === "room.identity_refused", "why");
		expect(panel.snapshot.can.enrol).toBe(false);
		expect(await health()).toMatchObject({ reason: "room.identity_refused" });
		const again = await claimed(ca, { folder, deviceId: "room-berlin" });
		expect(again.identity.key).toBe(key);
		await resting();
	});
});

test("leaving the fleet ends the room, wipes what it kept and nothing else, and takes a code again", async () => {
	await mkdir(state(), { recursive: true });
	await writeFile(join(state(), "known-keys.json"), "{}");
	await writeFile(join(state(), "somebody-else.txt"), "x");
	await inService();
	await joining();
	const pid = enginePid();
	agent.claim(unclaimed());
	await shows(({ screen }) => screen.name === "unclaimed" && screen.step === "code", "the code");
	await expect.poll(() => existsSync(join(state(), "known-keys.json"))).toBe(false);
	expect(existsSync(join(state(), "somebody-else.txt"))).toBe(true);
	expect(panel.snapshot.media.camera.state).toBe("closed");
	expect(() => process.kill(pid, 0)).toThrow();
	expect(JSON.stringify(panel.snapshot)).not.toContain('Berlin"');
});

test("a calendar at an address is shown when it comes; the room does not wait for it", async () => {
	const calendar = await CalendarServer.start();
	try {
		let answer = (): void => {};
		calendar.answer = (_, response) => {
			answer = () => void response.end(calendar.text);
		};
		const began = new Date(Date.now() - 60_000).toISOString().replaceAll(/[-:]|\.\d+/g, "");
		calendar.text = ics(event(`DTSTART:${began}`, "DURATION:PT1H", `URL:${LINK}`));
		await inService({ calendar: { url: calendar.url } });
		const { missing } = await shows(({ agenda }) => agenda.failure === "calendar.unreachable", "that nothing came");
		expect(missing).toContain("calendar");
		answer();
		await shows(({ agenda }) => agenda.failure === null && agenda.entries.length === 1, "the meeting");
		expect(JSON.stringify(panel.snapshot)).not.toMatch(new RegExp(`${CalendarServer.TOKEN}|${SECRET}`));
	} finally {
		await calendar.stop();
	}
});

describe("a command", () => {
	test("identify: the number stands over every screen for its time", async () => {
		await inService();
		await agent.command({ op: "identify", args: { number: 42, seconds: 1 } });
		await shows(({ identify }) => identify?.number === 42, "the number");
		await shows(({ identify }) => identify === null, "the number gone");
	});

	test("restart: not in a call, and then at once", async () => {
		await inService();
		await joining();
		expect(await agent.command({ op: "restart", args: {} })).toMatchObject({ status: 409, code: "room.in_call" });
		expect(over).toEqual([]);
		await panel.touch({ type: "panel.cancel" });
		await panel.untilScreen("ended");
		expect(await agent.command({ op: "restart", args: {} })).toMatchObject({ status: 200 });
		await expect.poll(() => over).toEqual([{ why: "restart", error: undefined }]);
	});

	test("doctor: what was checked and what to do, and nothing of this machine", async () => {
		await inService();
		const { status, checks = [] } = await agent.command({ op: "doctor", args: {} });
		expect(status).toBe(200);
		expect(checks.map(({ name }) => name)).toEqual(
			expect.arrayContaining(["gstreamer.elements", "devices", "certificate"]),
		);
		expect(checks.find(({ name }) => name === "certificate")).toMatchObject({ status: "ok", code: null });
		expect(JSON.stringify(checks)).not.toContain(folder);
	});

	test("unenrol is the agent's", async () => {
		await inService();
		expect(await agent.command({ op: "unenrol", args: {} })).toMatchObject({ status: 501 });
	});
});

test("an update asks at the panel, never in a call, and the answer goes to the agent", async () => {
	await inService();
	const update = { state: "waiting", version: "1.4.0", pct: null, asks: true, waitsFor: null } as const;
	agent.update(update);
	await shows(({ can }) => can.update, "the question");
	expect(panel.snapshot.update).toEqual(update);
	expect(await panel.touch({ type: "panel.update", now: false })).toBe("ack");
	expect((await agent.heard("update")).now).toBe(false);
	await joining();
	expect(panel.snapshot.can.update).toBe(false);
	expect(await panel.touch({ type: "panel.update", now: true })).toBe("panel.not_now");
	agent.update(null);
	await shows(({ update }) => update === null, "no update");
});

test("what a stick brings is installed by a hand at the panel: only what it saw, never in a call, not twice", async () => {
	await inService();
	const offered = { version: "1.3.0", slots: null, last: null, stick: { version: "1.4.0", code: null } };
	agent.firmware({ ...offered, stick: { version: "1.4.0", code: "update.not_published" } });
	await shows(({ firmware }) => firmware?.stick?.code === "update.not_published", "the reason");
	expect(await panel.touch({ type: "panel.install_stick", version: "1.4.0" })).toBe("panel.not_now");
	agent.firmware(offered);
	await shows(({ can }) => can.installStick, "the offer");
	expect(await panel.touch({ type: "panel.install_stick", version: "9.9.9" })).toBe("panel.not_now");
	expect(await panel.touch({ type: "panel.install_stick", version: "1.4.0" })).toBe("ack");
	expect((await agent.heard("installStick")).version).toBe("1.4.0");
	agent.update({ state: "downloading", version: "1.4.0", pct: 3, asks: false, waitsFor: null });
	await shows(({ can }) => !can.installStick, "that it is under way");
	agent.update(null);
	await shows(({ can }) => can.installStick, "the offer");
	await joining();
	expect(await panel.touch({ type: "panel.install_stick", version: "1.4.0" })).toBe("panel.not_now");
});

test("a factory reset is offered where the agent offers one: never in a call or while an update is written, and not twice", async () => {
	await inService();
	expect(panel.snapshot.reset).toBeNull();
	expect(await panel.touch({ type: "panel.factory_reset" })).toBe("panel.not_now");
	agent.reset({ state: "offered", code: null });
	await shows(({ can }) => can.factoryReset, "the offer");
	for (const state of ["installing", "restarting", "probation"] as const) {
		agent.update({ state, version: "1.4.0", pct: null, asks: false, waitsFor: null });
		await shows(({ update, can }) => update?.state === state && !can.factoryReset, `that it waits while ${state}`);
	}
	agent.update({ state: "downloading", version: "1.4.0", pct: 3, asks: false, waitsFor: null });
	await shows(({ can }) => can.factoryReset, "the offer");
	expect(await panel.touch({ type: "panel.factory_reset" })).toBe("ack");
	await agent.heard("reset");
	agent.reset({ state: "begun", code: null });
	await shows(({ can, reset }) => reset?.state === "begun" && !can.factoryReset, "that it has begun");
	expect(await panel.touch({ type: "panel.factory_reset" })).toBe("panel.not_now");
	agent.reset({ state: "offered", code: "reset.failed" });
	await shows(({ can, reset }) => reset?.code === "reset.failed" && can.factoryReset, "why not");
	await joining();
	expect(panel.snapshot.can.factoryReset).toBe(false);
	expect(await panel.touch({ type: "panel.factory_reset" })).toBe("panel.not_now");
});

test("a support bundle is saved onto a stick by a touch, one at a time", async () => {
	await inService();
	expect(await panel.touch({ type: "panel.save_support" })).toBe("panel.not_now");
	agent.support({ state: "offered", file: null, code: null });
	await shows(({ can }) => can.saveSupport, "the offer");
	expect(await panel.touch({ type: "panel.save_support" })).toBe("ack");
	await agent.heard("support");
	for (const state of ["collecting", "writing"] as const) {
		agent.support({ state, file: null, code: null });
		await shows(({ support, can }) => support?.state === state && !can.saveSupport, state);
	}
	agent.support({ state: "failed", file: null, code: "support.stick_full" });
	await shows(({ support, can }) => support?.code === "support.stick_full" && can.saveSupport, "why not");
	agent.support(null);
	await shows(({ support, can }) => support === null && !can.saveSupport, "that the stick is gone");
});

/** Of the engine that runs, found by its parent: this process. */
function enginePid(): number {
	const pid = program?.enginePid;
	if (!pid) throw new Error("no engine runs");
	return pid;
}

test("whoever may, listens on the line of a device that the room drives", async () => {
	const pty = await PtyPair.open();
	try {
		await inService({ peripherals: { camera: { driver: "visca", serial: pty.path } } });
		const lines: string[] = [];
		const abort = new AbortController();
		const asked = { device: "camera", mostBytes: 100_000 };
		const recording = askRecording(recordingDoorPath(state()), asked, (line) => lines.push(line), abort.signal);
		// nobody answers it, so the driver asks again and again
		await expect.poll(() => lines.join("")).toContain('"is":"out"');
		abort.abort();
		await recording;
	} finally {
		await program?.stop();
		program = null;
		await pty.close();
	}
});
