import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { Backoff } from "../core/backoff.ts";
import { JsonLines } from "../core/JsonLines.ts";
import { quote } from "./devices.ts";
import { type Crop, type Gaze, gazeCrop, readGaze, straightAhead, wide } from "./gaze.ts";
import type { AnyElement, Bin, BufferCounter, Pad } from "./gst/index.ts";
import type { Picture } from "./rate-control.ts";

/** Bytes of an answer. */
const mostBytes = 256;
/** After a picture's time, how long until it is looked for, and looked for again, ms. */
const lookMs = 2;

/** Size of the whole picture, of which the camera sees a part: at its widest pixel for pixel. */
const whole = ({ width, height }: Picture) => ({ width: wide * width, height: wide * height });

/**
 * A camera that is only simulated, for development: a part of a still picture, `picture.png` in `folder`, that moves with a simulator's pan,
 * tilt and zoom. Of each picture that left, the simulator is asked where it looks, over the socket `gaze` in the same folder: an empty line
 * there, `{"pan":0,"tilt":0,"zoom":0}` back. So it moves evenly whatever the simulator's own pace, and nothing is asked while it is closed.
 * A simulator that is gone is looked for again; until then the camera stands still, as one does whose control line is cut.
 */
export class VirtualCamera {
	readonly #folder: string;
	readonly #picture: Picture;
	readonly #crop: AnyElement;
	readonly #counter: BufferCounter;
	readonly #backoff = new Backoff({ baseMs: 200, capMs: 2_000 });
	#socket: Socket | null = null;
	#asked = true;
	#seen = 0;
	#timer: NodeJS.Timeout | undefined;
	#retry: NodeJS.Timeout | undefined;
	#disposed = false;

	/** The launch description of its elements: one unlinked source pad. */
	static description(folder: string, picture: Picture): string {
		const { width, height, fps } = picture;
		const { left, right, top, bottom } = gazeCrop(straightAhead, whole(picture));
		// Full chroma up to the scaler: else the part could only move by two pixels.
		const all = `video/x-raw,format=Y444,width=${whole(picture).width},height=${whole(picture).height}`;
		return (
			`filesrc name=camera-device location=${quote(join(folder, "picture.png"))} ! pngdec ! videoconvertscale ! ${all} ! ` +
			`imagefreeze is-live=true ! video/x-raw,framerate=${fps}/1 ! ` +
			`videocrop name=camera-crop left=${left} right=${right} top=${top} bottom=${bottom} ! videoconvertscale add-borders=false ! ` +
			`video/x-raw,format=I420,width=${width},height=${height},pixel-aspect-ratio=1/1`
		);
	}

	/** @param bin Made of `description`. */
	constructor(bin: Bin, folder: string, picture: Picture) {
		this.#folder = folder;
		this.#picture = picture;
		this.#crop = bin.getElementByName("camera-crop") as AnyElement;
		const sink = this.#crop.pad("sink") as Pad;
		this.#counter = sink.count();
		sink.dispose();
		this.#connect();
		this.#look();
	}

	dispose(): void {
		this.#disposed = true;
		clearTimeout(this.#timer);
		clearTimeout(this.#retry);
		this.#socket?.destroy();
		this.#counter.dispose();
		this.#crop.dispose();
	}

	#connect(): void {
		const lines = new JsonLines(mostBytes);
		const socket = connect(join(this.#folder, "gaze"));
		this.#socket = socket;
		socket.on("connect", () => {
			this.#asked = false;
		});
		socket.on("data", (chunk: Buffer) => {
			try {
				for (const line of lines.push(chunk)) this.#answered(line.ok ? readGaze(line.value) : null);
			} catch {
				// longer than any answer: whoever speaks there is no simulator
				socket.destroy();
			}
		});
		socket.on("error", () => undefined);
		socket.on("close", () => {
			this.#asked = true;
			if (!this.#disposed) this.#retry = setTimeout(() => this.#connect(), this.#backoff.nextMs());
		});
	}

	/** Once for each picture, right after it left: what is heard then is for the next one. */
	#look(): void {
		const { buffers, lastMs } = this.#counter.read();
		const nowMs = Number(process.hrtime.bigint()) / 1e6;
		if (buffers !== this.#seen && !this.#asked) {
			this.#seen = buffers;
			this.#asked = true;
			this.#socket?.write("\n");
		}
		const dueMs = (lastMs ?? nowMs) + 1_000 / this.#picture.fps;
		this.#timer = setTimeout(() => this.#look(), Math.max(0, dueMs - nowMs) + lookMs);
	}

	#answered(gaze: Gaze | null): void {
		this.#asked = false;
		if (!gaze) return;
		this.#backoff.reset();
		const crop = gazeCrop(gaze, whole(this.#picture));
		try {
			for (const side of ["left", "right", "top", "bottom"] as const satisfies (keyof Crop)[])
				this.#crop.set(side, crop[side]);
		} catch {
			// a source that is being closed turns no more
		}
	}
}
