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
			| "panel.preset_store";
	}
>;

/** What the far end of a call wants of the camera, which the room let it. `release`: it no longer may. */
export type FarWish =
	| ({ do: "move"; hold: string } & CameraMotion)
	| { do: "stop"; hold: string }
	| { do: "recall"; preset: number }
	| { do: "release" };

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

/** The room's camera, as people turn it: thumbs, presets with their pictures, and the far end if the room lets it. */
export class CameraDesk {
	readonly #options: CameraDeskOptions;
	readonly #hold: CameraHold;
	/** The far end's thumbs: whoever holds the camera here takes it out of their hands, and they must be put down anew. */
	readonly #farHold: CameraHold;
	/** Null: it can't. */
	#tracking: boolean | null;

	constructor(options: CameraDeskOptions) {
		const { camera, slot, setup, clock } = options;
		this.#options = options;
		const move = (motion: CameraMotion): void => camera.move(motion);
		this.#hold = new CameraHold({ move, clock });
		this.#farHold = new CameraHold({ move, clock });
		this.#tracking = setup.tracking === "none" ? null : false;
		// a camera that comes back stands still until a thumb is put down anew
		slot.onHealth(() => {
			if (!slot.ready) this.letGo();
		});
	}

	touch(intent: CameraIntent): void {
		const { slot, camera } = this.#options;
		switch (intent.type) {
			case "panel.camera_move":
				this.#farHold.releaseAll();
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
		}
	}

	/** A wish of the far end; that it is let was decided by the room. Whoever is in this room comes first. */
	turnFromFar(wish: FarWish): void {
		const { slot, camera, farControl } = this.#options;
		if (wish.do === "release") this.#farHold.releaseAll();
		else if (wish.do === "stop") this.#farHold.stop(wish.hold);
		else if (farControl === "never") return;
		else if (wish.do === "move") {
			if (this.#hold.held) this.#farHold.stop(wish.hold);
			else this.#farHold.move(wish.hold, wish);
		} else if (!this.#hold.held && this.shown()?.presets.some(({ number }) => number === wish.preset)) {
			slot.ask(() => camera.recall(wish.preset));
		}
	}

	/** Nobody may turn the camera any more: the call is over. Thumbs that are down count as lifted. */
	letGo(): void {
		this.#hold.releaseAll();
		this.#farHold.releaseAll();
	}

	/** Null while the camera is not there. */
	shown(): Equipment["camera"] {
		const { slot, camera, setup, farControl, pictures } = this.#options;
		if (!slot.ready) return null;
		const { presets } = setup;
		const state = { presets, mostPresets: camera.presets, tracking: this.#tracking, farControl };
		return shownCamera(state, pictures);
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
