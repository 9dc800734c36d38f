/**
 * Power that goes away at the worst of moments, and a release that hangs. As root; two minutes a start on two cores that do nothing else.
 */
import { setTimeout as later } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { Debugger } from "./Debugger.ts";
import { developmentKeys, diskOf, slotOf } from "./images.ts";
import { Machine } from "./Machine.ts";

let machine: Machine;

beforeAll(async () => {
	const keys = await developmentKeys();
	machine = await Machine.unbox(await diskOf(keys, "0.1.0"), keys);
});
afterEach(() => machine?.off());
afterAll(() => machine?.throwAway());

describe("power that goes away", () => {
	it.each([1, 4, 8, 12, 16])(
		"%i s into the first start, again and again, leaves a system that can be opened",
		async (seconds) => {
			const emulator = await machine.on();
			await emulator.says(/incamera: slot a verified/);
			await later(seconds * 1000);
		},
	);

	it("leaves nothing that the next start can't finish", async () => {
		// five that nobody finished have cost slot A its tries; what a device does then is the loader's matter
		await machine.remember({ A_TRY: "0" });
		const emulator = await machine.on();
		await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
	});
});

describe("a release", () => {
	it("that hangs is started again by the watchdog, and its try counts", async () => {
		await machine.fill("b", await slotOf(await developmentKeys(), "0.2.0"));
		await machine.remember({ ORDER: "B A", B_OK: "1", B_TRY: "0" });
		const emulator = await machine.on({ debugged: true });
		await emulator.says(/incamera: starting slot B \(tries A 0, B 1\)/);
		await emulator.says(/incamera: health of 0\.2\.0 in slot B/);
		await (await Debugger.open(machine.debugger)).hang();
		await emulator.says(/incamera: starting slot B \(tries A 0, B 2\)/);
		await emulator.says(/incamera: healthy: 0\.2\.0 in slot B/);
	});
});
