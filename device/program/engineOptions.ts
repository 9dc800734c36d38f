import type { RoomConfig } from "../config/RoomConfig.ts";
import type { EngineOptions } from "../media/protocol.ts";

/** What the room's configuration says of devices, in the engine's words. */
export function engineOptionsOf({ name, devices }: RoomConfig): Partial<EngineOptions> {
	return {
		roomName: name,
		camera: devices.camera,
		microphone: devices.microphone,
		speaker: devices.speaker,
		display: devices.display === "none" ? "none" : "auto",
	};
}
