import type { Peripheral } from "./Peripheral.ts";

/** What the light bar says to whoever comes to the door. */
export const lights = ["off", "free", "ringing", "busy", "muted", "trouble"] as const;
export type Light = (typeof lights)[number];

/** What the hardware last said; null: there is no such part, or it has not spoken lately. The hardware is the truth. */
export interface PanelBusStatus {
	/** Whether the mute key holds the microphone closed. */
	readonly muteKey: boolean | null;
	/** Whether the shutter covers the lens. */
	readonly shutterClosed: boolean | null;
	readonly occupied: boolean | null;
}

/** Light bar, privacy shutter, mute key and occupancy sensor on one line. */
export interface PanelBus extends Peripheral {
	readonly kind: "panel-bus";
	readonly status: PanelBusStatus;
	onStatus(callback: (status: PanelBusStatus) => void): () => void;
	/** A device that comes back is shown again what was asked last; the promise is of this time only. */
	light(light: Light): Promise<void>;
	/**
	 * Resolves when the device has taken it; that it moved, `status` says. To open it is for a touch in this room, and what a hand closed
	 * only a hand opens: @throws RoomError `peripheral.held_by_hand`.
	 */
	shutter(closed: boolean): Promise<void>;
	/** Lights the mute key's lamp. It shows what the room does; it does not make it. */
	muteLamp(on: boolean): Promise<void>;
}
