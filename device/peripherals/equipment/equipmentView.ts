import type { Equipment } from "../../contract/peripherals.ts";
import type { DisplayStatus } from "../model/Display.ts";
import type { PeripheralHealth } from "../model/Peripheral.ts";
import { type DeviceSetup, placeName } from "./DeviceSetup.ts";

type Shown = Equipment["devices"][number];

/** One device, for the service page. */
export function shownDevice({ name, at }: DeviceSetup, kind: Shown["kind"], health: PeripheralHealth): Shown {
	const { model, state, since, failure } = health;
	return { id: name, kind, model, at: placeName(at), state, since, failure };
}

export interface CameraState {
	presets: readonly { readonly number: number; readonly name: string }[];
	/** How many the camera has. */
	mostPresets: number;
	/** Null: it can't follow anybody. */
	tracking: boolean | null;
	/** Whether the room's configuration lets somebody ask for it. */
	farControl: "never" | "ask";
}

export interface Pictures {
	readonly numbers: readonly number[];
	version(number: number): string | null;
}

/** Places that a camera offers whose presets nobody has named: 1 to 5, as on the cards of most remote controls. */
const UNNAMED = [1, 2, 3, 4, 5];

/** What the panel draws of the camera: its named presets, those with a picture, or a few to begin with. */
export function shownCamera(camera: CameraState, pictures: Pictures): Equipment["camera"] {
	const { presets, mostPresets, tracking, farControl } = camera;
	const begin = presets.length === 0 ? UNNAMED : presets.map(({ number }) => number);
	const numbers = new Set([...begin, ...pictures.numbers].filter((number) => number < mostPresets));
	return {
		presets: [...numbers]
			.sort((a, b) => a - b)
			.map((number) => ({
				number,
				name: presets.find((one) => one.number === number)?.name ?? null,
				picture: pictures.version(number),
			})),
		tracking,
		// who may is a matter of the call: the room's, not the camera's
		farControl: farControl === "never" ? null : false,
	};
}

export function shownDisplay({ power, volume, muted }: DisplayStatus): Equipment["display"] {
	return { power, volume, muted };
}
