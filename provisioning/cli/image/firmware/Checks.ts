import { RoomError } from "../../../../device/core/RoomError.ts";
import { type Check, isFault } from "./FirmwareReport.ts";

/** Checks in their order. After the first that fails nothing more is believed: the rest is not looked at. */
export class Checks {
	readonly list: Check[] = [];
	#failed = false;

	/** Does one; `look` resolves to what is said of it if it is right. */
	async add(name: Check["name"], look: () => Promise<string> | string): Promise<void> {
		if (this.#failed) {
			this.list.push({ name, ok: null, code: null, said: "not looked at" });
			return;
		}
		try {
			this.list.push({ name, ok: true, code: null, said: await look() });
		} catch (error) {
			if (!isFault(error)) throw error;
			this.#failed = true;
			this.list.push({ name, ok: false, code: error.code, said: error.message });
		}
	}
}

/** Whoever only asks what it is has to hear that it is nothing. */
export function throwFirst({ list }: Checks): void {
	const wrong = list.find(({ ok }) => ok === false);
	if (wrong?.code) throw new RoomError(wrong.code, wrong.said);
}

export function machineOf(said: string | null, wanted: string): string {
	if (said === wanted) return `for ${wanted}`;
	throw new RoomError("firmware.incompatible", `it is for ${said ?? "no machine"}, not for ${wanted}`);
}
