import type { Peripherals } from "../../../../device/contract/peripherals.ts";
import type { Snapshot } from "../../../../device/contract/snapshot.ts";

/** Whether the room is made with such a device, be it lost just now or not. */
export function hasDevice({ peripherals }: Snapshot, kind: Peripherals["devices"][number]["kind"]): boolean {
	return peripherals.devices.some((device) => device.kind === kind);
}
