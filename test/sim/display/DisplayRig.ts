import { ManualClock } from "../../../device/core/clock.ts";
import type { FrameLink } from "../../../device/peripherals/link/FrameLink.ts";
import { openLink } from "../../../device/peripherals/link/openLink.ts";
import { scanSplitter } from "../../../device/peripherals/link/scanSplitter.ts";
import type { Display, DisplayStatus } from "../../../device/peripherals/model/Display.ts";
import type { PeripheralHealth } from "../../../device/peripherals/model/Peripheral.ts";
import { PtyPair } from "../line/PtyPair.ts";
import { DisplayModel, type DisplayModelOptions } from "./DisplayModel.ts";
import type { DisplayVoice, Oddities } from "./DisplayVoice.ts";
import { type LineProtocol, type LineProtocolName, lineProtocols } from "./protocols.ts";
import { SimulatedDisplay } from "./SimulatedDisplay.ts";

export interface DisplayRigOptions extends Partial<Omit<DisplayModelOptions, "clock">> {
	over?: "serial" | "tcp";
	odd?: Partial<Oddities>;
	idleMs?: number;
	/** Instead of the protocol's own. */
	voice?: (model: DisplayModel, clock: ManualClock) => DisplayVoice;
	drive?: (link: FrameLink, clock: ManualClock) => Display;
}

const STEP_MS = 20;
const MOST_STEPS = 180_000;

/** A display's driver and the simulated display that it drives, over a real line, by a clock that is moved by hand. */
export class DisplayRig {
	readonly clock = new ManualClock(1_000_000);
	readonly model: DisplayModel;
	readonly sim: SimulatedDisplay;
	/** Every health and status that was told, as `lost link.silent` and as the status itself. */
	readonly healths: string[] = [];
	readonly statuses: DisplayStatus[] = [];
	readonly #protocol: LineProtocol;
	readonly #options: DisplayRigOptions;
	#pty: PtyPair | null = null;
	#display: Display | null = null;

	constructor(name: LineProtocolName, options: DisplayRigOptions = {}) {
		this.#protocol = lineProtocols[name];
		this.#options = options;
		this.model = new DisplayModel({ on: true, ...options, clock: this.clock });
		const voice = options.voice ?? this.#protocol.voice;
		this.sim = new SimulatedDisplay({
			clock: this.clock,
			model: this.model,
			voice: () => voice(this.model, this.clock),
			...(options.odd ? { odd: options.odd } : {}),
			...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
		});
	}

	get display(): Display {
		if (!this.#display) throw new Error("the rig has not begun");
		return this.#display;
	}

	/** Plugs it in and starts the driver. */
	async begin(): Promise<this> {
		await this.plugIn();
		const { over = "tcp" } = this.#options;
		const address =
			over === "tcp"
				? ({ by: "tcp", host: "127.0.0.1", port: this.sim.tcpPort } as const)
				: ({ by: "serial", path: this.#pty?.path ?? "", baudRate: 9600 } as const);
		const { measure } = this.#protocol;
		const link = openLink(address, { splitter: () => scanSplitter(measure), clock: this.clock });
		const drive = this.#options.drive ?? this.#protocol.drive;
		const display = drive(link, this.clock);
		display.onHealth((health) => this.healths.push(nameOf(health)));
		display.onStatus((status) => this.statuses.push(status));
		this.#display = display;
		display.start();
		return this;
	}

	/** Begun, and in touch. */
	async ready(): Promise<this> {
		await this.begin();
		await this.health("ok");
		return this;
	}

	async plugIn(): Promise<void> {
		if ((this.#options.over ?? "tcp") === "tcp") {
			await this.sim.listen();
			return;
		}
		if (this.#pty) await this.#pty.replug();
		else this.#pty = await PtyPair.open();
		await this.sim.attach(this.#pty.farPath);
	}

	async pullOut(): Promise<void> {
		await this.sim.unlisten();
		await this.#pty?.unplug();
		await this.sim.detach();
	}

	/** Lets time pass, little by little, until it holds. Fails after an hour of it. */
	async until(condition: () => unknown): Promise<void> {
		for (let steps = 0; !condition(); steps += 1) {
			if (steps > MOST_STEPS) throw new Error(`in vain: ${condition}`);
			this.clock.advance(STEP_MS);
			await this.#carried();
		}
	}

	/** What was written has gone through the kernel and been read: a few turns of the loop, or another process where there is one. */
	async #carried(): Promise<void> {
		if (this.#pty) await new Promise((resolve) => setTimeout(resolve, 4));
		else for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
	}

	/** Waits until it says this of itself, such as `ok` or `lost link.silent`. */
	async health(name: string): Promise<void> {
		await this.until(() => nameOf(this.display.health) === name);
	}

	async status(expected: Partial<DisplayStatus>): Promise<void> {
		const keys = Object.keys(expected) as (keyof DisplayStatus)[];
		await this.until(() => keys.every((key) => this.display.status[key] === expected[key]));
	}

	/** What comes of a command while time passes: `done`, or the code of its error. */
	async outcome(command: Promise<void>): Promise<string> {
		let outcome: string | null = null;
		command.then(
			() => {
				outcome = "done";
			},
			(error: unknown) => {
				outcome = (error as { code?: string }).code ?? String(error);
			},
		);
		await this.until(() => outcome !== null);
		return outcome ?? "";
	}

	async close(): Promise<void> {
		await this.#display?.stop();
		await this.sim.close();
		await this.#pty?.close();
	}
}

export const nameOf = ({ state, failure }: PeripheralHealth): string => (failure ? `${state} ${failure}` : state);
