import type { AppSrc } from "./gst/index.ts";
import type { Picture } from "./rate-control.ts";
import { movingScene, paintTimecode } from "./timecode.ts";

const uncoloured = 128;

/** A synthetic camera whose every picture bears the moment at which it was made, see `timecode.ts`; runs until it is disposed. */
export class TimecodeCamera {
	readonly #source: AppSrc;
	readonly #picture: Picture;
	readonly #frame: Uint8Array;
	readonly #scene: (luma: Uint8Array, n: number) => void;
	readonly #startMs = performance.now();
	#pictures = 0;
	#timer: NodeJS.Timeout | null = null;

	constructor(source: AppSrc, picture: Picture) {
		const { width, height } = picture;
		this.#source = source;
		this.#picture = picture;
		this.#frame = new Uint8Array((width * height * 3) / 2).fill(uncoloured);
		this.#scene = movingScene(width, height);
		this.#draw();
	}

	dispose(): void {
		if (this.#timer) clearTimeout(this.#timer);
		this.#timer = null;
		this.#source.dispose();
	}

	#draw(): void {
		const { width, height, fps } = this.#picture;
		this.#scene(this.#frame, this.#pictures);
		paintTimecode(this.#frame, width, height, Date.now());
		// A source that is being closed takes no more.
		try {
			this.#source.push(this.#frame);
		} catch {
			return;
		}
		this.#pictures += 1;
		const dueMs = this.#startMs + (this.#pictures * 1_000) / fps;
		this.#timer = setTimeout(() => this.#draw(), Math.max(0, dueMs - performance.now()));
	}
}
