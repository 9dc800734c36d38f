import type { Clock } from "../core/clock.ts";
import type { EngineClient } from "../media/EngineClient.ts";

/** A camera that is open has one within a picture's time; the engine may be busy. */
const PATIENCE_MS = 2000;

/** The next small picture of what the camera sees, a JPEG; null: none came. */
export function takePicture(engine: Pick<EngineClient, "preview">, clock: Clock): Promise<Uint8Array | null> {
	return new Promise((resolve) => {
		const end = (jpeg: Uint8Array | null): void => {
			stop();
			cancelPatience();
			resolve(jpeg);
		};
		const cancelPatience = clock.after(PATIENCE_MS, () => end(null));
		const stop = engine.preview("small", end);
	});
}
