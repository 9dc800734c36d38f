/**
 * The room's side of eight devices, in a process of its own: is sent their setups, tells what they cost. Nothing else happens in it, so all of
 * its time is theirs.
 */
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { systemClock as clock } from "../../../device/core/clock.ts";
import { silentLog as log } from "../../../device/core/log.ts";
import { onParentGone } from "../../../device/core/onParentGone.ts";
import type { DeviceSetup } from "../../../device/peripherals/equipment/DeviceSetup.ts";
import { DeviceSlot } from "../../../device/peripherals/equipment/DeviceSlot.ts";
import { pause, waitFor } from "../waitFor.ts";

export interface PolledOrder {
	setups: DeviceSetup[];
	seconds: number;
}
/**
 * Megabytes: what the drivers' code and the devices keep in V8's heap and in buffers, and by how much resident memory grew after the code was
 * there. Reading sources in TypeScript takes resident memory of its own, which a built program does not need.
 */
export interface PolledCost {
	corePercent: number;
	keptMegabytes: number;
	residentMegabytes: number;
}

onParentGone(() => process.exit());
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const memory = async (): Promise<{ kept: number; resident: number }> => {
	for (let i = 0; i < 3; i++) {
		collect();
		await pause(50);
	}
	const { rss, heapUsed, external } = process.memoryUsage();
	return { kept: (heapUsed + external) / 1e6, resident: rss / 1e6 };
};

const [{ setups, seconds }] = (await once(process, "message")) as [PolledOrder];
const before = await memory();
const { driveDevice } = await import("../../../device/peripherals/equipment/driveDevice.ts");
const withCode = await memory();
const slots = setups.map((setup) => new DeviceSlot(setup, { drive: driveDevice, clock, log }));
for (const slot of slots) slot.start();
await waitFor(() => slots.every(({ ready }) => ready), "all devices");
// what happens only once, and the first questions that come closer together
await pause(20_000);
const from = process.cpuUsage();
const began = performance.now();
await pause(seconds * 1000);
const { user, system } = process.cpuUsage(from);
const corePercent = (user + system) / 10 / (performance.now() - began);
const after = await memory();
if (!slots.every(({ ready }) => ready)) throw new Error("a device was lost while it was measured");
const cost: PolledCost = {
	corePercent,
	keptMegabytes: after.kept - before.kept,
	residentMegabytes: after.resident - withCode.resident,
};
process.send?.(cost);
await Promise.all(slots.map((slot) => slot.stop()));
process.disconnect?.();
