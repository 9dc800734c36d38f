import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../device/core/clock.ts";
import { silentLog } from "../../../../device/core/log.ts";
import { openLink } from "../../../../device/peripherals/link/openLink.ts";
import type { PanelBusStatus } from "../../../../device/peripherals/model/PanelBus.ts";
import { PanelBusDriver } from "../../../../device/peripherals/panel-bus/PanelBusDriver.ts";
import { PanelBusSplitter } from "../../../../device/peripherals/panel-bus/PanelBusSplitter.ts";
import { timing } from "../../../../device/peripherals/panel-bus/timing.ts";
import { PanelBusSimulator } from "../../../sim/panel-bus/PanelBusSimulator.ts";

/** The driver and the reference device at the two ends of a real serial port, in real time. */
let simulator: PanelBusSimulator;
let driver: PanelBusDriver;
/** Each status that the driver told, in order. */
let told: PanelBusStatus[];

const unknown = { muteKey: null, shutterClosed: null, occupied: null };

beforeEach(async () => {
	simulator = await PanelBusSimulator.open();
	const address = { by: "serial", path: simulator.path, baudRate: 115_200 } as const;
	const link = openLink(address, { splitter: () => new PanelBusSplitter(), clock: systemClock });
	driver = new PanelBusDriver({ link, clock: systemClock, log: silentLog });
	told = [];
	driver.onStatus((status) => told.push(status));
	driver.start();
});
afterEach(async () => {
	await driver.stop();
	await simulator.close();
});

const isThere = () => expect.poll(() => driver.health.state).toBe("ok");

test("pulled out and in again: unknown, then as it is now; light as the room wants it", async () => {
	await isThere();
	simulator.device.pressMuteKey(true);
	await expect.poll(() => driver.status.muteKey).toBe(true);
	await driver.light("busy");
	await simulator.unplug();
	await expect.poll(() => driver.status).toEqual(unknown);
	await expect.poll(() => driver.health).toMatchObject({ state: "lost", failure: "link.absent" });
	simulator.device.occupy(true);
	await simulator.replug();
	await isThere();
	expect(driver.status).toMatchObject({ muteKey: true, occupied: true });
	await expect.poll(() => simulator.device.light).toBe("busy");
});

test("silent, then there again", async () => {
	await isThere();
	simulator.line.silent = true;
	await expect.poll(() => driver.health).toMatchObject({ state: "lost", failure: "link.silent" });
	expect(driver.status).toEqual(unknown);
	simulator.line.silent = false;
	await isThere();
	expect(driver.status.muteKey).toBe(false);
});

test("a program that stood still for longer than a device may be silent reads what waits before it judges", async () => {
	await isThere();
	told.length = 0;
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1.5 * timing.deviceLostMs);
	simulator.device.pressMuteKey(true);
	await expect.poll(() => driver.status.muteKey).toBe(true);
	expect(told.filter(({ muteKey }) => muteKey === null)).toEqual([]);
});

test("10 000 keys in a burst on a line with garbage, crumbs and lost reports end as they are, in order", async () => {
	await isThere();
	told.length = 0;
	for (let press = 1; press <= 10_000; press++) {
		if (press % 100 === 0) {
			simulator.line.loseReports = press % 7;
			simulator.line.flipBits = press % 3;
			simulator.line.garbage = press % 200 === 0;
			// the kernel's buffer is as long as it is: what a device says faster than that is lost
			await new Promise((resolve) => setImmediate(resolve));
		}
		simulator.device.pressMuteKey(press % 2 === 1);
	}
	Object.assign(simulator.line, { loseReports: 0, flipBits: 0, garbage: false });
	simulator.device.occupy(true);
	await expect.poll(() => driver.status).toMatchObject({ muteKey: false, occupied: true });
	expect(driver.health.state).toBe("ok");
	const keys = told.map(({ muteKey }) => muteKey);
	expect(keys.every((key, at) => key !== null && (at === 0 || key !== keys[at - 1] || at === keys.length - 1))).toBe(
		true,
	);
});
