import type { Snapshot } from "../../../device/contract/snapshot.ts";

export type SourceKind = "microphone" | "camera";

/** Which sources the room's hardware holds closed: the key on the table, the shutter before the lens. No touch here opens them. */
export function heldByHand({ peripherals: { hardware } }: Snapshot): Record<SourceKind, boolean> {
	return { microphone: hardware.muteKey === true, camera: hardware.shutterClosed === true };
}
