import type { RoomConfig } from "../config/RoomConfig.ts";
import type { EngineOptions } from "../media/protocol.ts";

/**
 * What the device's configuration says of cameras and the rest, in the engine's words. `name` is drawn into a synthetic picture;
 * `development`: the device's fleet was founded for development. No other has a virtual camera, whatever its file says.
 */
export function engineOptionsOf(
	name: string,
	devices: RoomConfig["devices"],
	{ development }: { development: boolean },
): Partial<EngineOptions> {
	const virtual = devices.camera.startsWith("virtual:");
	return {
		roomName: name,
		camera: virtual && !development ? "none" : devices.camera,
		microphone: devices.microphone,
		speaker: devices.speaker,
		display: devices.display === "none" ? "none" : "auto",
	};
}
