import type { Intent } from "../../contract/intents.ts";
import { type Equipment, type Hardware, noHardware } from "../../contract/peripherals.ts";
import type { Clock } from "../../core/clock.ts";
import { Emitter } from "../../core/Emitter.ts";
import type { Log } from "../../core/log.ts";
import { RoomError } from "../../core/RoomError.ts";
import type { LineTap } from "../link/LineTap.ts";
import type { Display } from "../model/Display.ts";
import type { PanelBus } from "../model/PanelBus.ts";
import type { PtzCamera } from "../model/PtzCamera.ts";
import type { PresetPictures } from "../presets/PresetPictures.ts";
import type { SceneDevice } from "../scenes/SceneRunner.ts";
import { CameraDesk, type CameraIntent, type FarWish } from "./CameraDesk.ts";
import { CombinedHardware } from "./CombinedHardware.ts";
import type { CameraSetup, DeviceSetup } from "./DeviceSetup.ts";
import { DeviceSlot, type DeviceSlotOptions } from "./DeviceSlot.ts";
import { shownDevice, shownDisplay } from "./equipmentView.ts";

/** A touch that is for the room's equipment, and for nobody else. */
export type EquipmentIntent = CameraIntent | Extract<Intent, { type: "panel.display_power" | "panel.display_volume" }>;

export interface RoomEquipmentOptions {
	setups: readonly DeviceSetup[];
	farControl: "never" | "ask";
	pictures: PresetPictures;
	/** What the camera sees at this moment, a small JPEG; null: it is not open. Never rejects. */
	takePicture: () => Promise<Uint8Array | null>;
	clock: Clock;
	log: Log;
	/** Other drivers than the product's, for tests. */
	drive?: DeviceSlotOptions["drive"];
}

export interface RoomEquipmentEvents {
	/** What the panel draws is another; at most twenty times a second. */
	equipment: Equipment;
	/** Keys, shutter and sensor: each change at once and in order. */
	hardware: Hardware;
}

type SlotOf<Driver> = DeviceSlot & { readonly driver: Driver };

const CHANGES_MS = 50;

/**
 * All that the room drives, as one: what it says comes out as one view, touches go to the device that they are for. A device that is lost
 * is a line in the view, and never more than that.
 */
export class RoomEquipment {
	readonly events = new Emitter<RoomEquipmentEvents>();
	readonly #options: RoomEquipmentOptions;
	readonly #slots: readonly DeviceSlot[];
	/** The first of them is the room's camera. */
	readonly #camera: CameraDesk | null;
	/** All show the same; the panel shows how the first one is that is there. */
	readonly #displays: readonly SlotOf<Display>[];
	readonly #buses: readonly SlotOf<PanelBus>[];
	readonly #combined = new CombinedHardware();
	#hardware: Hardware = noHardware;
	#told = "";
	#cancelChange: (() => void) | null = null;

	/**
	 * Loads drivers only in a room that has devices: they bring native code along. Where it can't be loaded, devices are lost and the
	 * room works on.
	 */
	static async open(options: RoomEquipmentOptions): Promise<RoomEquipment> {
		const { setups, pictures } = options;
		if (setups.length > 0) await pictures.load();
		return new RoomEquipment(options, options.drive ?? (setups.length > 0 ? await productDrivers() : noDriver));
	}

	private constructor(options: RoomEquipmentOptions, drive: DeviceSlotOptions["drive"]) {
		const { setups, clock, log } = options;
		this.#options = options;
		this.#slots = setups.map((setup) => new DeviceSlot(setup, { drive, clock, log }));
		const ofKind = <D extends { kind: string }>(kind: D["kind"]) =>
			this.#slots.filter((slot): slot is SlotOf<D & NonNullable<DeviceSlot["driver"]>> => slot.driver?.kind === kind);
		this.#displays = ofKind<Display>("display");
		this.#buses = ofKind<PanelBus>("panel-bus");
		const [camera] = ofKind<PtzCamera>("camera");
		this.#camera = camera ? this.#desk(camera) : null;
	}

	/** Returns at once; what comes of it is told by events. */
	start(): void {
		const { log } = this.#options;
		for (const slot of this.#slots) {
			let told = "";
			slot.onHealth(() => {
				const { state, failure } = slot.health;
				const said = `${state} ${failure}`;
				if (said !== told) log.write("info", "peripheral.state", { kind: slot.kind, state, failure: failure ?? "" });
				told = said;
				this.#changed();
			});
		}
		for (const { driver } of this.#displays) driver.onStatus(() => this.#changed());
		for (const { driver } of this.#buses) driver.onStatus(() => this.#hardwareChanged());
		for (const slot of this.#slots) slot.start();
		this.#changed();
	}

	/** A camera that moves is stopped, all ports are free again. */
	async stop(): Promise<void> {
		this.#camera?.letGo();
		await Promise.all(this.#slots.map((slot) => slot.stop()));
		this.#cancelChange?.();
		this.events.clear();
	}

	/** For the scenes. */
	get devices(): readonly SceneDevice[] {
		return this.#slots;
	}

	/** What listens on the devices' lines, by their names. */
	get taps(): ReadonlyMap<string, LineTap> {
		return new Map(this.#slots.map(({ name, tap }) => [name, tap]));
	}

	get view(): Equipment {
		const display = this.#displays.find(({ ready }) => ready);
		return {
			camera: this.#camera?.shown() ?? null,
			display: display ? shownDisplay(display.driver.status) : null,
			devices: this.#slots.map((slot) => shownDevice(slot.setup, slot.kind, slot.health)),
		};
	}

	/** Never throws, never waits. That it is allowed was decided by the room. */
	touch(intent: EquipmentIntent): void {
		switch (intent.type) {
			case "panel.display_power":
				this.#onDisplays(async (slot) => {
					await slot.driver.power(intent.on);
					// who switches it on by the panel wants to see this room on it
					if (intent.on) await slot.play("input");
				});
				break;
			case "panel.display_volume":
				this.#onDisplays(({ driver }) => driver.volume(intent.level));
				break;
			default:
				this.#camera?.touch(intent);
		}
	}

	/** Never throws, never waits. That the far end may was decided by the room. */
	turnFromFar(wish: FarWish): void {
		this.#camera?.turnFromFar(wish);
	}

	/** Nobody may turn the camera any more: the call is over, or the room can't be used. */
	letGo(): void {
		this.#camera?.letGo();
	}

	#desk(slot: SlotOf<PtzCamera>): CameraDesk {
		const { farControl, pictures, takePicture, clock } = this.#options;
		const setup = slot.setup as DeviceSetup & CameraSetup;
		const changed = (): void => this.#changed();
		return new CameraDesk({ slot, camera: slot.driver, setup, farControl, pictures, takePicture, clock, changed });
	}

	#onDisplays(what: (slot: SlotOf<Display>) => Promise<void>): void {
		for (const slot of this.#displays) slot.ask(() => what(slot));
	}

	#hardwareChanged(): void {
		const before = this.#hardware;
		const now = this.#combined.of(this.#buses.map(({ name, driver }) => [name, driver.status]));
		if (JSON.stringify(now) === JSON.stringify(before)) return;
		this.#hardware = now;
		this.events.emit("hardware", now);
	}

	/** Devices say much, and a panel draws a whole snapshot for it. */
	#changed(): void {
		this.#cancelChange ??= this.#options.clock.after(CHANGES_MS, () => {
			this.#cancelChange = null;
			const { view } = this;
			const text = JSON.stringify(view);
			if (text === this.#told) return;
			this.#told = text;
			this.events.emit("equipment", view);
		});
	}
}

async function productDrivers(): Promise<DeviceSlotOptions["drive"]> {
	try {
		return (await import("./driveDevice.ts")).driveDevice;
	} catch {
		return noDriver;
	}
}

const noDriver = (): never => {
	throw new RoomError("peripheral.no_driver", "the drivers can't be loaded on this machine");
};

const equipmentIntents: ReadonlySet<string> = new Set<EquipmentIntent["type"]>([
	"panel.camera_move",
	"panel.camera_stop",
	"panel.camera_home",
	"panel.camera_tracking",
	"panel.preset_recall",
	"panel.preset_store",
	"panel.display_power",
	"panel.display_volume",
]);

export const isForEquipment = (intent: Intent): intent is EquipmentIntent => equipmentIntents.has(intent.type);
