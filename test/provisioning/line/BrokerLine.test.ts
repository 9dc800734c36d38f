import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { type Clock, ManualClock, systemClock } from "../../../device/core/clock.ts";
import { silentLog } from "../../../device/core/log.ts";
import { BrokerLine } from "../../../provisioning/line/BrokerLine.ts";
import { type FleetCa, openCa } from "../../../provisioning/service/ca/FleetCa.ts";
import { HostileBroker } from "../../sim/broker/HostileBroker.ts";

let folder: string;
let ca: FleetCa;
let broker: HostileBroker;
const lines: BrokerLine[] = [];
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-line-"));
	ca = await openCa(folder);
	broker = await HostileBroker.open({ ...(await ca.issueServer(["127.0.0.1"])), ca: ca.certificate });
});
afterEach(async () => {
	for (const line of lines.splice(0)) await line.close();
	broker.acknowledge = () => 0;
});
afterAll(async () => {
	await broker?.close();
	await rm(folder, { recursive: true, force: true });
});

let failures: number;
beforeEach(() => {
	failures = 0;
});

function lineOf({ key, chain }: { key: string; chain: string }, clock: Clock, url = broker.url): BrokerLine {
	const line = new BrokerLine({
		target: () => ({ url, clientId: "dev-00000001", tls: { key, certificate: chain, ca: ca.certificate } }),
		clock,
		log: silentLog,
		random: () => 0,
	});
	lines.push(line);
	line.events.on("failed", () => failures++);
	return line;
}
async function open(clock: Clock = systemClock): Promise<BrokerLine> {
	const line = lineOf(await ca.issueDevice("dev-00000001"), clock);
	const opened = new Promise<void>((resolve) => line.events.on("opened", () => resolve()));
	line.open();
	await opened;
	return line;
}
const say = (line: BrokerLine) => line.publish("a/topic", Buffer.from("x"));

test("a message that was under way when the line was lost is unreachable, not refused: it can be sent again", async () => {
	for (const how of ["dropped here", "cut there", "closed in order"] as const) {
		const line = await open();
		const { length } = broker.heard;
		broker.acknowledge = () => new Promise(() => {});
		const said = say(line);
		const outcome = expect(said, how).rejects.toMatchObject({ code: "line.unreachable" });
		await expect.poll(() => broker.heard.length).toBe(length + 1);
		if (how === "dropped here") line.drop();
		else if (how === "cut there") broker.cut();
		else await line.close();
		await outcome;
	}
});

test("closing ends, and the connection with it, whatever becomes of a message that was not acknowledged", async () => {
	for (const how of ["the broker stays silent", "the broker dies meanwhile"] as const) {
		const clock = new ManualClock(Date.now());
		const line = await open(clock);
		const { length } = broker.heard;
		broker.acknowledge = () => new Promise(() => {});
		const outcome = expect(say(line), how).rejects.toMatchObject({ code: "line.unreachable" });
		await expect.poll(() => broker.heard.length).toBe(length + 1);
		const closed = line.close();
		if (how === "the broker stays silent") clock.advance(2000);
		else broker.cut();
		await closed;
		await outcome;
		await expect.poll(() => broker.connections, { message: how }).toBe(0);
	}
});

test("a message that the broker does not take is refused, and the line stays", async () => {
	const line = await open();
	broker.acknowledge = () => 0x87;
	await expect(say(line)).rejects.toMatchObject({ code: "line.refused" });
	broker.acknowledge = () => 0;
	expect(await say(line)).toBe("delivered");
	broker.acknowledge = () => 0x10;
	expect(await say(line)).toBe("nobody");
	// what it does not take at this moment it may take later
	for (const code of [0x80, 0x83, 0x97]) {
		broker.acknowledge = () => code;
		await expect(say(line)).rejects.toMatchObject({ code: "line.unreachable" });
	}
	expect(line.isOpen).toBe(true);
});

test("a broker that is slow is waited for, half a minute; who can't wait says so, and the line is given up for them", async () => {
	const clock = new ManualClock(Date.now());
	const line = await open(clock);
	broker.acknowledge = () => new Promise(() => {});
	const { length } = broker.heard;
	let lost = 0;
	line.events.on("lost", () => lost++);
	const patient = expect(say(line)).rejects.toMatchObject({ code: "line.unreachable" });
	await expect.poll(() => broker.heard.length).toBe(length + 1);
	clock.advance(29_999);
	expect(lost).toBe(0);
	clock.advance(1);
	await patient;
	expect(lost).toBe(1);

	const opened = new Promise<void>((resolve) => line.events.on("opened", () => resolve()));
	clock.advance(1000);
	await opened;
	const hasty = expect(line.publish("a/topic", Buffer.from("x"), { withinMs: 5000 })).rejects.toMatchObject({
		code: "line.unreachable",
	});
	clock.advance(5000);
	await hasty;
	expect(lost).toBe(2);
});

test("a broker that is slow to let anybody in is given longer at each attempt, up to a minute", async () => {
	const clock = new ManualClock(Date.now());
	broker.answersConnect = false;
	const before = broker.connects;
	const line = lineOf(await ca.issueDevice("dev-00000001"), clock);
	line.open();
	for (const [attempt, seconds] of [15, 30, 60, 60].entries()) {
		await expect.poll(() => broker.connects).toBe(before + attempt + 1);
		clock.advance(seconds * 1000 - 1);
		expect(failures).toBe(attempt);
		clock.advance(1);
		expect(failures).toBe(attempt + 1);
		// there is no wait before the next attempt
		clock.advance(0);
	}
	broker.answersConnect = true;
});

/** A listener whose kernel answers to nobody: its program stands still, and as many wait to be taken as there is room for. */
async function fullListener(): Promise<string> {
	const program = `
		const server = require("node:net").createServer();
		server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => process.stdout.write(String(server.address().port)));`;
	const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
	onTestFinished(() => void child.kill("SIGKILL"));
	const port = Number(await new Promise((resolve) => child.stdout.once("data", resolve)));
	child.kill("SIGSTOP");
	for (let waiting = 0; waiting < 8; waiting++) {
		const socket = connect({ host: "127.0.0.1", port });
		socket.on("error", () => {});
		onTestFinished(() => void socket.destroy());
	}
	return `mqtts://127.0.0.1:${port}`;
}

test("a broker to which too many come at once is asked again soon: who is not even let in has cost it nothing", async () => {
	const clock = new ManualClock(Date.now());
	const line = lineOf(await ca.issueDevice("dev-00000001"), clock, await fullListener());
	line.open();
	let passed = 0;
	const after = (ms: number) => () => {
		clock.advance(ms);
		passed += ms;
		return failures;
	};
	// each attempt is given up after three seconds, however many came before
	for (let attempt = 1; attempt <= 6; attempt++) await expect.poll(after(100)).toBe(attempt);
	expect(passed).toBeLessThan(6 * 15_000);
});
