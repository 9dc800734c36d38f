import type { Intent } from "../../contract/intents.ts";
import type { Equipment } from "../../contract/peripherals.ts";
import type { Clock } from "../../core/clock.ts";
import type { CameraMotion, PtzCamera } from "../model/PtzCamera.ts";
import type { PresetPictures } from "../presets/PresetPictures.ts";
import { CameraHold } from "./CameraHold.ts";
import type { CameraSetup } from "./DeviceSetup.ts";
import type { DeviceSlot } from "./DeviceSlot.ts";
import { shownCamera } from "./equipmentView.ts";

/** A touch that is for the camera. */
export type CameraIntent = Extract<
	Intent,
	{
		type:
			| "panel.camera_move"
			| "panel.camera_stop"
			| "panel.camera_home"
			| "panel.camera_tracking"
			| "panel.preset_recall"
			| "panel.preset_store"
			| "panel.far_control";
	}
>;

/** What the far end of a call wants of the camera, if somebody here allowed it. */
export type FarWish =
	| ({ do: "move"; hold: string } & CameraMotion)
	| { do: "stop"; hold: string }
	| { do: "recall"; preset: number };

export interface CameraDeskOptions {
	slot: DeviceSlot;
	camera: PtzCamera;
	setup: CameraSetup;
	/** Whether somebody in the room can let a far end turn the camera. */
	farControl: "never" | "ask";
	pictures: PresetPictures;
	/** What the camera sees at this moment, a small JPEG; null: it is not open. Never rejects. */
	takePicture: () => Promise<Uint8Array | null>;
	clock: Clock;
	changed: () => void;
}

/** The room's camera, as people turn it: thumbs, presets with their pictures, and the far end if somebody here allows it. */
export class CameraDesk {
	readonly #options: CameraDeskOptions;
	readonly #hold: CameraHold;
	/** Null: it can't. */
	#tracking: boolean | null;
	/** Null: never. */
	#farControl: boolean | null;

	constructor(options: CameraDeskOptions) {
		const { camera, slot, setup, farControl, clock } = options;
		this.#options = options;
		this.#hold = new CameraHold({ move: (motion) => camera.move(motion), clock });
		this.#tracking = setup.tracking === "none" ? null : false;
		this.#farControl = farControl === "never" ? null : false;
		// a camera that comes back stands still until a thumb is put down anew
		slot.onHealth(() => {
			if (!slot.ready) this.#hold.releaseAll();
		});
	}

	touch(intent: CameraIntent): void {
		const { slot, camera } = this.#options;
		switch (intent.type) {
			case "panel.camera_move":
				this.#hold.move(intent.hold, intent);
				break;
			case "panel.camera_stop":
				this.#hold.stop(intent.hold);
				break;
			case "panel.camera_home":
				slot.ask(() => camera.home());
				break;
			case "panel.camera_tracking":
				slot.ask(() => this.#track(intent.on));
				break;
			case "panel.preset_recall":
				slot.ask(() => camera.recall(intent.number));
				break;
			case "panel.preset_store":
				slot.ask(() => this.#store(intent.number));
				break;
			case "panel.far_control":
				this.#allow(intent.on);
				break;
		}
	}

	/** A wish of the far end, which counts only while somebody in this room allows it; a stop counts always. */
	turnFromFar(wish: FarWish): void {
		const { slot, camera } = this.#options;
		if (wish.do === "stop") this.#hold.stop(farHold(wish.hold));
		else if (this.#farControl !== true) return;
		else if (wish.do === "move") this.#hold.move(farHold(wish.hold), wish);
		else if (this.shown()?.presets.some(({ number }) => number === wish.preset)) {
			slot.ask(() => camera.recall(wish.preset));
		}
	}

	/** Nobody may turn the camera any more: the call is over. Thumbs that are down count as lifted, and the far end is out. */
	letGo(): void {
		this.#hold.releaseAll();
		this.#allow(false);
	}

	/** Null while the camera is not there. */
	shown(): Equipment["camera"] {
		const { slot, camera, setup, pictures } = this.#options;
		if (!slot.ready) return null;
		const { presets } = setup;
		const state = { presets, mostPresets: camera.presets, tracking: this.#tracking, farControl: this.#farControl };
		return shownCamera(state, pictures);
	}

	#allow(on: boolean): void {
		if (this.#farControl === null || this.#farControl === on) return;
		this.#farControl = on;
		if (!on) this.#hold.releaseAll();
		this.#options.changed();
	}

	async #track(on: boolean): Promise<void> {
		await this.#options.camera.tracking(on);
		this.#tracking = on;
		this.#options.changed();
	}

	async #store(number: number): Promise<void> {
		const { camera, pictures, takePicture, changed } = this.#options;
		// what is seen at the touch, not after it
		const picture = takePicture();
		await camera.store(number);
		await pictures.keep(number, await picture);
		changed();
	}
}

/** Holds of the far end are none of a panel's, whatever they are called. */
const farHold = (hold: string): string => `far ${hold}`;
