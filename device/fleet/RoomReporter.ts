import type { FromRoom } from "../../provisioning/contract/local.ts";
import type { Screen, Snapshot } from "../contract/snapshot.ts";
import type { Clock } from "../core/clock.ts";
import type { AgentLink } from "./AgentLink.ts";
import { isOccupied, nextChange, roomStatus, toldPeripherals } from "./roomStatus.ts";

/** What it needs of the link to the agent. */
type Speaker = Pick<AgentLink, "events" | "send">;
type Event = Extract<FromRoom, { t: "event" }>["event"];

/** Events that wait for an agent that is not there; the oldest go first. */
const MOST_EVENTS = 200;
/** Within this time a touch is as good as the one before: nobody needs to know when a room was touched to the second. */
const TOUCH_MS = 60_000;
/** A plug that wobbles is worth one event in this time. */
const PERIPHERAL_MS = 60_000;
const devices = ["camera", "microphone", "speaker"] as const;

/**
 * Tells the agent what the room does and what happened in it: activities, codes and seconds, never who, why or with whom.
 * Status is told whole with each change and with each new connection; events wait while the agent is away.
 */
export class RoomReporter {
	readonly #link: Speaker;
	readonly #clock: Clock;
	readonly #waiting: FromRoom[] = [];
	#snapshot: Snapshot | null = null;
	#status = "";
	#idleSince: number | null;
	#present: Record<(typeof devices)[number], boolean> | null = null;
	/** Whether the call that is on was verified when last seen. */
	#verified = false;
	#engineFailures = 0;
	/** Of each device that the room drives: what was last told, and when. */
	readonly #peripherals = new Map<string, { said: string; at: number }>();
	#cancelTick: () => void = () => {};
	#cancelPeripherals: () => void = () => {};

	constructor(options: { link: Speaker; clock: Clock; version: string }) {
		this.#link = options.link;
		this.#clock = options.clock;
		this.#idleSince = options.clock.now();
		this.#tell({ type: "program.started", data: { program: "room", version: options.version } });
		this.#link.events.on("opened", () => {
			for (const message of this.#waiting.splice(0)) this.#link.send(message);
			this.#status = "";
			this.#report();
		});
	}

	/** The room as it is now; null: there is none, and nothing is told of it. */
	saw(snapshot: Snapshot | null): void {
		const before = this.#snapshot;
		this.#snapshot = snapshot;
		if (!snapshot) {
			this.#status = "";
			this.#present = null;
			this.#cancelTick();
			this.#cancelPeripherals();
			return;
		}
		if (isOccupied(snapshot)) this.#idleSince = null;
		else this.#idleSince ??= this.#clock.now();
		this.#noteDevices(snapshot);
		this.#notePeripherals(snapshot);
		if (before) this.#noteScreen(before.screen, snapshot.screen);
		this.#report();
	}

	/** Somebody is at the panel. */
	touched(): void {
		const now = this.#clock.now();
		if (this.#idleSince === null || now - this.#idleSince < TOUCH_MS) return;
		this.#idleSince = now;
		this.#report();
	}

	engineFailed(): void {
		this.#engineFailures += 1;
		this.#tell({ type: "engine.failed", data: { code: "media.engine_failed", attempt: this.#engineFailures } });
	}

	stop(): void {
		this.#cancelTick();
		this.#cancelPeripherals();
	}

	#noteDevices({ missing }: Snapshot): void {
		// without an engine nobody knows what is plugged in
		if (missing.includes("engine")) return;
		const absent: readonly string[] = missing;
		const present = { camera: true, microphone: true, speaker: true };
		for (const kind of devices) present[kind] = !absent.includes(kind);
		const before = this.#present;
		this.#present = present;
		if (!before) return;
		for (const kind of devices) {
			if (present[kind] === before[kind]) continue;
			this.#tell({ type: "device.changed", data: { kind, present: present[kind] } });
		}
	}

	#notePeripherals(snapshot: Snapshot): void {
		this.#cancelPeripherals();
		const now = this.#clock.now();
		let wait = Number.POSITIVE_INFINITY;
		for (const data of toldPeripherals(snapshot)) {
			const said = `${data.state} ${data.failure}`;
			const before = this.#peripherals.get(data.id);
			// what is only being opened may be there in a moment
			if (data.state === "starting" || before?.said === said) continue;
			const left = before ? Math.min(PERIPHERAL_MS, before.at + PERIPHERAL_MS - now) : 0;
			if (left > 0) wait = Math.min(wait, left);
			else {
				this.#peripherals.set(data.id, { said, at: now });
				this.#tell({ type: "peripheral.changed", data });
			}
		}
		if (!Number.isFinite(wait)) return;
		this.#cancelPeripherals = this.#clock.after(wait, () => {
			if (this.#snapshot) this.#notePeripherals(this.#snapshot);
		});
	}

	#noteScreen(before: Screen, next: Screen): void {
		if (before.name === "trouble" && next.name !== "trouble") {
			this.#tell({ type: "trouble", data: { code: before.failure, over: true } });
		}
		if (next.name === "trouble" && before.name !== "trouble") {
			this.#tell({ type: "trouble", data: { code: next.failure, over: false } });
		}
		const wasCall = ["joining", "alone", "ringing-out", "call"].includes(before.name);
		if (wasCall && next.name === "ended") {
			const reason = next.failure ?? `call.${next.end ?? "left"}`;
			this.#callEnded(reason, Math.round(next.seconds));
		} else if (wasCall && next.name === "trouble") {
			const since = before.name === "call" ? before.since : null;
			const seconds = since === null ? 0 : Math.max(0, Math.round((this.#clock.now() - since) / 1000));
			this.#callEnded(next.failure, seconds);
		}
		if (next.name === "call") {
			// while it recovers the proof is made anew; what it was counts until another one says otherwise
			if (next.security !== "securing") this.#verified = next.security === "verified";
		} else this.#verified = false;
	}

	#callEnded(reason: string, seconds: number): void {
		this.#tell({ type: "call.ended", data: { reason, seconds, verified: this.#verified } });
	}

	#report(): void {
		const snapshot = this.#snapshot;
		if (!snapshot) return;
		const now = this.#clock.now();
		const status = roomStatus(snapshot, now);
		const { occupied } = snapshot.peripherals.hardware;
		const message = { t: "status", status, idleSince: this.#idleSince, occupied } as const;
		const text = JSON.stringify(message);
		if (text !== this.#status && this.#link.send(message)) this.#status = text;
		this.#cancelTick();
		const next = nextChange(snapshot, now);
		// at most an hour, so that a clock that is set can't make us miss it
		if (next !== null) this.#cancelTick = this.#clock.after(Math.min(next - now, 3_600_000), () => this.#report());
	}

	#tell(event: Event): void {
		const message = { t: "event", ts: this.#clock.now(), event } as const;
		if (this.#link.send(message)) return;
		this.#waiting.push(message);
		if (this.#waiting.length > MOST_EVENTS) this.#waiting.shift();
	}
}
