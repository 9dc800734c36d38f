import { RoomError } from "../../../device/core/RoomError.ts";
import type { FrameOf } from "../bus/readFrame.ts";
import type { Registry } from "./Registry.ts";

/** Whoever says that its panel has let it forget this fleet is out of it, as after `unenrol`. Told again it is nothing new; of nobody's device nothing. */
export async function takeResets(registry: Registry, frames: readonly FrameOf<"event">[]): Promise<void> {
	for (const { id, type } of frames) {
		if (type !== "device.reset") continue;
		try {
			await registry.retire(id, `device:${id}`);
		} catch (thrown) {
			if (RoomError.from(thrown, "api.unexpected").code !== "api.not_found") throw thrown;
		}
	}
}
