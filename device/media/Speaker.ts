import { speakerDescription } from "./audio.ts";
import { chooseDevice, type FoundDevice } from "./devices.ts";
import type { Bin, Pipeline } from "./gst/index.ts";
import type { Hub } from "./Hub.ts";

/** The loudspeaker: open while sources are, so that the echo canceller hears from the first word what it plays. */
export class Speaker {
	readonly #pipeline: Pipeline;
	readonly #hub: Hub;
	readonly #around: {
		setting: string;
		devices: () => FoundDevice[];
		onWarning: (code: string, element: string) => void;
	};
	#open: { bin: Bin; id: string } | null = null;

	/** @param around.setting `auto`, `device:<id>` or `none`. */
	constructor(
		pipeline: Pipeline,
		hub: Hub,
		around: { setting: string; devices: () => FoundDevice[]; onWarning: (code: string, element: string) => void },
	) {
		this.#pipeline = pipeline;
		this.#hub = hub;
		this.#around = around;
	}

	get playing(): boolean {
		return this.#open !== null;
	}

	/** Opens what the setting says, if it is there; a room without a loudspeaker still sees and is heard. */
	async open(): Promise<void> {
		const { setting, devices, onWarning } = this.#around;
		if (this.#open || setting === "none") return;
		const device = chooseDevice(devices(), "speaker", /^device:(.*)$/.exec(setting)?.[1] ?? null);
		if (!device) return;
		const bin = this.#pipeline.addDescription(speakerDescription(device), { name: "speaker" });
		this.#open = { bin, id: device.id };
		const outcome = await bin.setState("playing", 5_000);
		if (outcome.result === "failure") {
			onWarning("media.speaker_failed", "speaker-device");
			await this.close();
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

	/** Lets go of a loudspeaker that was unplugged. */
	async devicesChanged(): Promise<void> {
		if (this.#open && !this.#around.devices().some(({ id }) => id === this.#open?.id)) await this.close();
	}
}
