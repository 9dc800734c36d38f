import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";

/** Where the TV's picture is drawn. */
export interface Display {
	/** Launch description of the sink, named `display`. */
	sink: string;
	/** Another one for another compositor or another output: what drew to the former draws no more, and no sink says so. */
	id: string;
}

/** Between two looks whether there is a TV. */
const lookMs = 1_000;

/**
 * The room's TV: what the Wayland session of `WAYLAND_DISPLAY` shows (a socket's name, or its path), which on the device is there while
 * a TV is; without a session the first connected output of a graphics card by KMS; null where there is none. Never X11: other clients
 * could read the picture.
 * @param drm Where the kernel lists graphics outputs.
 */
export function findDisplay(
	env: Record<string, string | undefined>,
	exists: (factory: string) => boolean,
	drm = "/sys/class/drm",
): Display | null {
	// in a session the graphics card is the compositor's
	const session = env["WAYLAND_DISPLAY"];
	if (session) return exists("waylandsink") ? onWayland(session, env["XDG_RUNTIME_DIR"]) : null;
	return exists("kmssink") ? onCard(drm) : null;
}

/**
 * Calls back with each change of what `find` finds; the first time with what is there.
 * @returns Ends it.
 */
export function watchDisplay(find: () => Display | null, onChange: (display: Display | null) => void): () => void {
	let known: string | undefined | null = null;
	const look = (): void => {
		const display = find();
		if (display?.id === known) return;
		known = display?.id;
		onChange(display);
	};
	look();
	const looking = setInterval(look, lookMs);
	looking.unref();
	return () => clearInterval(looking);
}

function onWayland(session: string, runtime: string | undefined): Display | null {
	if (!isAbsolute(session) && !runtime) return null;
	try {
		const { ino, ctimeMs } = statSync(isAbsolute(session) ? session : join(runtime as string, session));
		// No `fullscreen`: in GStreamer 1.22 the first picture is then shown before the window has a size. Our compositor makes it so.
		return { sink: "waylandsink name=display async=false", id: `wayland ${ino} ${ctimeMs}` };
	} catch {
		return null;
	}
}

function onCard(drm: string): Display | null {
	if (!existsSync(drm)) return null;
	const connected = readdirSync(drm).filter((output) => {
		try {
			return readFileSync(join(drm, output, "status"), "utf8").trim() === "connected";
		} catch {
			return false;
		}
	});
	return connected.length > 0 ? { sink: "kmssink name=display async=false", id: `kms ${connected}` } : null;
}
