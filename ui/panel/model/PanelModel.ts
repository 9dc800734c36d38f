import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { DeviceFrame } from "../../../device/contract/deviceFrame.ts";
import type { Intent } from "../../../device/contract/intents.ts";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
import { PanelSocket } from "./PanelSocket.ts";
import { Steering } from "./Steering.ts";

/** What a person opened on this panel beside what the device says; another panel of the room doesn't follow it. */
export type Aside = "rooms" | "link" | "compare" | "camera" | "display" | "more" | "service" | "reset" | null;

/** What is said for a moment: the device refused a touch, or hardware holds what was touched. */
export type Notice = "refused" | "microphone-held" | "camera-held";

/** The two levels that a person turns in steps: of the call, and of the display. */
type LevelIntent = Extract<Intent, { level: number }>;
const isLevel = (intent: Intent): intent is LevelIntent => "level" in intent;

/** Waiting for the change that an acknowledged touch should bring; if none comes, the touch changed nothing. */
const SETTLED_MS = 1500;
/** How long "not now" stands. */
const NOTICE_MS = 4000;
/** The panel goes back to its clock when nobody touched it for so long. */
const FORGOTTEN_MS = 90_000;

interface Pending {
	key: string;
	acked: boolean;
}

/** Which button a touch belongs to. Two agenda entries have two Join buttons; everything else there is once. */
export function keyOf(intent: Intent): string {
	if (intent.type === "panel.join") return `${intent.type} ${intent.entry}`;
	if (intent.type === "panel.call") return `${intent.type} ${intent.room}`;
	if (intent.type === "panel.answer") return `${intent.type} ${intent.camera}`;
	if (intent.type === "panel.update") return `${intent.type} ${intent.now}`;
	if (intent.type === "panel.compare") return `${intent.type} ${intent.same}`;
	if (intent.type === "panel.preset_recall" || intent.type === "panel.preset_store") {
		return `${intent.type} ${intent.number}`;
	}
	return intent.type;
}

/** The device's snapshot as it came, the state of the line, and the touches that wait for an answer. */
export class PanelModel {
	readonly #snapshot = signal<Snapshot | null>(null);
	readonly #lost = signal(false);
	readonly #microphoneLevel = signal(0);
	readonly #pending = signal<ReadonlyMap<number, Pending>>(new Map());
	readonly #notice = signal<Notice | null>(null);
	readonly #levelsWanted = signal<Partial<Record<LevelIntent["type"], number>>>({});
	readonly #now = signal(Date.now());
	readonly #connections = signal(0);
	readonly #untouchedMs = signal(0);
	readonly #socket: PanelSocket;
	/** By the page's own clock, which nobody sets. */
	#touchedAt = performance.now();
	/** The connection, by its number, whose first picture was told of. */
	#told = 0;
	#clockOffset = 0;
	#ids = 0;
	#noticeTimer: ReturnType<typeof setTimeout> | undefined;

	readonly snapshot: ReadonlySignal<Snapshot | null> = this.#snapshot;
	/** No contact with the device: what is drawn may be old. */
	readonly lost: ReadonlySignal<boolean> = this.#lost;
	readonly microphoneLevel: ReadonlySignal<number> = this.#microphoneLevel;
	readonly notice: ReadonlySignal<Notice | null> = this.#notice;
	/** The room's time in milliseconds, by the second. */
	readonly now: ReadonlySignal<number> = this.#now;
	/** Grows with each connection, so that previews are asked for anew. */
	readonly connections: ReadonlySignal<number> = this.#connections;
	/** Milliseconds (by the second) since someone last touched this panel. */
	readonly untouchedMs: ReadonlySignal<number> = this.#untouchedMs;
	readonly aside = signal<Aside>(null);
	readonly volume = computed(() => this.#levelsWanted.value["panel.volume"] ?? this.#snapshot.value?.media.volume ?? 0);
	/** Null: the display has none, or has not said it. */
	readonly displayVolume = computed(
		() => this.#levelsWanted.value["panel.display_volume"] ?? this.#snapshot.value?.peripherals.display?.volume ?? null,
	);
	readonly steering = new Steering((intent) => this.#tell(intent));

	constructor(url: string) {
		this.#socket = new PanelSocket(url, {
			frame: (frame) => this.#take(frame),
			opened: () => {
				batch(() => {
					this.#connections.value += 1;
					this.#forgetTouches();
					this.steering.connected();
				});
			},
			lost: () => {
				batch(() => {
					this.#lost.value = true;
					this.#microphoneLevel.value = 0;
					this.#forgetTouches();
					this.steering.end();
				});
			},
			foreign: reloadOnce,
		});
		this.#tick();
		// What was opened aside belongs to the screen that it was opened on.
		let screen = "";
		effect(() => {
			const name = this.#snapshot.value?.screen.name ?? "";
			if (name !== screen) this.aside.value = null;
			screen = name;
		});
		effect(() => {
			const atRest = this.#snapshot.value?.screen.name === "resting";
			if (atRest && this.untouchedMs.value > FORGOTTEN_MS) this.aside.value = null;
		});
	}

	/** Asks the device; the button's touch is marked until the device has answered and drawn. */
	send(intent: Intent): void {
		const id = this.#tell(intent);
		if (id === null) return;
		if (isLevel(intent)) this.#levelsWanted.value = { ...this.#levelsWanted.value, [intent.type]: intent.level };
		this.#pending.value = new Map(this.#pending.value).set(id, { key: keyOf(intent), acked: false });
	}

	/** Somebody looks at the rooms that can be called: who is there is wanted. No button waits for it. */
	look(): void {
		this.#tell({ type: "panel.look" });
	}

	/** Whether this very touch still waits. */
	isPending(intent: Intent): boolean {
		const key = keyOf(intent);
		return [...this.#pending.value.values()].some((pending) => pending.key === key);
	}

	/** Says for a moment why a touch did nothing. */
	explain(notice: Notice): void {
		this.#notice.value = notice;
		clearTimeout(this.#noticeTimer);
		this.#noticeTimer = setTimeout(() => {
			this.#notice.value = null;
		}, NOTICE_MS);
	}

	/** Someone is here: the panel is bright, and an opened page stays open. */
	touched(): void {
		this.#touchedAt = performance.now();
		this.#untouchedMs.value = 0;
	}

	#take(frame: Exclude<DeviceFrame, { t: "ping" }>): void {
		if (frame.t === "levels") {
			this.#microphoneLevel.value = frame.microphone;
			return;
		}
		batch(() => {
			if (frame.t === "snapshot") return this.#draw(frame.snapshot);
			const acked = frame.t === "ack";
			if (this.steering.answered(frame.id, acked)) return;
			if (acked) return this.#acked(frame.id);
			this.#settle(frame.id);
			this.explain("refused");
		});
	}

	#draw(snapshot: Snapshot): void {
		this.#clockOffset = snapshot.now - Date.now();
		this.#lost.value = false;
		this.#now.value = snapshot.now;
		this.#snapshot.value = snapshot;
		for (const [id, pending] of this.#pending.value) if (pending.acked) this.#settle(id);
		if (this.#told !== this.#connections.value) this.#tellPainted();
	}

	/** The second frame begins when the first one has been given to the screen. */
	#tellPainted(): void {
		this.#told = this.#connections.value;
		requestAnimationFrame(() => requestAnimationFrame(() => this.#socket.send({ t: "painted" })));
	}

	#acked(id: number): void {
		const pending = this.#pending.value.get(id);
		if (!pending) return;
		this.#pending.value = new Map(this.#pending.value).set(id, { ...pending, acked: true });
		setTimeout(() => this.#settle(id), SETTLED_MS);
	}

	#settle(id: number): void {
		if (!this.#pending.value.has(id)) return;
		const rest = new Map(this.#pending.value);
		rest.delete(id);
		this.#pending.value = rest;
		const asked = [...rest.values()].map(({ key }) => key);
		const wanted = Object.entries(this.#levelsWanted.value).filter(([type]) => asked.includes(type));
		this.#levelsWanted.value = Object.fromEntries(wanted);
	}

	#forgetTouches(): void {
		this.#pending.value = new Map();
		this.#levelsWanted.value = {};
	}

	/** Sends it, and returns its id; null where there is no connection. */
	#tell(intent: Intent): number | null {
		const id = ++this.#ids;
		return this.#socket.send({ t: "intent", id, intent }) ? id : null;
	}

	/** Ticks on the room's full second, so that the clock changes when the room's other clocks do. */
	#tick(): void {
		const now = Date.now() + this.#clockOffset;
		this.#now.value = now;
		this.#untouchedMs.value = performance.now() - this.#touchedAt;
		setTimeout(() => this.#tick(), 1000 - (now % 1000) + 5);
	}
}

/** The page of an older version: the device's own page is newer. Not more than once a minute, so that it can't run in circles. */
function reloadOnce(): void {
	const last = Number(sessionStorage.getItem("reloaded") ?? 0);
	if (Date.now() - last < 60_000) return;
	sessionStorage.setItem("reloaded", String(Date.now()));
	location.reload();
}
