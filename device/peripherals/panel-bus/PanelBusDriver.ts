import type { Clock } from "../../core/clock.ts";
import { Emitter } from "../../core/Emitter.ts";
import type { Log } from "../../core/log.ts";
import { RoomError } from "../../core/RoomError.ts";
import type { FrameLink, LinkCounters, LinkState } from "../link/FrameLink.ts";
import { RequestQueue } from "../link/RequestQueue.ts";
import type { Light, PanelBus, PanelBusStatus } from "../model/PanelBus.ts";
import type { PeripheralFailure, PeripheralHealth } from "../model/Peripheral.ts";
import { readFrame, VERSION } from "./frame.ts";
import {
	type DeviceMessage,
	type HardwareState,
	type HostMessage,
	parts,
	readMessage,
	writeMessage,
} from "./messages.ts";
import { panelBusRequest } from "./panelBusRequest.ts";
import { ReportOrder } from "./ReportOrder.ts";
import { timing } from "./timing.ts";

export interface PanelBusDriverOptions {
	/** With `PanelBusSplitter`; closed when the driver is stopped. */
	link: FrameLink;
	clock: Clock;
	log: Log;
}

type Identity = Extract<DeviceMessage, { name: "identity" }>;
type Report = Extract<DeviceMessage, { name: "report" }>;

/** One conversation: from the device's greeting on, until it or the line is lost. */
interface Session {
	readonly identity: Identity;
	readonly order: ReportOrder;
	/** States are being asked for again. */
	recalling: boolean;
	/** Whether this conversation has already put a line about noise into the log. */
	noiseTold: boolean;
}

/** Pauses between two greetings that nobody answered. A device's own announcement is answered at once. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2000;
/** A device that speaks another version won't learn ours soon. */
const OTHER_VERSION_PAUSE_MS = 10_000;

/** A device that waits for a greeting announces itself more often than that. */
const ABSENT_MS = 3 * timing.announceMs;

const unknown: PanelBusStatus = { muteKey: null, shutterClosed: null, occupied: null };

/**
 * A device of the panel bus (docs/panel-bus.md). It is greeted when the line comes up, hears a beat twice a second, and is forgotten when it
 * has said nothing for a second: then nothing is known of keys and shutter. What it reports is handed on in order, each change once.
 *
 * Light and lamp show what the room does, so a device that comes back is told again what it is to show. The shutter is never moved by the
 * driver itself: a shutter that closed because nobody spoke to its device stays closed until somebody wants it open.
 */
export class PanelBusDriver implements PanelBus {
	readonly kind = "panel-bus";
	readonly #options: PanelBusDriverOptions;
	readonly #queue: RequestQueue;
	readonly #events = new Emitter<{ health: PeripheralHealth; status: PanelBusStatus }>();
	readonly #unlisten: (() => void)[] = [];
	#health: PeripheralHealth;
	#status: PanelBusStatus = unknown;
	#session: Session | null = null;
	/** What the room wants to be seen. */
	#shown: { light: Light | null; muteLamp: boolean | null } = { light: null, muteLamp: null };
	#sequence = 0;
	/** Watches without a frame of the device. Counted, not measured: a program that stood still must look at what waits before it judges. */
	#silentFor = 0;
	/** Bad bytes when the line came up: those since then are of whatever is at its end. */
	#badBytesAtUp = 0;
	/** Of whole frames that made no sense. */
	#strangeBytes = 0;
	#greeting = false;
	#pauseMs = FIRST_PAUSE_MS;
	#cancels = { watch: () => {}, beat: () => {}, greet: () => {} };

	constructor(options: PanelBusDriverOptions) {
		this.#options = options;
		// Answers name their request, so nothing has to be waited for after a timeout.
		this.#queue = new RequestQueue(options.link, { clock: options.clock, quietMs: 0 });
		this.#health = { state: "starting", since: options.clock.now(), failure: null, model: null };
	}

	get health(): PeripheralHealth {
		return this.#health;
	}

	get status(): PanelBusStatus {
		return this.#status;
	}

	get counters(): Readonly<LinkCounters> {
		const counters = this.#queue.counters;
		return { ...counters, badBytes: counters.badBytes + this.#strangeBytes };
	}

	onHealth(callback: (health: PeripheralHealth) => void): () => void {
		return this.#events.on("health", callback);
	}

	onStatus(callback: (status: PanelBusStatus) => void): () => void {
		return this.#events.on("status", callback);
	}

	start(): void {
		const { link } = this.#options;
		if (this.#unlisten.length > 0) return;
		this.#unlisten.push(
			link.onFrame((frame) => this.#heard(frame)),
			link.onState((state) => this.#lineChanged(state)),
		);
		this.#lineChanged(link.state);
	}

	async stop(): Promise<void> {
		for (const unlisten of this.#unlisten) unlisten();
		this.#forget();
		this.#cancels.watch();
		this.#cancels.greet();
		this.#queue.close();
		await this.#options.link.close();
	}

	async light(light: Light): Promise<void> {
		this.#shown = { ...this.#shown, light };
		await this.#command({ name: "set_light", light });
	}

	async shutter(closed: boolean): Promise<void> {
		await this.#command({ name: "set_shutter", closed });
	}

	async muteLamp(on: boolean): Promise<void> {
		this.#shown = { ...this.#shown, muteLamp: on };
		await this.#command({ name: "set_mute_lamp", on });
	}

	async #command(message: HostMessage): Promise<void> {
		if (!this.#session) throw new RoomError("link.lost", "no device of the panel bus is there");
		await this.#ask(message, (answer) => (answer.name === "done" ? answer : null), { key: message.name });
	}

	async #ask<T>(
		message: HostMessage,
		take: (answer: DeviceMessage) => T | null,
		more: { key?: string; urgent?: boolean; resends?: number } = {},
	): Promise<T> {
		this.#sequence = (this.#sequence % 255) + 1;
		try {
			return await this.#queue.ask({ ...panelBusRequest(message, this.#sequence, take), ...more });
		} catch (error) {
			// It forgot us, and its announcement was lost.
			if (error instanceof RoomError && error.code === "peripheral.not_now") this.#startOver();
			throw error;
		}
	}

	#lineChanged(state: LinkState): void {
		if (state.name === "up") {
			this.#badBytesAtUp = this.#options.link.counters.badBytes;
			this.#pauseMs = FIRST_PAUSE_MS;
			this.#silentFor = 0;
			this.#watch();
			this.#greet();
			return;
		}
		this.#cancels.watch();
		this.#cancels.greet();
		this.#forget();
		// Opened anew because nobody answered: why a device is lost that was lost already is known better.
		const judged = state.failure === "link.silent" && this.#health.state === "lost";
		if (state.failure !== null && !judged) this.#enter("lost", state.failure);
	}

	/** Says who we are and hears who is there: begins the conversation, or begins it anew. */
	#greet(): void {
		this.#cancels.greet();
		if (this.#greeting || this.#options.link.state.name !== "up") return;
		this.#greeting = true;
		const hello = { name: "hello", lowest: VERSION, highest: VERSION } as const;
		const take = (answer: DeviceMessage): true | null => {
			if (answer.name !== "identity") return null;
			// At once: the device's first report may be in the bytes right behind it.
			this.#greeting = false;
			this.#greeted(answer);
			return true;
		};
		this.#ask(hello, take, { urgent: true, resends: 0 }).catch(() => {
			this.#greeting = false;
			this.#greetLater(this.#pauseMs);
			this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
		});
	}

	#greetLater(pauseMs: number): void {
		this.#cancels.greet();
		if (this.#options.link.state.name === "up")
			this.#cancels.greet = this.#options.clock.after(pauseMs, () => this.#greet());
	}

	#greeted(identity: Identity): void {
		this.#pauseMs = FIRST_PAUSE_MS;
		if (identity.lowest > VERSION || identity.highest < VERSION) {
			this.#forget();
			this.#enter("lost", "peripheral.version_unknown", identity.model);
			this.#greetLater(OTHER_VERSION_PAUSE_MS);
			return;
		}
		this.#session = { identity, order: new ReportOrder(), recalling: false, noiseTold: false };
		this.#beat();
		const { light, muteLamp } = this.#shown;
		if (light !== null && identity.parts & parts.lightBar) this.#showAgain({ name: "set_light", light });
		if (muteLamp !== null && identity.parts & parts.muteLamp) this.#showAgain({ name: "set_mute_lamp", on: muteLamp });
	}

	#showAgain(message: HostMessage): void {
		this.#command(message).catch((error: unknown) => {
			const { code } = RoomError.from(error, "peripheral.fault");
			if (code !== "peripheral.overtaken") this.#refused(code);
		});
	}

	#heard(frame: Uint8Array): void {
		const packet = readFrame(frame);
		const message = packet && readMessage(packet);
		// without bit 7 it is our own word: the line was wired wrong
		if (packet && packet.type >= 0x80) this.#silentFor = 0;
		if (!packet || !message || packet.type < 0x80) {
			this.#strangeBytes += frame.length;
			return;
		}
		if (packet.sequence !== 0) return; // an answer: the queue's business
		if (message.name === "identity") this.#announced();
		else if (message.name === "report") this.#reported(message);
		else if (message.name === "noise") this.#noise();
	}

	/** It has started anew, or forgot us: whatever it said before, it may not know any more. */
	#announced(): void {
		if (this.#health.failure === "peripheral.version_unknown") return;
		this.#startOver();
	}

	#startOver(): void {
		this.#forget();
		this.#greet();
	}

	#reported(report: Report): void {
		const session = this.#session;
		if (!session) return;
		this.#handOn(session, session.order.report(report));
		if (session.order.missing !== null) void this.#recall(session);
		const health = report.broken === 0 ? null : "peripheral.fault";
		this.#enter("ok", health, session.identity.model);
	}

	/** Asks for what was missed until nothing is missing, while the device goes on reporting. */
	async #recall(session: Session): Promise<void> {
		if (session.recalling) return;
		session.recalling = true;
		const { order } = session;
		const skipped = order.skipped;
		for (let from = order.missing; from !== null && this.#session === session; from = order.missing) {
			const recall = { name: "recall", counter: from } as const;
			const history = await this.#ask(recall, (answer) => (answer.name === "history" ? answer : null), {
				urgent: true,
			}).catch(() => null);
			if (this.#session !== session) return;
			const states = history ? order.history(history.counter, history.states) : [];
			this.#handOn(session, states.length > 0 ? states : order.giveUp());
		}
		session.recalling = false;
		if (order.skipped > skipped) this.#refused("peripheral.reports_missed");
	}

	#handOn({ identity }: Session, states: readonly HardwareState[]): void {
		const has = (part: number) => (identity.parts & part) !== 0;
		for (const state of states) {
			this.#setStatus({
				muteKey: has(parts.muteKey) ? state.muteKey : null,
				shutterClosed: has(parts.shutter) ? state.shutterClosed : null,
				occupied: has(parts.occupancy) ? state.occupied : null,
			});
		}
	}

	#noise(): void {
		if (!this.#session || this.#session.noiseTold) return;
		this.#session.noiseTold = true;
		this.#refused("peripheral.noise");
	}

	/** Ends the conversation: nothing that the device said counts any more. */
	#forget(): void {
		this.#session = null;
		this.#cancels.beat();
		this.#setStatus(unknown);
	}

	#watch(): void {
		this.#cancels.watch();
		this.#cancels.watch = this.#options.clock.after(timing.reportMs, () => {
			this.#silentFor += 1;
			this.#watch();
			const limitMs = this.#session ? timing.deviceLostMs : ABSENT_MS;
			if (this.#silentFor === limitMs / timing.reportMs) this.#silent();
		});
	}

	#silent(): void {
		const noisy = this.#options.link.counters.badBytes > this.#badBytesAtUp && this.#health.state !== "ok";
		this.#forget();
		this.#enter("lost", noisy ? "peripheral.wrong_device" : "link.silent");
		this.#greet();
	}

	#beat(): void {
		this.#cancels.beat();
		this.#cancels.beat = this.#options.clock.after(timing.roomBeatMs, () => this.#beat());
		// a line that can't take it tells so by its state
		this.#options.link.send(writeMessage({ name: "beat" }, 0)).catch(() => {});
	}

	#setStatus(status: PanelBusStatus): void {
		const { muteKey, shutterClosed, occupied } = this.#status;
		if (muteKey === status.muteKey && shutterClosed === status.shutterClosed && occupied === status.occupied) return;
		this.#status = status;
		this.#events.emit("status", status);
	}

	#enter(state: PeripheralHealth["state"], failure: PeripheralFailure | null, model = this.#health.model): void {
		const { health } = this;
		if (health.state === state && health.failure === failure && health.model === model) return;
		this.#health = { state, since: this.#options.clock.now(), failure, model };
		this.#events.emit("health", this.#health);
	}

	#refused(code: string): void {
		this.#options.log.write("warn", "peripheral.refused", { kind: this.kind, code });
	}
}
