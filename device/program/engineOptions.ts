import type { RoomConfig } from "../config/RoomConfig.ts";
import type { EngineOptions } from "../media/protocol.ts";

/** What the device's configuration says of cameras and the rest, in the engine's words. `name` is drawn into a synthetic picture. */
export function engineOptionsOf(name: string, devices: RoomConfig["devices"]): Partial<EngineOptions> {
	return {
		roomName: name,
		camera: devices.camera,
		microphone: devices.microphone,
		speaker: devices.speaker,
		display: devices.display === "none" ? "none" : "auto",
	};
}
