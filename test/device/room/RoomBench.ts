import { expect } from "vitest";
import type { Source } from "../../../device/contract/snapshot.ts";
import { ManualClock } from "../../../device/core/clock.ts";
import { silentLog } from "../../../device/core/log.ts";
import type { MediaPolicy } from "../../../device/room/mediaPolicy.ts";
import type {
	ForSources,
	MediaPort,
	RingAnswer,
	RingEvent,
	RingInput,
	RoomEffects,
	RoomEntry,
	SessionCommand,
	SessionEvent,
	SessionInput,
	TvScene,
} from "../../../device/room/ports.ts";
import { Room } from "../../../device/room/Room.ts";
import type { roomMachine } from "../../../device/room/roomMachine.ts";

export const START = Date.UTC(2026, 10, 23, 9, 0);
const MINUTE = 60_000;

export const LINK = `http://127.0.0.1:8080/j/${"m".repeat(22)}#1.${"s".repeat(43)}.${"p".repeat(43)}`;

/** An engine as the room sees it: it comes up closed, opens what it is told to, and can crash. */
export class SimulatedEngine implements MediaPort {
	readonly steps: string[] = [];
	volume = -1;
	tv: TvScene | null = null;
	restarts = 0;
	/** A step of this name fails. */
	failing: "setSources" | "setMuted" | null = null;
	#open: ForSources<boolean> = { microphone: false, camera: false };
	#muted: ForSources<boolean> = { microphone: false, camera: false };
	/** Called each time that what leaves the sources may have changed. */
	onState: (state: ForSources<"closed" | "muted" | "open">) => void = () => {};

	get state(): ForSources<"closed" | "muted" | "open"> {
		const one = (kind: "microphone" | "camera") =>
			!this.#open[kind] ? "closed" : this.#muted[kind] ? "muted" : "open";
		return { microphone: one("microphone"), camera: one("camera") };
	}

	reset(): void {
		this.#open = { microphone: false, camera: false };
		this.#muted = { microphone: false, camera: false };
		this.onState(this.state);
	}

	async setSources(open: ForSources<boolean>): Promise<void> {
		this.#step("setSources", open);
		this.#open = { ...open };
		this.onState(this.state);
	}

	async setMuted(muted: ForSources<boolean>): Promise<void> {
		this.#step("setMuted", muted);
		this.#muted = { ...muted };
		this.onState(this.state);
	}

	async setVolume(level: number): Promise<void> {
		this.volume = level;
	}

	async setTv(scene: TvScene): Promise<void> {
		this.tv = scene;
	}

	#step(name: "setSources" | "setMuted", what: ForSources<boolean>): void {
		this.steps.push(`${name} ${what.microphone ? "m" : "-"}${what.camera ? "c" : "-"}`);
		if (this.failing === name) throw new Error("the simulated engine refuses");
	}
}

export function entry(change: Partial<RoomEntry> = {}): RoomEntry {
	return {
		id: "entry",
		title: null,
		start: START + 5 * MINUTE,
		end: START + 65 * MINUTE,
		link: LINK,
		why: null,
		service: null,
		...change,
	};
}

export const openSource: Source = { state: "open", flowing: true, device: "Synthetic" };

/** A whole room on a standing clock, with simulated surroundings: what the machine asks of them is kept for the test to see. */
export class RoomBench {
	readonly clock = new ManualClock(START);
	readonly engine = new SimulatedEngine();
	readonly answers: { ring: string; answer: RingAnswer }[] = [];
	readonly commands: SessionCommand[] = [];
	readonly sessions: SessionInput[] = [];
	readonly rings: RingInput[] = [];
	/** What the far end was let do with the camera. */
	readonly turns: Parameters<RoomEffects["turnByFar"]>[0][] = [];
	broken = 0;
	/** The running session's way to speak; null while none runs. */
	session: ((event: SessionEvent) => void) | null = null;
	ring: ((event: RingEvent) => void) | null = null;
	/** Session and ring throw at their start. */
	failing = false;
	readonly room: Room;
	#told: ForSources<boolean> | null = null;

	constructor(policy?: MediaPolicy, machine?: typeof roomMachine) {
		this.room = new Room(
			{
				name: "Berlin",
				seats: 8,
				timeZone: "Europe/Berlin",
				locale: "de",
				volume: 70,
				directory: [{ id: "muenchen-01", name: "München" }],
			},
			{
				session: (input, say) => {
					if (this.failing) throw new Error("the simulated session refuses to start");
					this.sessions.push(input);
					this.session = say;
					this.#told = input.wish;
					return {
						tell: (command) => {
							if (!this.session) return;
							this.commands.push(command);
							if (command.type === "session.media")
								this.#told = { microphone: command.microphone, camera: command.camera };
						},
						stop: () => {
							this.session = null;
							this.#told = null;
						},
					};
				},
				ring: (input, say) => {
					if (this.failing) throw new Error("the simulated ring refuses to start");
					this.rings.push(input);
					this.ring = say;
					return {
						stop: () => {
							this.ring = null;
						},
					};
				},
				effects: {
					answerRing: (ring, answer) => this.answers.push({ ring, answer }),
					turnByFar: (wish) => this.turns.push(wish),
					restartEngine: () => {
						this.engine.restarts += 1;
					},
				},
				media: this.engine,
				log: silentLog,
				clock: this.clock,
				broken: () => {
					this.broken += 1;
				},
			},
			policy,
			machine,
		);
		this.room.start();
	}

	/** Everything up, one meeting due. */
	ready(): this {
		this.room.tell({ type: "engine.up" });
		this.room.tell({ type: "broker.up" });
		this.room.tell({ type: "calendar.changed", entries: [entry()], failure: null });
		return this;
	}

	crash(): void {
		this.engine.reset();
		this.room.tell({ type: "engine.down" });
	}

	get screen() {
		return this.room.snapshot().screen;
	}

	/** What the far end was last told of our sources; null outside a session. */
	get toldFarEnd(): ForSources<boolean> | null {
		return this.#told;
	}

	/** Lets the engine's promises run out. */
	async settled(): Promise<void> {
		for (let turn = 0; turn < 20; turn++) await Promise.resolve();
	}
}

export const connectedEvent: Extract<SessionEvent, { type: "session.connected" }> = {
	type: "session.connected",
	far: { name: "Guest", kind: "guest", microphone: true, camera: true },
	security: "encrypted",
	code: [1, 2, 3, 4, 5, 6, 7],
	key: "new",
};

/** A room on its way into the meeting that is due. */
export function joinedRoom(): RoomBench {
	const bench = new RoomBench().ready();
	expect(bench.room.intent({ type: "panel.join", entry: "entry" })).toBe("ack");
	return bench;
}

/** The same, in its call. */
export function connectedRoom(): RoomBench {
	const bench = joinedRoom();
	bench.session?.({ type: "session.securing" });
	bench.session?.(connectedEvent);
	return bench;
}
