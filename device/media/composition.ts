import { fileURLToPath } from "node:url";
import { quote } from "./devices.ts";
import { type AppSink, type Bin, type Disconnect, Element, type Pad, type Pipeline } from "./gst/index.ts";
import { type Hub, isolate } from "./Hub.ts";
import type { TvScene } from "./MediaEngine.ts";
import { type Placement, placements } from "./placements.ts";
import { asJpeg, slowed } from "./preview.ts";
import { overlayDescription, TvOverlay } from "./TvOverlay.ts";

export interface TvOptions {
	width: number;
	height: number;
	fps: number;
	previewFps: number;
	/** Launch description of the display's sink, null when only previews are drawn. */
	display: string | null;
}

/** What feeds the mixer may be early by as much as the far end's picture is late, or the mixer cannot set its latency. */
const slack = `${isolate} ! queue leaky=downstream max-size-buffers=2 max-size-bytes=0 max-size-time=1000000000`;
const groundPicture = fileURLToPath(new URL("./assets/ground.png", import.meta.url));

/** A picture that does not move any more is not shown as if it did: after this long the ground is seen in its place. */
const staleNs = { far: 4_000_000_000, self: 1_000_000_000 };

/** A TV shows the clock day and night; drawn as often as pictures are, it would take a sixth of a core. What moves then begins within 200 ms. */
const restFps = 5;

interface Picture {
	bin: Bin;
	pad: Pad;
	/** What it is scaled to. */
	size: string;
}

/**
 * The TV's picture: far end and self view on their ground, and what is written over them. Exists only while a display or a viewer
 * looks, because blending costs as much as a call.
 */
export class Composition {
	readonly #pipeline: Pipeline;
	readonly #options: TvOptions;
	readonly #hubs: Record<"far" | "self", Hub>;
	readonly #ground: Bin;
	readonly #mixer: Element;
	readonly #screen: Bin;
	/** Holds the rate of what is drawn. */
	readonly #mixed: Element;
	#rate = 0;
	readonly #overlay: TvOverlay;
	readonly #pictures: Partial<Record<"far" | "self", Picture>> = {};

	/** @param camera See `setScene`. */
	constructor(pipeline: Pipeline, hubs: { far: Hub; self: Hub }, options: TvOptions, scene: TvScene, camera: boolean) {
		this.#pipeline = pipeline;
		this.#options = options;
		this.#hubs = hubs;
		this.#mixer = Element.make("compositor", "tv-mixer");
		// From now on: by default the mixer would first draw every picture since the pipeline's start, minutes of them in a long day.
		this.#mixer.setAll({ background: "black", "start-time-selection": "first" });
		pipeline.add(this.#mixer);
		this.#screen = pipeline.addDescription(screenDescription(options), {
			name: "tv-screen",
			// textoverlay has a second sink pad, which would be taken for the bin's.
			ghostPads: false,
		});
		this.#ground = pipeline.addDescription(
			`filesrc name=tv-ground-source location=${quote(groundPicture)} ! pngdec ! videoconvert ! videoscale ! ` +
				`video/x-raw,format=I420,width=${options.width},height=${options.height} ! ` +
				`imagefreeze name=tv-ground-still is-live=true ! ${frame(options)} ! ${slack}`,
			{ name: "tv-ground" },
		);
		this.#mixed = this.#screen.getElementByName("tv-mixed") as Element;
		this.#mixer.link(this.#mixed);
		const ground = this.#feed(this.#ground);
		ground.set("zorder", 0);
		ground.dispose();
		this.#overlay = new TvOverlay(this.#screen, options.height, scene);
		for (const part of [this.#screen, this.#mixer, this.#ground]) part.syncStateWithParent();
		// Once the mixer takes pictures, not before: it would answer as if flushing, and a source that hears that stops for good.
		this.setScene(scene, camera);
	}

	/** Hands over JPEG pictures from now on. */
	onPicture(callback: (jpeg: Uint8Array) => void): Disconnect {
		const sink = this.#screen.getElementByName("tv-jpeg") as AppSink;
		return sink.onSample(({ buffer }) => {
			if (buffer) callback(buffer);
		});
	}

	/** @param camera Whether there is a picture of ourselves to be shown. */
	setScene(scene: TvScene, camera: boolean): void {
		const placed = placements(scene, this.#options, camera);
		for (const which of ["far", "self"] as const) this.#place(which, placed[which]);
		this.#overlay.show(scene, placed);
		this.#draw(placed.far || placed.self ? this.#options.fps : Math.min(restFps, this.#options.fps));
	}

	async dispose(): Promise<void> {
		this.#overlay.dispose();
		this.#mixed.dispose();
		for (const which of ["far", "self"] as const) this.#place(which, null);
		await this.#pipeline.removeSafely(this.#ground);
		await this.#pipeline.removeSafely(this.#mixer);
		await this.#pipeline.removeSafely(this.#screen);
	}

	/** So many pictures a second from now on. */
	#draw(rate: number): void {
		if (rate === this.#rate) return;
		this.#rate = rate;
		this.#mixed.set("caps", frame({ ...this.#options, fps: rate }));
	}

	/** A picture that the scene does not show is not connected: it must be neither waited for nor scaled. */
	#place(which: "far" | "self", placement: Placement | null): void {
		const size = placement && `width=${placement.width},height=${placement.height}`;
		const shown = this.#pictures[which];
		if (shown && shown.size !== size) {
			delete this.#pictures[which];
			shown.pad.dispose();
			void this.#hubs[which].remove(shown.bin);
		}
		if (!placement || !size) return;
		this.#pictures[which] ??= this.#connect(which, size);
		const picture = this.#pictures[which];
		const { xpos, ypos, width, height, alpha, zorder } = placement;
		picture.pad.setAll({ xpos, ypos, width, height, alpha, zorder });
	}

	/** Scaled before the mixer, whose own scaler takes several times the time and (in GStreamer 1.22) tints what it makes smaller. */
	#connect(which: "far" | "self", size: string): Picture {
		const bin = this.#pipeline.addDescription(
			`${slack} ! videoscale ! capsfilter caps="video/x-raw,${size},pixel-aspect-ratio=1/1"`,
		);
		const pad = this.#feed(bin);
		pad.set("max-last-buffer-repeat", staleNs[which]);
		bin.syncStateWithParent();
		const sink = bin.pad("sink") as Pad;
		this.#hubs[which].linkUser(sink);
		sink.dispose();
		return { bin, pad, size };
	}

	#feed(bin: Bin): Pad {
		const pad = this.#mixer.requestPad("sink_%u");
		const src = bin.pad("src") as Pad;
		// A decoder gives one now and then after a loss, and at the first the mixer stops for good, without a word on the bus.
		src.dropUntimed();
		src.link(pad);
		src.dispose();
		return pad;
	}
}

function frame({ width, height, fps }: Pick<TvOptions, "width" | "height" | "fps">): string {
	return `video/x-raw,format=I420,width=${width},height=${height},framerate=${fps}/1`;
}

/**
 * Each sink keeps to the clock and tells the mixer when it is behind (`qos`; a display's does so of itself). A mixer that nobody tells
 * draws every picture of the time it lost, and on a processor with too little to spare it shows a past that grows older and older.
 */
function screenDescription(options: TvOptions): string {
	const { width, height, fps, previewFps, display } = options;
	const drawn = `capsfilter name=tv-mixed caps="${frame(options)}" ! ${overlayDescription(width, height)}`;
	const preview =
		`${fps > previewFps ? `${slowed(previewFps)} ! ` : ""}${asJpeg} ! jpegenc quality=85 ! ` +
		"appsink name=tv-jpeg max-buffers=1 drop=true sync=true qos=true async=false";
	if (display === null) return `${drawn} ! ${preview}`;
	return (
		// displays draw in red, green and blue
		`${drawn} ! tee name=tv-split ! queue max-size-buffers=2 ! videoconvert ! ${display} ` +
		`tv-split. ! queue leaky=downstream max-size-buffers=1 ! ${preview}`
	);
}
