import { microphoneDescription } from "./audio.ts";
import type { FoundDevice } from "./devices.ts";
import { type AppSrc, Bin, type BufferCounter, type BusMessage, type Pad, Pipeline } from "./gst/index.ts";
import type { Hub } from "./Hub.ts";
import type { SourceKind, SourceStatus } from "./MediaEngine.ts";
import type { EngineOptions } from "./protocol.ts";
import { planSource, type SourcePlan, sourceFailure } from "./sources.ts";
import { TimecodeCamera } from "./TimecodeCamera.ts";
import { VirtualCamera } from "./VirtualCamera.ts";

export interface SlotSurroundings {
	pipeline: Pipeline;
	hub: Hub;
	options: EngineOptions;
	devices: () => FoundDevice[];
	/** Whether a loudspeaker plays. */
	speaker: () => boolean;
	onChange: () => void;
	onWarning: (code: string, element: string) => void;
}

/** An open source. */
interface Running {
	bin: Bin;
	plan: SourcePlan;
	counter: BufferCounter;
	/** What fills or turns the source from beside it. */
	feeder: Pipeline | TimecodeCamera | VirtualCamera | null;
	sinceMs: number;
	/** It failed, and its end is under way. */
	lost: boolean;
}

/** Buffers within this time make a source `flowing`. */
const flowingMs = 500;
/** A device that is open and silent for this long has gone without telling. */
const stalledMs = 4_000;

/**
 * One source, microphone or camera: closed, or one device open. Opening, closing, muting and switching run one after the other, each
 * towards what was asked for last.
 *
 * A muted microphone stays open behind a shut valve, because some take a second to open. A camera that is off is released, so that its
 * light goes out.
 */
export class SourceSlot {
	readonly #kind: SourceKind;
	readonly #around: SlotSurroundings;
	#open = false;
	#muted = false;
	#running: Running | null = null;
	#failure: "busy" | "denied" | "absent" | null = null;
	readonly #failed = new Set<string>();
	#realSeen = false;
	#work: Promise<void> = Promise.resolve();
	#flow = { buffers: 0, atMs: Number.NEGATIVE_INFINITY };
	#flowing = false;

	constructor(kind: SourceKind, around: SlotSurroundings) {
		this.#kind = kind;
		this.#around = around;
	}

	get status(): SourceStatus {
		const device = this.#running?.plan.device.label || null;
		if (!this.#open) return { state: "closed", flowing: this.#flowing, device: null };
		if (this.#failure) return { state: this.#failure, flowing: this.#flowing, device };
		return { state: this.#muted ? "off" : "open", flowing: this.#flowing, device };
	}

	/** Whether elements exist: a device may be held. */
	get running(): boolean {
		return this.#running !== null;
	}

	setOpen(open: boolean): Promise<void> {
		if (open && !this.#open) this.#failed.clear();
		this.#open = open;
		return this.#reconcile();
	}

	setMuted(muted: boolean): Promise<void> {
		// Whoever switches it on again may have closed the program that held it, of which no event tells.
		if (this.#muted && !muted) this.#failed.clear();
		this.#muted = muted;
		// At once, not in turn behind an opening device: what is muted must not be heard from here on.
		this.#setValve();
		return this.#reconcile();
	}

	/** A device came or went. */
	async devicesChanged(): Promise<void> {
		this.#failed.clear();
		const running = this.#running;
		const { api, id } = running?.plan.device ?? {};
		const gone =
			running && api !== "synthetic" && api !== "file" && !this.#around.devices().some((device) => device.id === id);
		// A room that made do with a test picture takes the real camera when it is plugged in.
		const better = running && api === "synthetic" && this.#plan()?.device.api !== "synthetic";
		if (gone || better) await this.#restart();
		else await this.#reconcile();
	}

	/** Takes a message of the bus; true when it was about this source. */
	handleError(message: BusMessage): boolean {
		const running = this.#running;
		const name = message.srcElementName;
		if (!running || !name) return false;
		if (name !== `${this.#kind}-device`) {
			// What decodes a file is part of the source: names of elements are unique in the process.
			const own = running.plan.device.api === "file" ? running.bin.getElementByName(name) : null;
			own?.dispose();
			if (!own) return false;
		}
		this.#lost(running, sourceFailure(message));
		return true;
	}

	#lost(running: Running, failure: "busy" | "denied" | "absent"): void {
		if (running.lost) return;
		running.lost = true;
		this.#around.onWarning(`media.${this.#kind}_${failure}`, `${this.#kind}-device`);
		this.#failed.add(running.plan.device.id);
		this.#failure = failure;
		void this.#restart();
	}

	/** Looks at the native counter; true when `flowing` changed. */
	measure(nowMs: number): boolean {
		const buffers = this.#running?.counter.read().buffers ?? 0;
		if (buffers !== this.#flow.buffers)
			this.#flow = { buffers, atMs: buffers === 0 ? Number.NEGATIVE_INFINITY : nowMs };
		const running = this.#running;
		const silentMs = nowMs - Math.max(this.#flow.atMs, running?.sinceMs ?? 0);
		if (running && !this.#muted && silentMs > stalledMs && running.plan.device.api !== "synthetic") {
			this.#lost(running, "absent");
		}
		const flowing = running !== null && nowMs - this.#flow.atMs <= flowingMs;
		const changed = flowing !== this.#flowing;
		this.#flowing = flowing;
		return changed;
	}

	#setValve(): void {
		const valve = this.#running?.bin.getElementByName("valve");
		valve?.set("drop", this.#muted);
		valve?.dispose();
	}

	get #wanted(): boolean {
		return this.#open && !(this.#kind === "camera" && this.#muted);
	}

	#reconcile(): Promise<void> {
		return this.#inTurn(async () => {
			if (this.#running && !this.#wanted) await this.#close();
			if (!this.#running && this.#wanted) await this.#openBest();
			this.#setValve();
		});
	}

	#restart(): Promise<void> {
		return this.#inTurn(async () => {
			await this.#close();
			if (this.#wanted) await this.#openBest();
		});
	}

	#inTurn(step: () => Promise<void>): Promise<void> {
		this.#work = this.#work.then(step).catch(() => {
			this.#failure = "absent";
			this.#around.onWarning(`media.${this.#kind}_absent`, `${this.#kind}-device`);
		});
		return this.#work.then(() => this.#around.onChange());
	}

	/** The best source that has not failed. Once a real device was there, its absence is told and no test picture takes its place. */
	#plan(): SourcePlan | null {
		const devices = this.#around.devices();
		const plan = planSource(
			this.#kind,
			this.#around.options,
			devices.filter(({ id }) => !this.#failed.has(id)),
		);
		this.#realSeen ||= devices.some(({ kind }) => kind === this.#kind);
		// A file that could not be played is not played by trying again.
		if (plan?.device.api === "file" && this.#failed.has(plan.device.id)) return null;
		if (plan?.device.api === "synthetic" && this.#around.options[this.#kind] === "auto" && this.#realSeen) return null;
		return plan;
	}

	async #openBest(): Promise<void> {
		for (;;) {
			const plan = this.#plan();
			if (!plan) {
				this.#failure ??= "absent";
				return;
			}
			const failure = await this.#tryOpen(plan);
			if (!failure) {
				this.#failure = null;
				return;
			}
			this.#failure = failure;
			const { id, api } = plan.device;
			if (api === "synthetic" || api === "file" || this.#failed.has(id)) return;
			this.#failed.add(id);
			this.#around.onWarning(`media.${this.#kind}_${failure}`, `${this.#kind}-device`);
		}
	}

	async #tryOpen(plan: SourcePlan): Promise<"busy" | "denied" | "absent" | null> {
		const { pipeline, hub } = this.#around;
		const description =
			this.#kind === "microphone"
				? microphoneDescription(plan, { muted: this.#muted, speaker: this.#around.speaker() })
				: `${plan.description} ! valve name=valve drop=${this.#muted} drop-mode=forward-sticky-events`;
		let unplayable = false;
		const feeder = plan.feeder
			? startFeeder(plan.feeder, () => {
					unplayable = true;
					if (this.#running && this.#running.feeder === feeder) this.#lost(this.#running, "absent");
				})
			: null;
		const errors: BusMessage[] = [];
		const unlisten = pipeline.onMessage(
			(message) => message.srcElementName === `${this.#kind}-device` && errors.push(message),
			["error"],
		);
		const bin = Bin.parse(description);
		hub.addSource(bin);
		const src = bin.pad("src") as Pad;
		const counter = src.count();
		src.dispose();
		const outcome = await bin.setState("playing", 10_000);
		unlisten();
		this.#flow = { buffers: 0, atMs: Number.NEGATIVE_INFINITY };
		if (outcome.result !== "failure" && errors.length === 0 && !unplayable) {
			const beside = feeder ?? this.#beside(plan, bin);
			this.#running = { bin, plan, counter, feeder: beside, sinceMs: performance.now(), lost: false };
			return null;
		}
		counter.dispose();
		await hub.remove(bin);
		await feeder?.dispose();
		return errors[0] ? sourceFailure(errors[0]) : "absent";
	}

	#beside({ timecode, virtual }: SourcePlan, bin: Bin): TimecodeCamera | VirtualCamera | null {
		const { picture } = this.#around.options;
		if (timecode) return new TimecodeCamera(bin.getElementByName("camera-device") as AppSrc, picture);
		return virtual === undefined ? null : new VirtualCamera(bin, virtual, picture);
	}

	async #close(): Promise<void> {
		const running = this.#running;
		if (!running) return;
		this.#running = null;
		running.counter.dispose();
		await this.#around.hub.remove(running.bin);
		await running.feeder?.dispose();
	}
}

/**
 * Plays a file over and over, in a pipeline of its own.
 * @param onUnplayable called when it is not there or not what it should be: the source would go on with black, or silence.
 */
function startFeeder(description: string, onUnplayable: () => void): Pipeline {
	const feeder = new Pipeline(description);
	feeder.onMessage(() => feeder.seek(0), ["eos"]);
	feeder.onMessage(onUnplayable, ["error"]);
	void feeder.play(0);
	return feeder;
}
