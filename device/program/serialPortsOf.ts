import type { RoomConfig } from "../config/RoomConfig.ts";
import type { Equipment } from "../contract/peripherals.ts";
import type { ConfiguredPort } from "../doctor/SerialPortCheck.ts";

/** The configuration's serial ports for the doctor, with what a room that runs knows of them; `view` null: none runs. */
export function serialPortsOf(setups: RoomConfig["peripherals"], view: Equipment | null): ConfiguredPort[] {
	return setups.flatMap(({ name, at }): ConfiguredPort[] => {
		if (at.by !== "serial") return [];
		const device = view?.devices.find(({ id }) => id === name);
		return [{ device: name, path: at.path, baudRate: at.baudRate, known: device ? knownOf(device) : null }];
	});
}

/** Whatever else a device is at fault for, its port is open then. */
function knownOf({ failure }: Equipment["devices"][number]): ConfiguredPort["known"] {
	switch (failure) {
		case "link.absent":
		case "link.busy":
		case "link.denied":
		case "link.silent":
			return failure;
		case "link.lost":
			return "link.absent";
		default:
			return "held";
	}
}
