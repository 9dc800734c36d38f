import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The sink for the room's TV: a Wayland session if the engine runs in one, else the first connected output of a graphics card by
 * KMS, else null. Never X11: other clients could read the picture.
 * @param drm Where the kernel lists graphics outputs.
 */
export function displaySink(
	env: Record<string, string | undefined>,
	exists: (factory: string) => boolean,
	drm = "/sys/class/drm",
): string | null {
	const runtime = env["XDG_RUNTIME_DIR"];
	const wayland = env["WAYLAND_DISPLAY"];
	if (wayland && runtime && existsSync(join(runtime, wayland)) && exists("waylandsink")) {
		return "waylandsink name=display sync=false fullscreen=true";
	}
	if (!exists("kmssink") || !existsSync(drm)) return null;
	const connected = readdirSync(drm).some((output) => {
		try {
			return readFileSync(join(drm, output, "status"), "utf8").trim() === "connected";
		} catch {
			return false;
		}
	});
	return connected ? "kmssink name=display sync=false" : null;
}
