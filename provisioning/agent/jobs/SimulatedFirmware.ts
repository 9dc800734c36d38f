import * as z from "zod/mini";
import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { type FirmwareSpec, firmwareVersion } from "../../contract/jobs.ts";
import type { StateFiles } from "../identity/StateFiles.ts";
import type { Booted, FirmwareExecutor, Slot, SlotContent } from "./FirmwareExecutor.ts";

const slot = z.enum(["A", "B"]);
const content = z.nullable(z.object({ version: firmwareVersion, digest: z.string() }));
const machine = z.object({
	slots: z.object({ A: content, B: content }),
	running: slot,
	/** What the bootloader starts when it is not told otherwise. */
	good: slot,
	boots: z.number(),
});
type Machine = z.infer<typeof machine>;

export interface SimulatedFirmwareOptions {
	/** Where it keeps what a bootloader and two partitions would. */
	path: string;
	files: StateFiles;
	clock: Clock;
	/** What runs before the first update. */
	version: string;
	/** Ends this program, as the machine would; somebody starts it again. */
	restart(): void;
	/** Duration of a download and of an installation. */
	stepMs?: number;
	/** What goes wrong. `boot`: the new slot does not start, and the bootloader falls back. */
	faults?: Partial<Record<"download" | "install" | "boot" | "markGood", boolean>>;
}

const TICKS = 10;
const FACTORY_DIGEST = "0".repeat(64);

/**
 * Two slots and a bootloader that are a file: for development, tests and the fleet simulator. It fetches nothing, so its `digest` is what the job
 * says; the way through the states is the real one.
 */
export class SimulatedFirmware implements FirmwareExecutor {
	readonly supported = true;
	readonly worstCaseMs = 5 * 60_000;
	readonly #options: SimulatedFirmwareOptions;

	constructor(options: SimulatedFirmwareOptions) {
		this.#options = options;
	}

	async booted(): Promise<Booted> {
		const { running, slots, boots } = await this.#read();
		const { version, digest } = slots[running] as NonNullable<Machine["slots"][Slot]>;
		return { version, digest, slot: running, bootId: `simulated-${boots}`, failure: null };
	}

	async slots(): Promise<SlotContent[]> {
		const { slot, version } = await this.booted();
		const other = slot === "A" ? "B" : "A";
		const contents: SlotContent[] = [
			{ name: slot, version, state: "runs" },
			{ name: other, version: null, state: "unknown" },
		];
		return contents.sort((one, two) => (one.name < two.name ? -1 : 1));
	}

	async started(): Promise<void> {}

	async download(_spec: FirmwareSpec, options: { signal: AbortSignal; progress(pct: number): void }): Promise<void> {
		await this.#work(options.progress, options.signal);
		if (this.#options.faults?.download) throw new RoomError("update.unreachable", "the bundle can't be fetched");
	}

	async install(spec: FirmwareSpec, { progress }: { progress(pct: number): void }): Promise<void> {
		await this.#change((now) => {
			now.slots[other(now.running)] = null;
		});
		await this.#work(progress);
		if (this.#options.faults?.install) throw new RoomError("update.install_failed", "the slot can't be written");
		await this.#change((now) => {
			now.slots[other(now.running)] = { version: spec.version, digest: spec.digest };
		});
	}

	async reboot(): Promise<void> {
		await this.#change((now) => {
			const target = other(now.running);
			now.boots += 1;
			if (now.slots[target] && !this.#options.faults?.boot) now.running = target;
		});
		this.#options.restart();
	}

	async markGood(): Promise<void> {
		if (this.#options.faults?.markGood) throw new RoomError("update.mark_failed", "the slot can't be marked");
		await this.#change((now) => {
			now.good = now.running;
		});
	}

	async fallBack(): Promise<void> {
		await this.#change((now) => {
			now.slots[now.running] = null;
			now.running = other(now.running);
			now.good = now.running;
			now.boots += 1;
		});
		this.#options.restart();
	}

	async discard(): Promise<void> {}

	/** What a bootloader does when the machine was switched off and on: a slot on trial is left. Resolves with whether one was. */
	async powerCut(): Promise<boolean> {
		let onTrial = false;
		await this.#change((now) => {
			onTrial = now.running !== now.good;
			now.running = now.good;
			now.boots += 1;
		});
		return onTrial;
	}

	async #work(progress: (pct: number) => void, signal?: AbortSignal): Promise<void> {
		const { clock, stepMs = 1000 } = this.#options;
		for (let tick = 1; tick <= TICKS; tick++) {
			await new Promise<void>((resolve) => clock.after(stepMs / TICKS, resolve));
			if (signal?.aborted) throw new RoomError("update.cancelled", "cancelled");
			progress((tick * 100) / TICKS);
		}
	}

	async #read(): Promise<Machine> {
		const text = await this.#options.files.read(this.#options.path);
		if (text !== null) return machine.parse(JSON.parse(text));
		const factory = { version: this.#options.version, digest: FACTORY_DIGEST };
		return { slots: { A: factory, B: null }, running: "A", good: "A", boots: 1 };
	}

	async #change(change: (now: Machine) => void): Promise<void> {
		const now = await this.#read();
		change(now);
		await this.#options.files.write(this.#options.path, JSON.stringify(now));
	}
}

const other = (one: Slot): Slot => (one === "A" ? "B" : "A");
