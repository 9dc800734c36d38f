import { RoomError } from "../../../device/core/RoomError.ts";
import type { Booted, FirmwareExecutor } from "./FirmwareExecutor.ts";

/** A device whose firmware is not ours to replace: a laptop, or whatever has no second slot. */
export class NoFirmware implements FirmwareExecutor {
	readonly supported = false;
	readonly worstCaseMs = 0;
	readonly #version: string;

	constructor(version: string) {
		this.#version = version;
	}

	async booted(): Promise<Booted> {
		return { version: this.#version, slot: "A", digest: "", bootId: "", failure: null };
	}

	async slots(): Promise<null> {
		return null;
	}

	async started(): Promise<void> {}

	download(): Promise<void> {
		return this.#refuse();
	}

	install(): Promise<void> {
		return this.#refuse();
	}

	reboot(): Promise<void> {
		return this.#refuse();
	}

	markGood(): Promise<void> {
		return this.#refuse();
	}

	fallBack(): Promise<void> {
		return this.#refuse();
	}

	async discard(): Promise<void> {}

	#refuse(): Promise<never> {
		return Promise.reject(new RoomError("update.not_supported", "this device has no firmware that could be replaced"));
	}
}
