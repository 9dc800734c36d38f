import type { Hardware } from "../../contract/peripherals.ts";

const parts = ["muteKey", "shutterClosed", "occupied"] as const;

/** What the room's keys, shutters and sensors say together, over time. */
export class CombinedHardware {
	/** Which parts each device has, as it said at some time. */
	readonly #has = new Map<string, Set<(typeof parts)[number]>>();

	/**
	 * One that is pressed, closed or sees somebody decides. One that has fallen silent is not taken for released because another one is:
	 * then nothing is known.
	 */
	of(devices: Iterable<readonly [name: string, says: Hardware]>): Hardware {
		const all = [...devices];
		const one = (part: (typeof parts)[number]): boolean | null => {
			let known: boolean | null = null;
			let silent = false;
			for (const [name, says] of all) {
				const has = this.#has.get(name) ?? new Set();
				this.#has.set(name, has);
				const value = says[part];
				if (value !== null) has.add(part);
				if (value === null) silent ||= has.has(part);
				else known = known === true || value;
			}
			return silent && known !== true ? null : known;
		};
		return { muteKey: one("muteKey"), shutterClosed: one("shutterClosed"), occupied: one("occupied") };
	}
}
