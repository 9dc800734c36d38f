import type { Equipment } from "../contract/peripherals.ts";
import type { RoomContext } from "./context.ts";
import { flowing } from "./hold.ts";
import type { TurnOffer } from "./ports.ts";

/**
 * Whether the far end of this call may turn the camera: somebody in this room let it, in this call and for this far end, and the camera is
 * there to be turned and on. Whoever doesn't see doesn't turn.
 */
export function farMayTurn(context: Pick<RoomContext, "call" | "equipment" | "wish" | "holds">): boolean {
	return Boolean(context.call?.farTurns) && askable(context.equipment) && flowing(context).camera;
}

/** What the far end is told of that: where it can send the camera. */
export function turnOffer(context: Pick<RoomContext, "call" | "equipment" | "wish" | "holds">): TurnOffer | null {
	const { camera } = context.equipment;
	if (!camera || !farMayTurn(context)) return null;
	return { presets: camera.presets.map(({ number, name }) => ({ number, name })) };
}

/** Whether somebody in this room can let a far end turn the camera at all. */
export function askable({ camera }: Equipment): boolean {
	return camera !== null && camera.farControl !== null;
}
