import { speakerDescription } from "./audio.ts";
import { chooseDevice, type FoundDevice } from "./devices.ts";
import type { Bin, Pipeline } from "./gst/index.ts";
import type { Hub } from "./Hub.ts";

export interface SpeakerSurroundings {
	/** `auto`, `device:<id>` or `none`. */
	setting: string;
	/** Null while nobody knows yet. */
	devices: () => FoundDevice[] | null;
	onWarning: (code: string, element: string) => void;
}

/** The loudspeaker: open while sources are, so that the echo canceller hears from the first word what it plays. */
export class Speaker {
	readonly #pipeline: Pipeline;
	readonly #hub: Hub;
	readonly #around: SpeakerSurroundings;
	#open: { bin: Bin; id: string } | null = null;
	/** The last try to open it failed, or it failed while it was open. */
	#failed = false;
	#realSeen = false;

	constructor(pipeline: Pipeline, hub: Hub, around: SpeakerSurroundings) {
		this.#pipeline = pipeline;
		this.#hub = hub;
		this.#around = around;
	}

	get playing(): boolean {
		return this.#open !== null;
	}

	/**
	 * Whether there should be a loudspeaker and is none that plays. With `none` a room is silent on purpose. With `auto` a machine
	 * on which no device of any kind was ever seen plays a room, with a test picture and a tone: nothing is missing there.
	 */
	get missing(): boolean {
		const devices = this.#around.devices();
		if (this.#around.setting === "none" || this.#open || !devices) return false;
		this.#realSeen ||= devices.length > 0;
		if (this.#failed) return true;
		return this.#choose(devices) === null && (this.#realSeen || this.#around.setting !== "auto");
	}

	/** Opens what the setting says, if it is there; a room without a loudspeaker still sees and is heard. */
	async open(): Promise<void> {
		const { setting, devices, onWarning } = this.#around;
		if (this.#open || setting === "none") return;
		const device = this.#choose(devices() ?? []);
		this.#failed = false;
		if (!device) return;
		const bin = this.#pipeline.addDescription(speakerDescription(device), { name: "speaker" });
		this.#open = { bin, id: device.id };
		const outcome = await bin.setState("playing", 5_000);
		if (outcome.result === "failure") {
			onWarning("media.speaker_failed", "speaker-device");
			await this.fail();
			return;
		}
		const sink = bin.pad("sink");
		if (sink) this.#hub.linkUser(sink);
		sink?.dispose();
	}

	async close(): Promise<void> {
		const open = this.#open;
		this.#open = null;
		if (open) await this.#hub.remove(open.bin);
	}

	/** It failed: it is let go, and missing until it opens again. */
	async fail(): Promise<void> {
		this.#failed = true;
		await this.close();
	}

	/** Lets go of a loudspeaker that was unplugged. */
	async devicesChanged(): Promise<void> {
		this.#failed = false;
		const there = this.#around.devices() ?? [];
		if (this.#open && !there.some(({ id }) => id === this.#open?.id)) await this.close();
	}

	#choose(devices: readonly FoundDevice[]): FoundDevice | null {
		return chooseDevice(devices, "speaker", /^device:(.*)$/.exec(this.#around.setting)?.[1] ?? null);
	}
}
