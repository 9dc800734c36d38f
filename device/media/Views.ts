import { Composition } from "./composition.ts";
import type { Display } from "./display.ts";
import type { AppSink, Bin, Pipeline } from "./gst/index.ts";
import { type Hub, isolate } from "./Hub.ts";
import type { TvScene } from "./MediaEngine.ts";
import { asJpeg, slowed } from "./preview.ts";
import type { EngineOptions, View } from "./protocol.ts";

const resting: TvScene = { layout: "resting", name: "", status: "", locked: false, selfView: true };
/** A TV picture that failed is built anew, so often at most. */
const redoMs = 1_000;

export interface ViewsSurroundings {
	pipeline: Pipeline;
	hubs: { farVideo: Hub; camera: Hub };
	options: Pick<EngineOptions, "picture" | "previewFps">;
	onPicture: (view: View, jpeg: Uint8Array) => void;
}

type OwnView = Exclude<View, "tv">;
const sizes: Record<OwnView, string> = { self: "width=640,height=360", small: "width=320,height=180" };

/** What is drawn for the people in the room: the TV, on its display and for viewers, and the self view for viewers. Drawn only while seen. */
export class Views {
	readonly #around: ViewsSurroundings;
	#scene = resting;
	#camera = false;
	#display: Display | null = null;
	#tv: { composition: Composition; display: Display | null; stop: (() => void) | null } | null = null;
	#tvFailed = false;
	#tvWork: Promise<void> = Promise.resolve();
	readonly #own: Partial<Record<OwnView, { bin: Bin; stop: () => void }>> = {};
	readonly #looking: Record<View, boolean> = { tv: false, self: false, small: false };

	constructor(around: ViewsSurroundings) {
		this.#around = around;
	}

	/** Draws to this one from now on; null: to none. */
	showOn(display: Display | null): Promise<void> {
		this.#display = display;
		return this.#refreshTv();
	}

	/** @param camera Whether the room's own picture is there to be shown, or about to be. */
	show(scene: TvScene | null, camera: boolean): void {
		this.#scene = scene ?? this.#scene;
		this.#camera = camera;
		this.#tv?.composition.setScene(this.#scene, camera);
	}

	async look(view: View, on: boolean): Promise<void> {
		this.#looking[view] = on;
		if (view === "tv") await this.#refreshTv();
		else await this.#refreshOwn(view);
	}

	/** Takes an error of the bus; true when it was about the TV. */
	handleError(element: string): boolean {
		if (!element.startsWith("tv-") && element !== "display") return false;
		void this.#redoTv();
		return true;
	}

	/** A display is drawn to always; without one only while somebody looks. */
	#refreshTv(): Promise<void> {
		const { pipeline, hubs, options, onPicture } = this.#around;
		this.#tvWork = this.#tvWork.then(async () => {
			const display = this.#display;
			const wanted = display !== null || this.#looking.tv;
			if (this.#tv && (!wanted || this.#tv.display !== display)) {
				const { composition, stop } = this.#tv;
				this.#tv = null;
				stop?.();
				await composition.dispose();
			}
			if (!wanted) return;
			if (!this.#tv) {
				const { width, height, fps } = options.picture;
				const { previewFps } = options;
				const size = { width, height, fps: display ? fps : previewFps, previewFps, display: display?.sink ?? null };
				const sources = { far: hubs.farVideo, self: hubs.camera };
				const composition = new Composition(pipeline, sources, size, this.#scene, this.#camera);
				this.#tv = { composition, display, stop: null };
			}
			const tv = this.#tv;
			if (this.#looking.tv) tv.stop ??= tv.composition.onPicture((jpeg) => onPicture("tv", jpeg));
			else {
				tv.stop?.();
				tv.stop = null;
			}
		});
		return this.#tvWork;
	}

	#redoTv(): Promise<void> {
		const failed = this.#tv;
		if (!failed || this.#tvFailed) return this.#tvWork;
		this.#tvFailed = true;
		this.#tvWork = this.#tvWork.then(async () => {
			if (this.#tv === failed) this.#tv = null;
			failed.stop?.();
			await failed.composition.dispose();
		});
		setTimeout(() => {
			this.#tvFailed = false;
			void this.#refreshTv();
		}, redoMs).unref();
		return this.#tvWork;
	}

	async #refreshOwn(view: OwnView): Promise<void> {
		const { pipeline, hubs, options, onPicture } = this.#around;
		const own = this.#own[view];
		if (this.#looking[view] && !own) {
			const bin = pipeline.addDescription(
				`${isolate} ! queue leaky=downstream max-size-buffers=1 ! ${slowed(options.previewFps)} ! videoscale ! ` +
					`video/x-raw,${sizes[view]} ! ${asJpeg} ! jpegenc quality=80 ! appsink name=own-jpeg max-buffers=1 drop=true sync=false async=false`,
			);
			const sink = bin.getElementByName("own-jpeg") as AppSink;
			const stop = sink.onSample(({ buffer }) => {
				if (buffer) onPicture(view, buffer);
			});
			bin.syncStateWithParent();
			const pad = bin.pad("sink");
			if (pad) hubs.camera.linkUser(pad);
			pad?.dispose();
			this.#own[view] = { bin, stop };
		} else if (!this.#looking[view] && own) {
			delete this.#own[view];
			own.stop();
			await hubs.camera.remove(own.bin);
		}
	}
}
