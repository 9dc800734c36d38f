import { networkInterfaces } from "node:os";
import type { Claim } from "../../provisioning/contract/local.ts";
import type { DeviceFacts } from "../../provisioning/contract/twin.ts";
import type { ServiceTrouble } from "../contract/failure.ts";
import type { Intent } from "../contract/intents.ts";
import type { Locale, Snapshot } from "../contract/snapshot.ts";
import type { Clock } from "../core/clock.ts";
import { isOccupied } from "../fleet/roomStatus.ts";
import { unclaimedSnapshot } from "../fleet/unclaimedSnapshot.ts";
import type { Levels, PanelPort } from "../panel/PanelPort.ts";
import { setting } from "./setting.ts";

type View = "tv" | "self";

/** A room that runs, as the panel needs it. */
export interface ShownRoom {
	snapshot(): Snapshot;
	onSnapshot(callback: () => void): () => void;
	onLevels(callback: (levels: Levels) => void): () => void;
	intent(intent: Intent): "ack" | "panel.not_now";
	preview(view: View, onJpeg: (jpeg: Uint8Array) => void): () => void;
	presetPicture(number: number, version: string): Promise<Uint8Array | null>;
	/** Whether its engine is up for the first time. */
	readonly ready: boolean;
}

export interface PanelFrontOptions {
	clock: Clock;
	/** A code, for the agent; false if it is not there. */
	enrol(code: string): boolean;
	/** A person lets a waiting update happen now, or not yet. */
	answerUpdate(now: boolean): void;
	/** A person wants what a stick brings. */
	installStick(version: string): void;
	/** A person wants the support bundle on the stick; false if the agent is not there. */
	saveSupport(): boolean;
	/** A person wants this device to forget everything; false if the agent is not there. */
	factoryReset(): boolean;
	/** Somebody touched the panel. */
	touched(): void;
	/** This device's addresses; the machine's own if left out. */
	addresses?: () => string[];
}

const LOOK_MS = 5000;

/**
 * What the panel server shows: the room that runs, or that there is none and what can be done about it; and over either, what concerns
 * the device and not the room (which one is it, an update). Rooms come and go behind it, panels stay connected.
 */
export class PanelFront implements PanelPort {
	readonly #options: PanelFrontOptions;
	readonly #listeners = new Set<() => void>();
	readonly #levels = new Set<(levels: Levels) => void>();
	readonly #viewers: Record<View, Map<(jpeg: Uint8Array) => void, () => void>> = { tv: new Map(), self: new Map() };
	#room: ShownRoom | null = null;
	#leaveRoom: (() => void)[] = [];
	#claim: Claim | null = null;
	#facts: DeviceFacts | null = null;
	#trouble: ServiceTrouble | null = null;
	#locale: Locale = setting.locale;
	#addresses: string[] = [];
	#identify: Snapshot["identify"] = null;
	#update: Snapshot["update"] = null;
	#firmware: Snapshot["firmware"] = null;
	#reset: Snapshot["reset"] = null;
	#support: Snapshot["support"] = null;
	#rev = 0;
	#snapshot: Snapshot;
	#cancelIdentify: () => void = () => {};
	#cancelLook: () => void = () => {};

	constructor(options: PanelFrontOptions) {
		this.#options = options;
		this.#snapshot = this.#draw();
		this.#look();
	}

	/** The room that is shown from now on; null: none. */
	show(room: ShownRoom | null): void {
		for (const leave of this.#leaveRoom.splice(0)) leave();
		for (const viewers of Object.values(this.#viewers)) for (const stop of viewers.values()) stop();
		// the language that somebody chose stays while the room starts anew
		if (this.#room) this.#locale = this.#room.snapshot().room.locale;
		this.#room = room;
		if (room) {
			this.#leaveRoom = [
				room.onSnapshot(() => this.#changed()),
				room.onLevels((levels) => {
					for (const listener of [...this.#levels]) listener(levels);
				}),
			];
		}
		for (const view of ["tv", "self"] as const) {
			const viewers = this.#viewers[view];
			for (const viewer of viewers.keys()) viewers.set(viewer, room?.preview(view, viewer) ?? (() => {}));
		}
		this.#changed();
	}

	claim(claim: Claim | null): void {
		this.#claim = claim;
		if (claim?.state === "unclaimed") this.#facts = claim.facts;
		this.#changed();
	}

	/** What keeps a device out of service; null: nothing that we know of. */
	trouble(trouble: ServiceTrouble | null): void {
		this.#trouble = trouble;
		this.#changed();
	}

	identify(number: number, seconds: number): void {
		const { clock } = this.#options;
		this.#cancelIdentify();
		this.#identify = { number, until: clock.now() + seconds * 1000 };
		this.#cancelIdentify = clock.after(seconds * 1000, () => {
			this.#identify = null;
			this.#changed();
		});
		this.#changed();
	}

	update(update: Snapshot["update"]): void {
		this.#update = update;
		this.#changed();
	}

	firmware(firmware: Snapshot["firmware"]): void {
		this.#firmware = firmware;
		this.#changed();
	}

	reset(reset: Snapshot["reset"]): void {
		this.#reset = reset;
		this.#changed();
	}

	support(support: Snapshot["support"]): void {
		this.#support = support;
		this.#changed();
	}

	close(): void {
		this.show(null);
		this.#cancelIdentify();
		this.#cancelLook();
		this.#listeners.clear();
	}

	snapshot(): Snapshot {
		return this.#snapshot;
	}

	onSnapshot(callback: () => void): () => void {
		this.#listeners.add(callback);
		return () => this.#listeners.delete(callback);
	}

	onLevels(callback: (levels: Levels) => void): () => void {
		this.#levels.add(callback);
		return () => this.#levels.delete(callback);
	}

	intent(intent: Intent): "ack" | "panel.not_now" {
		const { enrol, answerUpdate, installStick, saveSupport, factoryReset, touched } = this.#options;
		const { can } = this.#snapshot;
		// said by itself for as long as the list is open: no sign that somebody is still there
		if (intent.type !== "panel.look") touched();
		if (intent.type === "panel.update") {
			if (!can.update) return "panel.not_now";
			answerUpdate(intent.now);
			return "ack";
		}
		if (intent.type === "panel.install_stick") {
			if (!can.installStick || this.#firmware?.stick?.version !== intent.version) return "panel.not_now";
			installStick(intent.version);
			return "ack";
		}
		if (intent.type === "panel.save_support") return can.saveSupport && saveSupport() ? "ack" : "panel.not_now";
		if (intent.type === "panel.factory_reset") return can.factoryReset && factoryReset() ? "ack" : "panel.not_now";
		if (this.#room) return this.#room.intent(intent);
		if (intent.type === "panel.locale") {
			this.#locale = intent.locale;
			this.#changed();
			return "ack";
		}
		if (intent.type !== "panel.enrol" || !can.enrol) return "panel.not_now";
		return enrol(intent.code) ? "ack" : "panel.not_now";
	}

	preview(view: View, onJpeg: (jpeg: Uint8Array) => void): () => void {
		const viewers = this.#viewers[view];
		const viewer = (jpeg: Uint8Array): void => onJpeg(jpeg);
		viewers.set(viewer, this.#room?.preview(view, viewer) ?? (() => {}));
		return () => {
			viewers.get(viewer)?.();
			viewers.delete(viewer);
		};
	}

	async presetPicture(number: number, version: string): Promise<Uint8Array | null> {
		return (await this.#room?.presetPicture(number, version)) ?? null;
	}

	notReady(): string | null {
		if (this.#room) return this.#room.ready ? null : "media.engine_starting";
		// whoever waits for this waits for a room, and there is none
		if (this.#claim !== null && this.#claim.state !== "claimed") return `room.${this.#claim.state}`;
		return this.#trouble ?? "room.starting";
	}

	#draw(): Snapshot {
		const now = this.#options.clock.now();
		const below = this.#room?.snapshot() ?? {
			rev: 0,
			...unclaimedSnapshot({
				claim: this.#claim,
				trouble: this.#trouble,
				facts: this.#facts,
				locale: this.#locale,
				addresses: this.#addresses,
				timeZone: setting.timeZone,
				now,
			}),
		};
		const update = this.#update;
		const firmware = this.#firmware;
		const reset = this.#reset;
		const support = this.#support;
		const can = {
			...below.can,
			update: update?.asks === true && !isOccupied(below),
			installStick: firmware?.stick?.code === null && update === null && !isOccupied(below),
			saveSupport: support !== null && support.state !== "collecting" && support.state !== "writing",
			factoryReset: reset?.state === "offered" && !isWriting(update) && !isOccupied(below),
		};
		return { ...below, rev: this.#rev, now, identify: this.#identify, update, firmware, reset, support, can };
	}

	#changed(): void {
		const next = this.#draw();
		if (sameBesidesNow(this.#snapshot, next)) return;
		this.#rev += 1;
		this.#snapshot = { ...next, rev: this.#rev };
		for (const listener of [...this.#listeners]) listener();
	}

	/** Networks come and go without telling; they matter only to whoever puts the device into service. */
	#look(): void {
		if (!this.#room) {
			this.#addresses = (this.#options.addresses ?? ownAddresses)();
			this.#changed();
		}
		this.#cancelLook = this.#options.clock.after(LOOK_MS, () => this.#look());
	}
}

/** An update that has begun to change what starts is seen through first. */
function isWriting(update: Snapshot["update"]): boolean {
	return update !== null && ["installing", "restarting", "probation"].includes(update.state);
}

/** Addresses by which this machine can be reached from its networks; IPv6 only where there is no IPv4. */
function ownAddresses(): string[] {
	const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
	const outside = all.filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
	const four = outside.filter(({ family }) => family === "IPv4");
	return (four.length > 0 ? four : outside).map(({ address }) => address).slice(0, 4);
}

function sameBesidesNow(a: Snapshot, b: Snapshot): boolean {
	return JSON.stringify({ ...a, now: 0, rev: 0 }) === JSON.stringify({ ...b, now: 0, rev: 0 });
}
