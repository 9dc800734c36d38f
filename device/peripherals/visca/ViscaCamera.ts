import { type Clock, systemClock } from "../../core/clock.ts";
import { type Log, silentLog } from "../../core/log.ts";
import { RoomError } from "../../core/RoomError.ts";
import type { FrameLink, LinkCounters } from "../link/FrameLink.ts";
import type { PeripheralHealth } from "../model/Peripheral.ts";
import type { CameraMotion, CameraPosition, PtzCamera, TrackingWay } from "../model/PtzCamera.ts";
import { CameraMotions } from "./CameraMotions.ts";
import { CameraPresence } from "./CameraPresence.ts";
import { ViscaLine } from "./ViscaLine.ts";
import type { ViscaReply } from "./ViscaReply.ts";
import type { ViscaTransport } from "./ViscaTransport.ts";
import { FASTEST, viscaCommand } from "./viscaCommand.ts";
import { type ViscaInquiry, type ViscaVersion, viscaInquiry } from "./viscaInquiry.ts";
import { modelName, modelRange, placeOf, stepsOf, type ViscaRange } from "./viscaModels.ts";

export interface ViscaCameraOptions {
	/** The camera's own: it is closed with it. */
	link: FrameLink;
	transport: ViscaTransport;
	clock?: Clock;
	log?: Log;
	/** Default 6: the fewest that cameras have. */
	presets?: number;
	/** Its ends, where they are not those of its model. */
	range?: Partial<ViscaRange>;
	/** Default `none`. */
	tracking?: TrackingWay;
}

/** Nobody waits longer for a camera to stop when the program ends. */
const LAST_STOP_MS = 2000;
/** The same trouble is logged no more often. */
const LOG_MS = 10_000;

/** A camera that speaks VISCA, over whatever carries it. */
export class ViscaCamera implements PtzCamera {
	readonly kind = "camera";
	readonly presets: number;
	readonly #options: ViscaCameraOptions;
	readonly #clock: Clock;
	readonly #log: Log;
	readonly #line: ViscaLine;
	readonly #motions: CameraMotions;
	readonly #presence: CameraPresence;
	/** What takes the camera somewhere; what is asked of it later takes its place, unless it has begun. */
	#errand: AbortController | null = null;
	#version: ViscaVersion | null = null;
	#panDigits: 4 | 5 = 4;
	/** When each code was logged last. */
	readonly #logged = new Map<string, number>();

	constructor(options: ViscaCameraOptions) {
		const { link, transport, clock = systemClock, log = silentLog, presets = 6 } = options;
		this.#options = options;
		this.#clock = clock;
		this.#log = log;
		this.presets = presets;
		this.#line = new ViscaLine({ link, transport, clock, onUnasked: (reply) => this.#unasked(reply) });
		this.#motions = new CameraMotions({ line: this.#line, clock, onRefused: ({ code }) => this.#notMoved(code) });
		this.#presence = new CameraPresence({
			link,
			clock,
			introduce: () => this.#introduce(),
			ask: () => this.#line.inquire(viscaInquiry.power),
			forget: () => this.#motions.lose(),
		});
	}

	get health(): PeripheralHealth {
		return this.#presence.health;
	}

	get counters(): Readonly<LinkCounters> {
		return this.#line.counters;
	}

	onHealth(callback: (health: PeripheralHealth) => void): () => void {
		return this.#presence.onHealth(callback);
	}

	start(): void {
		this.#presence.start();
	}

	async stop(): Promise<void> {
		this.#errand?.abort();
		const isThere = this.#options.link.state.name === "up" && this.health.state !== "lost";
		if (isThere && !this.#motions.still) {
			const enough = Promise.withResolvers<void>();
			const cancel = this.#clock.after(LAST_STOP_MS, enough.resolve);
			await Promise.race([this.#motions.rest(), enough.promise]);
			cancel();
		}
		this.#presence.end();
		this.#line.close();
		await this.#options.link.close();
	}

	move(motion: CameraMotion): void {
		// Nothing is lost by it: a camera that comes back is stopped before anything else.
		if (this.health.state !== "ok") return;
		this.#errand?.abort();
		this.#motions.move(motion);
	}

	async goTo(position: CameraPosition): Promise<void> {
		const { panTilt, zoom, fastest } = this.#motions;
		const steps = stepsOf(position, this.#range);
		const target = { ...steps, speed: fastest.pan, panDigits: this.#panDigits };
		await this.#send(
			[viscaCommand.goTo(target), () => panTilt.drift()],
			[viscaCommand.zoomTo(steps.zoom), () => zoom.drift()],
		);
	}

	async position(): Promise<CameraPosition> {
		this.#mustBeThere();
		const [{ pan, tilt }, zoom] = await Promise.all([
			this.#line.inquire(viscaInquiry.panTilt),
			this.#line.inquire(viscaInquiry.zoom),
		]);
		return placeOf({ pan, tilt, zoom }, this.#range);
	}

	async recall(preset: number): Promise<void> {
		this.#mustHave(preset);
		await this.#send([viscaCommand.recallPreset(preset), () => this.#motions.drift()]);
	}

	async store(preset: number): Promise<void> {
		this.#mustHave(preset);
		this.#mustBeThere();
		await this.#line.command(viscaCommand.storePreset(preset));
	}

	async home(): Promise<void> {
		await this.#send([viscaCommand.home(), () => this.#motions.panTilt.drift()]);
	}

	async power(on: boolean): Promise<void> {
		this.#mustBeThere();
		await this.#line.command(viscaCommand.power(on));
	}

	async focus(how: "auto" | "manual" | "near" | "far" | "stop"): Promise<void> {
		this.#mustBeThere();
		if (how === "stop") return this.#motions.focus.rest();
		const drives = how === "near" || how === "far";
		await this.#line.command(viscaCommand.focus(how), { onSent: () => drives && this.#motions.focus.drift() });
	}

	async tracking(on: boolean): Promise<void> {
		const { tracking = "none" } = this.#options;
		if (tracking === "none") throw new RoomError("peripheral.not_supported", "this camera follows nobody");
		this.#mustBeThere();
		const byPreset = viscaCommand.recallPreset(on ? 80 : 81);
		await this.#line.command(tracking === "extended" ? viscaCommand.tracking(on) : byPreset);
	}

	get #range(): ViscaRange {
		return { ...modelRange(this.#version), ...this.#options.range };
	}

	/** Says who we are, hears who the camera is, and stops it before anything else: nobody knows what it was told last. */
	async #introduce(): Promise<string> {
		await this.#line.greet();
		this.#version = await this.#ifKnown(viscaInquiry.version);
		await this.#motions.rest();
		const fastest = await this.#ifKnown(viscaInquiry.fastest);
		if (fastest) this.#motions.fastest = { pan: speed(fastest.pan), tilt: speed(fastest.tilt) };
		this.#panDigits = (await this.#ifKnown(viscaInquiry.panTilt))?.panDigits ?? 4;
		return modelName(this.#version);
	}

	/** Null where the camera answers that it does not know, or not now. */
	#ifKnown<T>(inquiry: ViscaInquiry<T>): Promise<T | null> {
		return this.#line.inquire(inquiry, true).catch((error: unknown) => {
			if (error instanceof RoomError && answered.has(error.code)) return null;
			throw error;
		});
	}

	/**
	 * Says what takes the camera somewhere by itself. The thumb's motion ends before: the camera may refuse what comes next.
	 * @throws RoomError `peripheral.overtaken` where somebody asked for something else before it began.
	 */
	async #send(...errands: [body: Uint8Array, onSent: () => void][]): Promise<void> {
		this.#mustBeThere();
		this.#errand?.abort();
		this.#errand = new AbortController();
		const { signal } = this.#errand;
		const { panTilt, zoom } = this.#motions;
		try {
			await Promise.all([panTilt, zoom].map((axis) => (axis.driven ? axis.rest() : null)));
			await Promise.all(errands.map(([body, onSent]) => this.#line.command(body, { onSent, signal })));
		} catch (error) {
			const overtaken = signal.aborted && error instanceof RoomError && error.code === "peripheral.cancelled";
			if (!overtaken) throw error;
			throw new RoomError("peripheral.overtaken", "somebody moved the camera meanwhile", { cause: error });
		}
	}

	#mustBeThere(): void {
		if (this.health.state !== "ok") throw new RoomError("peripheral.not_ready", "the camera is not there, or not yet");
	}

	#mustHave(preset: number): void {
		if (Number.isInteger(preset) && preset >= 0 && preset < this.presets) return;
		throw new RoomError("peripheral.no_such_preset", "the camera has fewer presets", { context: { preset } });
	}

	#unasked(reply: ViscaReply | null): void {
		if (reply?.is === "network_change") this.#presence.again(null);
		else if (!reply) this.#refused("peripheral.unreadable");
	}

	#notMoved(code: string): void {
		this.#refused(code);
		if (code === "peripheral.timeout") this.#presence.doubt();
	}

	#refused(code: string): void {
		const now = this.#clock.now();
		if (now - (this.#logged.get(code) ?? Number.NEGATIVE_INFINITY) < LOG_MS) return;
		this.#logged.set(code, now);
		this.#log.write("warn", "peripheral.refused", { kind: this.kind, code });
	}
}

const answered: ReadonlySet<string> = new Set(["peripheral.not_supported", "peripheral.not_now", "peripheral.refused"]);
const speed = (named: number): number => Math.min(FASTEST, Math.max(1, named));
