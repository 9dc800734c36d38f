import type { Peripheral } from "./Peripheral.ts";

/** Inputs by the names that stand on the back of a display. */
export const displayInputs = [
	"hdmi1",
	"hdmi2",
	"hdmi3",
	"displayport1",
	"displayport2",
	"dvi1",
	"vga1",
	"usb-c",
] as const;
export type DisplayInput = (typeof displayInputs)[number];

/** What the display last said of itself; null: not known. `volume` 0–100. */
export interface DisplayStatus {
	readonly power: "on" | "off" | "warming" | "cooling" | null;
	readonly input: DisplayInput | "other" | null;
	readonly volume: number | null;
	readonly muted: boolean | null;
}

/** A display or projector. What it can't do throws RoomError `peripheral.not_supported`. */
export interface Display extends Peripheral {
	readonly kind: "display";
	readonly status: DisplayStatus;
	onStatus(callback: (status: DisplayStatus) => void): () => void;
	power(on: boolean): Promise<void>;
	select(input: DisplayInput): Promise<void>;
	/** 0–100. */
	volume(level: number): Promise<void>;
	mute(on: boolean): Promise<void>;
}
