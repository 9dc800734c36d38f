import { expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { Notifier } from "../../../../provisioning/agent/systemd/Notifier.ts";
import { NotifySocket } from "../../../sim/systemd/NotifySocket.ts";
import { AgentProcess } from "../AgentProcess.ts";

async function systemd(): Promise<NotifySocket> {
	const socket = await NotifySocket.open();
	onTestFinished(() => socket.close());
	return socket;
}

test("systemd hears that the agent is ready, twice in the watchdog's time that it is well, and that it stops", async () => {
	const socket = await systemd();
	const clock = new ManualClock();
	const notifier = new Notifier({
		environment: { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: "120000000" },
		clock,
	});
	let isWell = true;
	notifier.ready(() => isWell);
	await expect.poll(() => socket.count("READY=1")).toBe(1);
	await expect.poll(() => socket.count("WATCHDOG=1")).toBe(1);
	clock.advance(60_000);
	await expect.poll(() => socket.count("WATCHDOG=1")).toBe(2);
	// one that is not well is let starve
	isWell = false;
	clock.advance(10 * 60_000);
	isWell = true;
	clock.advance(60_000);
	await expect.poll(() => socket.count("WATCHDOG=1")).toBe(3);
	await notifier.stopping();
	await expect.poll(() => socket.count("STOPPING=1")).toBe(1);
	clock.advance(10 * 60_000);
	expect(socket.count("WATCHDOG=1")).toBe(3);
});

test("without a watchdog nothing feeds it; without systemd nobody is told", async () => {
	const socket = await systemd();
	const clock = new ManualClock();
	const unwatched = new Notifier({ environment: { NOTIFY_SOCKET: socket.path }, clock });
	unwatched.ready(() => true);
	await expect.poll(() => socket.count("READY=1")).toBe(1);
	clock.advance(60 * 60_000);
	await unwatched.stopping();
	await expect.poll(() => socket.count("STOPPING=1")).toBe(1);
	expect(socket.count("WATCHDOG=1")).toBe(0);

	const alone = new Notifier({ environment: { WATCHDOG_USEC: "120000000" }, clock });
	alone.ready(() => true);
	await alone.stopping();
});

test("an agent that is a service says so itself", async () => {
	const socket = await systemd();
	const agent = await AgentProcess.create("mqtts://127.0.0.1:1");
	onTestFinished(() => agent.remove());
	await agent.start({ env: { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: "120000000" } });
	await expect.poll(() => [socket.count("READY=1"), socket.count("WATCHDOG=1")]).toEqual([1, 1]);
	expect(socket.count("STOPPING=1")).toBe(0);
	await agent.stop();
	await expect.poll(() => socket.count("STOPPING=1")).toBe(1);
});
