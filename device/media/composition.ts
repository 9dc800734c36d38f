import { fileURLToPath } from "node:url";
import { quote } from "./devices.ts";
import { type AppSink, type Bin, type Disconnect, Element, type Pad, type Pipeline } from "./gst/index.ts";
import { type Hub, isolate } from "./Hub.ts";
import type { TvScene } from "./MediaEngine.ts";

export interface TvOptions {
	width: number;
	height: number;
	fps: number;
	previewFps: number;
	/** Launch description of the display's sink, null when only previews are drawn. */
	display: string | null;
}

const groundColor = "0xff11151c";
const lamp = "#e8b46b";
/** What feeds the mixer may be early by as much as the far end's picture is late, or the mixer cannot set its latency. */
const slack = `${isolate} ! queue leaky=downstream max-size-buffers=2 max-size-bytes=0 max-size-time=1000000000`;
const lockPicture = fileURLToPath(new URL("./assets/lock.png", import.meta.url));

/** Where a picture lies on the TV. */
export interface Placement {
	xpos: number;
	ypos: number;
	width: number;
	height: number;
	alpha: number;
	zorder: number;
}

/** Where far end and self view lie in a scene; null where one is not shown. */
export function placements(
	{ layout, selfView }: TvScene,
	{ width, height }: { width: number; height: number },
): { far: Placement | null; self: Placement | null } {
	const full = { xpos: 0, ypos: 0, width, height, alpha: 1, zorder: 1 };
	if (layout === "call") {
		const margin = even(width / 40);
		const small = { width: even(width / 5), height: even(height / 5) };
		const corner = { xpos: width - small.width - margin, ypos: height - small.height - margin };
		return { far: full, self: selfView ? { ...small, ...corner, alpha: 1, zorder: 2 } : null };
	}
	// Alone there is nobody else to look at: the room's own picture; on the way in it is dimmed, not yet the point.
	if (layout === "alone") return { far: null, self: full };
	if (layout === "joining") return { far: null, self: { ...full, alpha: 0.35 } };
	return { far: null, self: null };
}

/** What is written on the TV, as Pango markup, and how the clock stands in it. */
export function captions(
	{ layout, name, status }: TvScene,
	height: number,
): { text: string; clockPx: number; clockCentered: boolean } {
	const lines = [
		name && `<span weight="600">${markup(name)}</span>`,
		status && `<span size="66%" foreground="${lamp}">${markup(status)}</span>`,
	];
	const resting = layout === "resting";
	return {
		text: lines.filter(Boolean).join("\n"),
		clockPx: Math.round(height / (resting ? 4 : 20)),
		clockCentered: resting,
	};
}

/** Names come from outside: without control characters (nor bidirectional ones, which could reorder the words beside), cut, escaped. */
function markup(text: string): string {
	const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ").trim();
	return [...clean].slice(0, 80).join("").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function even(value: number): number {
	return Math.round(value / 2) * 2;
}

/**
 * The TV's picture: far end, self view, name, status, lock and clock. Exists only while a display or a viewer looks, because blending
 * costs as much as a call.
 */
export class Composition {
	readonly #pipeline: Pipeline;
	readonly #options: TvOptions;
	readonly #hubs: Record<"far" | "self", Hub>;
	readonly #ground: Bin;
	readonly #lock: Bin;
	readonly #lockPad: Pad;
	readonly #mixer: Element;
	readonly #screen: Bin;
	readonly #pictures: Partial<Record<"far" | "self", { bin: Bin; pad: Pad }>> = {};

	constructor(pipeline: Pipeline, hubs: { far: Hub; self: Hub }, options: TvOptions, scene: TvScene) {
		this.#pipeline = pipeline;
		this.#options = options;
		this.#hubs = hubs;
		const frame = `video/x-raw,format=I420,width=${options.width},height=${options.height},framerate=${options.fps}/1`;
		this.#mixer = Element.make("compositor", "tv-mixer");
		// From now on: by default the mixer would first draw every picture since the pipeline's start, minutes of them in a long day.
		this.#mixer.setAll({ background: "black", "start-time-selection": "first" });
		pipeline.add(this.#mixer);
		this.#screen = pipeline.addDescription(screenDescription(frame, options), {
			name: "tv-screen",
			// textoverlay has a second sink pad, which would be taken for the bin's.
			ghostPads: false,
		});
		this.#ground = pipeline.addDescription(
			`videotestsrc name=tv-ground-source is-live=true pattern=solid-color foreground-color=${groundColor} ! ${frame} ! ${slack}`,
			{ name: "tv-ground" },
		);
		const entry = this.#screen.getElementByName("tv-frame") as Element;
		this.#mixer.link(entry);
		entry.dispose();
		const ground = this.#feed(this.#ground);
		ground.set("zorder", 0);
		ground.dispose();
		const side = Math.round(options.height / 15);
		this.#lock = pipeline.addDescription(
			`filesrc name=tv-lock-source location=${quote(lockPicture)} ! pngdec ! videoconvert ! videoscale ! video/x-raw,format=I420,width=${side},height=${side} ! ` +
				`imagefreeze name=tv-lock-still is-live=true ! video/x-raw,framerate=${options.fps}/1 ! ${slack}`,
			{ name: "tv-lock" },
		);
		this.#lockPad = this.#feed(this.#lock);
		const margin = Math.round(options.height / 24);
		this.#lockPad.setAll({ xpos: margin, ypos: options.height - margin - side, zorder: 3 });
		this.setScene(scene);
		for (const part of [this.#screen, this.#mixer, this.#ground, this.#lock]) part.syncStateWithParent();
	}

	/** Hands over JPEG pictures from now on. */
	onPicture(callback: (jpeg: Uint8Array) => void): Disconnect {
		const sink = this.#screen.getElementByName("tv-jpeg") as AppSink;
		return sink.onSample(({ buffer }) => {
			if (buffer) callback(buffer);
		});
	}

	setScene(scene: TvScene): void {
		const { width, height } = this.#options;
		const { text, clockPx, clockCentered } = captions(scene, height);
		this.#set("tv-name", { text, silent: text === "" });
		this.#set("tv-clock", {
			"font-desc": `Inter Light ${clockPx}px`,
			halignment: clockCentered ? "center" : "right",
			valignment: clockCentered ? "center" : "top",
		});
		this.#lockPad.set("alpha", scene.locked ? 1 : 0);
		const placed = placements(scene, { width, height });
		for (const which of ["far", "self"] as const) this.#place(which, placed[which]);
	}

	async dispose(): Promise<void> {
		for (const which of ["far", "self"] as const) this.#place(which, null);
		this.#lockPad.dispose();
		await this.#pipeline.removeSafely(this.#lock);
		await this.#pipeline.removeSafely(this.#ground);
		await this.#pipeline.removeSafely(this.#mixer);
		await this.#pipeline.removeSafely(this.#screen);
	}

	/** A picture that the scene does not show is not connected: it must be neither waited for nor scaled. */
	#place(which: "far" | "self", placement: Placement | null): void {
		const shown = this.#pictures[which];
		if (!placement) {
			delete this.#pictures[which];
			shown?.pad.dispose();
			if (shown) void this.#hubs[which].remove(shown.bin);
			return;
		}
		const picture = shown ?? this.#connect(which);
		this.#pictures[which] = picture;
		const { xpos, ypos, width, height, alpha, zorder } = placement;
		picture.pad.setAll({ xpos, ypos, width, height, alpha, zorder });
	}

	#connect(which: "far" | "self"): { bin: Bin; pad: Pad } {
		const bin = this.#pipeline.addDescription(slack);
		const pad = this.#feed(bin);
		pad.set("sizing-policy", "keep-aspect-ratio");
		bin.syncStateWithParent();
		const sink = bin.pad("sink") as Pad;
		this.#hubs[which].linkUser(sink);
		sink.dispose();
		return { bin, pad };
	}

	#feed(bin: Bin): Pad {
		const pad = this.#mixer.requestPad("sink_%u");
		const src = bin.pad("src") as Pad;
		src.link(pad);
		src.dispose();
		return pad;
	}

	#set(name: string, properties: Record<string, string | number | boolean>): void {
		const element = this.#screen.getElementByName(name);
		element?.setAll(properties);
		element?.dispose();
	}
}

function screenDescription(frame: string, { height, fps, previewFps, display }: TvOptions): string {
	const margin = Math.round(height / 24);
	const text = "auto-resize=false draw-shadow=true draw-outline=false";
	const overlays =
		`clockoverlay name=tv-clock time-format="%H:%M" ${text} color=0xffd9dee7 xpad=${margin} ypad=${margin} ! ` +
		`textoverlay name=tv-name ${text} font-desc="Inter ${Math.round(height / 20)}px" halignment=left valignment=bottom ` +
		`line-alignment=left shaded-background=true shading-value=110 xpad=${margin * 3} ypad=${margin}`;
	const preview =
		`${fps > previewFps ? `videorate drop-only=true max-rate=${previewFps} ! ` : ""}jpegenc quality=80 ! ` +
		"appsink name=tv-jpeg max-buffers=1 drop=true sync=false async=false";
	if (display === null) return `capsfilter name=tv-frame caps="${frame}" ! ${overlays} ! ${preview}`;
	return (
		`capsfilter name=tv-frame caps="${frame}" ! ${overlays} ! tee name=tv-split ! queue max-size-buffers=2 ! ${display} ` +
		`tv-split. ! queue leaky=downstream max-size-buffers=1 ! ${preview}`
	);
}
