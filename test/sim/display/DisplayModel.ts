import type { Clock } from "../../../device/core/clock.ts";
import type { DisplayInput } from "../../../device/peripherals/model/Display.ts";

export interface DisplayModelOptions {
	clock: Clock;
	on?: boolean;
	inputs?: readonly DisplayInput[];
	/** False: it has no loudspeaker. */
	sound?: boolean;
	warmUpMs?: number;
	coolDownMs?: number;
}

/** What a display is, whatever it is told it through. It takes no command while its lamp warms up or cools down. */
export class DisplayModel {
	readonly inputs: readonly DisplayInput[];
	readonly sound: boolean;
	readonly #clock: Clock;
	readonly #warmUpMs: number;
	readonly #coolDownMs: number;
	#power: "on" | "off" | "warming" | "cooling";
	#cancel: () => void = () => {};
	input: DisplayInput;
	volume = 20;
	muted = false;
	/** What it was told, in order: `on`, `off`, `input hdmi2`, `volume 30`, `mute on`. */
	readonly told: string[] = [];

	constructor({
		clock,
		on = false,
		inputs = ["hdmi1", "hdmi2", "displayport1"],
		sound = true,
		warmUpMs = 0,
		coolDownMs = 0,
	}: DisplayModelOptions) {
		this.#clock = clock;
		this.inputs = inputs;
		this.sound = sound;
		this.#warmUpMs = warmUpMs;
		this.#coolDownMs = coolDownMs;
		this.#power = on ? "on" : "off";
		this.input = inputs[0] ?? "hdmi1";
	}

	get power(): "on" | "off" | "warming" | "cooling" {
		return this.#power;
	}

	/** Whether it is lit or dark for good, and not on its way. */
	get settled(): boolean {
		return this.#power === "on" || this.#power === "off";
	}

	get dark(): boolean {
		return this.#power === "off";
	}

	/** By the line, or by somebody with the remote control. @returns false: it can't now. */
	switch(on: boolean): boolean {
		if (!this.settled) return false;
		this.told.push(on ? "on" : "off");
		if ((this.#power === "on") === on) return true;
		const ms = on ? this.#warmUpMs : this.#coolDownMs;
		const arrive = (): void => {
			this.#power = on ? "on" : "off";
		};
		if (ms === 0) arrive();
		else {
			this.#power = on ? "warming" : "cooling";
			this.#cancel = this.#clock.after(ms, arrive);
		}
		return true;
	}

	/** @returns false: there is no such input. */
	select(input: DisplayInput | undefined): boolean {
		if (input === undefined || !this.inputs.includes(input)) return false;
		this.told.push(`input ${input}`);
		this.input = input;
		return true;
	}

	setVolume(level: number): boolean {
		if (!this.sound || level > 100) return false;
		this.told.push(`volume ${level}`);
		this.volume = level;
		return true;
	}

	mute(on: boolean): boolean {
		if (!this.sound) return false;
		this.told.push(`mute ${on ? "on" : "off"}`);
		this.muted = on;
		return true;
	}

	close(): void {
		this.#cancel();
	}
}
