import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { RoomError } from "../../core/RoomError.ts";
import { LineTap } from "../link/LineTap.ts";
import { driverKinds } from "../model/drivers.ts";
import type { PeripheralHealth } from "../model/Peripheral.ts";
import type { SceneDevice } from "../scenes/SceneRunner.ts";
import type { DeviceSetup } from "./DeviceSetup.ts";
import type { Driven, Surroundings } from "./driveDevice.ts";
import { playStep } from "./playStep.ts";

export interface DeviceSlotOptions {
	/** Makes the driver; what it throws makes a device that is lost. */
	drive: (setup: DeviceSetup, around: Surroundings) => Driven;
	clock: Clock;
	log: Log;
}

/** A driver has so long to stop what moves and to give its port back. */
const STOP_MS = 1500;

/** A device of the configuration with its driver; or without one, if there can be none: then it is lost, and that is all. */
export class DeviceSlot implements SceneDevice {
	readonly setup: DeviceSetup;
	readonly kind: Driven["kind"];
	/** Null: there can be none. */
	readonly driver: Driven | null;
	/** Listens on its line for whoever wants to. */
	readonly tap = new LineTap();
	readonly #clock: Clock;
	readonly #log: Log;
	readonly #hopeless: PeripheralHealth;

	constructor(setup: DeviceSetup, { drive, clock, log }: DeviceSlotOptions) {
		this.setup = setup;
		this.kind = driverKinds[setup.driver];
		this.#clock = clock;
		this.#log = log;
		this.#hopeless = { state: "lost", since: clock.now(), failure: "peripheral.fault", model: null };
		let driver: Driven | null = null;
		try {
			driver = drive(setup, { clock, log, tap: this.tap });
		} catch (thrown) {
			this.refused(thrown);
		}
		this.driver = driver;
	}

	get name(): string {
		return this.setup.name;
	}

	get health(): PeripheralHealth {
		return this.driver?.health ?? this.#hopeless;
	}

	get ready(): boolean {
		return this.health.state === "ok";
	}

	start(): void {
		this.driver?.start();
	}

	/** Resolves when its port is free, or when waiting longer would hold up the end of the program. */
	async stop(): Promise<void> {
		const enough = Promise.withResolvers<void>();
		const cancel = this.#clock.after(STOP_MS, enough.resolve);
		await Promise.race([this.driver?.stop().catch((thrown) => this.refused(thrown)), enough.promise]);
		cancel();
	}

	onHealth(callback: () => void): () => void {
		return this.driver?.onHealth(callback) ?? (() => {});
	}

	onReady(callback: () => void): () => void {
		let wasReady = this.ready;
		return this.onHealth(() => {
			const came = this.ready && !wasReady;
			wasReady = this.ready;
			if (came) callback();
		});
	}

	async play(step: string): Promise<void> {
		if (this.driver) await playStep(this.driver, this.setup, step);
	}

	/** Asks something of the device that nobody waits for. */
	ask(what: () => Promise<void>): void {
		Promise.try(what).catch((thrown) => this.refused(thrown));
	}

	refused(thrown: unknown): void {
		const { code } = RoomError.from(thrown, "peripheral.fault");
		if (code !== "peripheral.overtaken") this.#log.write("warn", "peripheral.refused", { kind: this.kind, code });
	}
}
