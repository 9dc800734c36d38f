import type { RawData, WebSocket } from "ws";
import type { DeviceFrame } from "../contract/deviceFrame.ts";
import { type Intent, panelFrame } from "../contract/intents.ts";
import type { Clock } from "../core/clock.ts";
import { RateLimit } from "../core/RateLimit.ts";

export type FrameRefusal = "panel.malformed" | "panel.too_fast" | "panel.too_large" | "panel.silent";

/** Bytes that wait for a slow panel before snapshots and levels are held back. */
const BEHIND_BYTES = 256 * 1024;
/** Three pings fit in the 2 s after which the panel says that its connection is lost. */
const PING_MS = 600;
/**
 * A panel that leaves so many unanswered is gone: 6 s, longer than the panel's own 2 s, so that the panel is the first to say it. Pings
 * are counted, not time: a clock that is set, or a stall of this program, is no silence of the panel's.
 */
const UNANSWERED_PINGS = 10;
/** Nobody touches a panel so often; volume by thumb sends ten a second. */
const touches = { burst: 40, perSecond: 20 };
/** A thumb on the camera, which may say where it is with every picture of the screen; the room makes few motions of it. */
const moves = { burst: 120, perSecond: 60 };
/** Thumbs of one panel whose release the room would be told for it. */
const MOST_HOLDS = 16;
/** A panel of ours never sends a malformed frame: after so many, whatever speaks here isn't one. */
const MALFORMED_FRAMES = 20;

export interface PanelConnectionOptions {
	clock: Clock;
	intent(intent: Intent): "ack" | "panel.not_now";
	/** The newest snapshot as a frame, already written. */
	snapshotFrame(): string;
	refused(code: FrameRefusal): void;
	closed(): void;
}

/** One panel on its socket: takes touches, is sent the newest snapshot as fast as it can take it, and never holds up another panel. */
export class PanelConnection {
	readonly #socket: WebSocket;
	readonly #options: PanelConnectionOptions;
	readonly #limit: RateLimit;
	readonly #moveLimit: RateLimit;
	/** Thumbs that are down on this panel, as far as it said. */
	readonly #holds = new Set<string>();
	#behind = false;
	#painted = false;
	#malformed = 0;
	#unanswered = 0;
	#cancelPing: () => void = () => {};

	constructor(socket: WebSocket, options: PanelConnectionOptions) {
		this.#socket = socket;
		this.#options = options;
		this.#limit = new RateLimit(options.clock, touches);
		this.#moveLimit = new RateLimit(options.clock, moves);
		socket.on("message", (data, binary) => this.#take(data, binary));
		socket.on("error", (error: Error & { code?: string }) => {
			options.refused(error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" ? "panel.too_large" : "panel.malformed");
		});
		socket.on("close", () => {
			this.#cancelPing();
			// a panel that is gone holds nothing any more
			for (const hold of this.#holds) options.intent({ type: "panel.camera_stop", hold });
			options.closed();
		});
		this.sendSnapshot();
		this.#schedulePing();
	}

	/** Whether the panel has said that it has drawn. */
	get painted(): boolean {
		return this.#painted;
	}

	/** Sends the newest snapshot; a panel that is behind gets the then newest once it has caught up. */
	sendSnapshot(): void {
		if (this.#socket.readyState !== this.#socket.OPEN) return;
		if (this.#socket.bufferedAmount > BEHIND_BYTES) {
			this.#behind = true;
			return;
		}
		this.#behind = false;
		this.#socket.send(this.#options.snapshotFrame(), () => this.#catchUp());
	}

	/** Levels are worth nothing late: a panel that is behind does without. */
	sendLevels(frame: string): void {
		if (this.#socket.readyState !== this.#socket.OPEN || this.#socket.bufferedAmount > 0) return;
		this.#socket.send(frame);
	}

	/** Ends the socket without waiting for the other side. */
	terminate(): void {
		this.#socket.terminate();
	}

	#catchUp(): void {
		if (this.#behind && this.#socket.bufferedAmount <= BEHIND_BYTES) this.sendSnapshot();
	}

	#take(data: RawData, binary: boolean): void {
		this.#unanswered = 0;
		const parsed = binary ? ({ ok: false, id: -1 } as const) : parseFrame(String(data));
		if (!parsed.ok) this.#refuseMalformed(parsed.id);
		else if (parsed.frame.t === "intent") this.#takeIntent(parsed.frame.id, parsed.frame.intent);
		else if (parsed.frame.t === "painted") this.#painted = true;
	}

	#takeIntent(id: number, intent: Intent): void {
		if (!this.#mayTake(intent)) {
			this.#options.refused("panel.too_fast");
			this.#send({ t: "refused", id, code: "panel.not_now" });
			return;
		}
		const answer = this.#options.intent(intent);
		if (answer === "ack") this.#noteHold(intent);
		this.#send(answer === "ack" ? { t: "ack", id } : { t: "refused", id, code: "panel.not_now" });
	}

	/** A stop is never too much: what moves must be stoppable. */
	#mayTake({ type }: Intent): boolean {
		if (type === "panel.camera_stop") return true;
		return (type === "panel.camera_move" ? this.#moveLimit : this.#limit).take();
	}

	#noteHold(intent: Intent): void {
		if (intent.type !== "panel.camera_stop" && intent.type !== "panel.camera_move") return;
		this.#holds.delete(intent.hold);
		if (intent.type === "panel.camera_move") this.#holds.add(intent.hold);
		const [oldest] = this.#holds;
		if (oldest !== undefined && this.#holds.size > MOST_HOLDS) this.#holds.delete(oldest);
	}

	#refuseMalformed(id: number): void {
		this.#options.refused("panel.malformed");
		this.#malformed += 1;
		if (this.#malformed >= MALFORMED_FRAMES) this.#socket.close(1008);
		else this.#send({ t: "refused", id, code: "panel.malformed" });
	}

	#send(frame: DeviceFrame): void {
		if (this.#socket.readyState !== this.#socket.OPEN) return;
		// Who sends without ever reading would grow our memory with answers.
		if (this.#socket.bufferedAmount > 2 * BEHIND_BYTES) this.#socket.terminate();
		else this.#socket.send(JSON.stringify(frame), () => this.#catchUp());
	}

	#schedulePing(): void {
		this.#cancelPing = this.#options.clock.after(PING_MS, () => {
			if (this.#unanswered >= UNANSWERED_PINGS) {
				this.#options.refused("panel.silent");
				return this.#socket.terminate();
			}
			this.#unanswered += 1;
			this.#send({ t: "ping" });
			this.#schedulePing();
		});
	}
}

type Parsed = { ok: true; frame: ReturnType<typeof panelFrame.parse> } | { ok: false; id: number };

function parseFrame(text: string): Parsed {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return { ok: false, id: -1 };
	}
	const parsed = panelFrame.safeParse(value);
	if (parsed.success) return { ok: true, frame: parsed.data };
	const id = typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
	return { ok: false, id: typeof id === "number" ? id : -1 };
}
