import { ManualClock } from "../../../../device/core/clock.ts";
import type { Log } from "../../../../device/core/log.ts";
import type { PanelBusStatus } from "../../../../device/peripherals/model/PanelBus.ts";
import { PanelBusDriver } from "../../../../device/peripherals/panel-bus/PanelBusDriver.ts";
import { PanelBusSplitter } from "../../../../device/peripherals/panel-bus/PanelBusSplitter.ts";
import { MemoryLink } from "../../../sim/line/MemoryLink.ts";
import { OddLine } from "../../../sim/panel-bus/OddLine.ts";
import { type DeviceOptions, ReferenceDevice } from "../../../sim/panel-bus/ReferenceDevice.ts";

/** Driver and reference device on a standing clock, byte by byte, with a line between them that can go wrong. */
export class PanelBusBench {
	readonly clock = new ManualClock();
	readonly link = new MemoryLink();
	readonly line: OddLine;
	readonly device: ReferenceDevice;
	readonly driver: PanelBusDriver;
	/** Each status that the driver told, in order. */
	readonly told: PanelBusStatus[] = [];
	/** Codes that it wrote into the log. */
	readonly logged: string[] = [];
	readonly #splitter = new PanelBusSplitter();

	constructor(options: Partial<DeviceOptions> = {}) {
		const { clock, link } = this;
		this.line = new OddLine((bytes) => {
			if (link.state.name === "up") for (const frame of this.#splitter.push(bytes)) link.receive(frame);
			link.counters.badBytes = this.#splitter.badBytes;
		});
		this.device = new ReferenceDevice({ clock, send: (frame) => this.line.pass(frame), ...options });
		link.onSent = (frame) => {
			// as on a real line, an answer never comes before the sending returns
			if (!this.line.deaf) queueMicrotask(() => this.device.receive(frame));
		};
		const log: Log = { write: (_level, _event, fields) => this.logged.push((fields as { code: string }).code) };
		this.driver = new PanelBusDriver({ link, clock, log });
		this.driver.onStatus((status) => this.told.push(status));
	}

	/** Lets what waits in promises run out. */
	async settled(): Promise<void> {
		await new Promise((resolve) => setImmediate(resolve));
	}

	/** Moves on in small steps, with promises settling on the way. */
	async pass(ms: number): Promise<void> {
		for (let left = ms; left > 0; left -= 50) {
			await this.settled();
			this.clock.advance(Math.min(50, left));
		}
		await this.settled();
	}

	/** Powered, greeted, reporting. */
	async ready(): Promise<this> {
		this.device.start();
		this.driver.start();
		await this.pass(50);
		return this;
	}
}
