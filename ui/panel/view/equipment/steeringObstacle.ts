import type { Snapshot } from "../../../../device/contract/snapshot.ts";
import { heldByHand } from "../heldByHand.ts";

/** Why the camera can't be turned: each has a sentence. `now`: the device says no, and the panel doesn't know why. */
export type SteeringObstacle = "lost" | "shutter" | "off" | "now";

/** Null: it can be turned. */
export function steeringObstacle(snapshot: Snapshot): SteeringObstacle | null {
	const { can, peripherals, media } = snapshot;
	if (peripherals.camera === null) return "lost";
	if (can.steer) return null;
	if (heldByHand(snapshot).camera) return "shutter";
	return media.camera.state === "open" ? "now" : "off";
}
