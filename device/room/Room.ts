import { type Actor, createActor, fromCallback } from "xstate";
import type { FailureReason } from "../contract/failure.ts";
import type { Intent } from "../contract/intents.ts";
import type { Locale, Snapshot } from "../contract/snapshot.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { RoomError } from "../core/RoomError.ts";
import { xstateClock } from "../core/xstateClock.ts";
import { allowed } from "./allowed.ts";
import { farMayTurn } from "./farTurning.ts";
import { EARLY_MS } from "./joinable.ts";
import { MediaFollower } from "./MediaFollower.ts";
import { type MediaPolicy, mediaPolicy, type RoomState } from "./mediaPolicy.ts";
import type {
	MediaPort,
	RingEvent,
	RingInput,
	RoomEffects,
	RoomEvent,
	SessionCommand,
	SessionEvent,
	SessionInput,
	WorldEvent,
} from "./ports.ts";
import { roomMachine } from "./roomMachine.ts";
import { roomSnapshot } from "./snapshot.ts";
import { tvScene } from "./tvScene.ts";

/** One running meeting. `stop` leaves it for good and is called once, whichever way the call ended. */
export interface RunningSession {
	tell(command: SessionCommand): void;
	stop(): void;
}

/** All that the composition root provides. */
export interface RoomPorts {
	/** Runs one meeting. What it throws at once becomes `room.unexpected`; later failures are `session.failed`. */
	session(input: SessionInput, say: (event: SessionEvent) => void): RunningSession;
	/** Rings one room; its `stop` takes the ring back unless it was answered. */
	ring(input: RingInput, say: (event: RingEvent) => void): { stop(): void };
	effects: RoomEffects;
	media: MediaPort;
	log: Log;
	clock: Clock;
	/** The machine itself broke, which nothing should bring about: the sources are closing, the program should start anew. */
	broken(): void;
}

export interface RoomOptions {
	name: string;
	seats: number | null;
	timeZone: string;
	locale: Locale;
	/** 0–100. */
	volume: number;
	directory: readonly { id: string; name: string }[];
}

/**
 * The room as the rest of the program meets it: events of the world go in by `tell`, touches by `intent`, and one snapshot comes out.
 * It runs the machine, lets the engine follow the media policy and draws the snapshot anew when something, or the time, changed.
 */
export class Room {
	readonly #options: RoomOptions;
	readonly #ports: RoomPorts;
	readonly #policy: MediaPolicy;
	readonly #actor: Actor<typeof roomMachine>;
	readonly #media: MediaFollower;
	readonly #listeners = new Set<() => void>();
	readonly #effects = new Set<() => void>();
	/** The far end may turn the camera, and perhaps does. */
	#farTurns = false;
	#rev = 0;
	#snapshot: Snapshot;
	#cancelTick: () => void = () => {};
	#stopped = false;

	/** @param policy and `machine` are the product's unless a test shows that a worse one would be noticed */
	constructor(
		options: RoomOptions,
		ports: RoomPorts,
		policy: MediaPolicy = mediaPolicy,
		machine: typeof roomMachine = roomMachine,
	) {
		this.#options = options;
		this.#ports = ports;
		this.#policy = policy;
		this.#media = new MediaFollower(ports.media, {
			onError: (thrown) => this.#report(thrown, "media.step_failed"),
			onStuckOpen: () => this.#guarded(() => ports.effects.restartEngine()),
		});
		const provided = machine.provide({
			actors: {
				session: fromCallback<SessionCommand, SessionInput, SessionEvent>(({ input, sendBack, receive }) => {
					const session = ports.session(input, sendBack);
					receive((command) => this.#guarded(() => session.tell(command)));
					return this.#running(session);
				}),
				ring: fromCallback<RoomEvent, RingInput, RingEvent>(({ input, sendBack }) => {
					return this.#running(ports.ring(input, sendBack));
				}),
			},
			actions: {
				answerRing: (_, { ring, answer }) => this.#guarded(() => ports.effects.answerRing(ring, answer)),
				restartEngine: () => this.#guarded(() => ports.effects.restartEngine()),
				turnByFar: (_, wish) => this.#guarded(() => ports.effects.turnByFar(wish)),
			},
		});
		this.#actor = createActor(provided, {
			clock: xstateClock(ports.clock),
			input: {
				now: () => ports.clock.now(),
				name: options.name,
				seats: options.seats,
				locale: options.locale,
				volume: options.volume,
				directory: options.directory,
			},
		});
		this.#snapshot = this.#draw();
	}

	start(): void {
		this.#actor.subscribe({
			next: () => this.#refresh(),
			// Nothing in the machine throws on purpose. If it does all the same, what is open must close.
			error: () => {
				this.#ports.log.write("error", "error.unexpected", { code: "room.unexpected" });
				this.#follow();
				this.#stopEffects();
				this.#ports.broken();
			},
		});
		this.#actor.start();
		this.#refresh();
	}

	/** Ends a call in progress, closes the sources; resolves once the engine was told. */
	async stop(): Promise<void> {
		this.#stopped = true;
		this.#actor.stop();
		this.#stopEffects();
		this.#cancelTick();
		this.#follow();
		await this.#media.settled();
	}

	/** What the surroundings report. */
	tell(event: WorldEvent): void {
		if (!this.#stopped) this.#actor.send(event);
	}

	/** A touch in this room: the only way in for what may open a source. */
	intent(intent: Intent): "ack" | "panel.not_now" {
		if (this.#stopped) return "panel.not_now";
		this.#refresh();
		if (!allowed(intent, this.#snapshot)) return "panel.not_now";
		this.#actor.send(intent);
		return "ack";
	}

	snapshot(): Snapshot {
		return this.#snapshot;
	}

	/** Calls back when `snapshot()` gives something new; the returned function ends it. */
	onSnapshot(callback: () => void): () => void {
		this.#listeners.add(callback);
		return () => this.#listeners.delete(callback);
	}

	/** Keeps a started effect, and gives what stops it, once. */
	#running(effect: { stop(): void }): () => void {
		const stop = () => {
			if (this.#effects.delete(stop)) this.#guarded(() => effect.stop());
		};
		this.#effects.add(stop);
		return stop;
	}

	/** A machine that broke leaves its actors running, and nobody to tell them. */
	#stopEffects(): void {
		for (const stop of [...this.#effects]) stop();
	}

	#report(thrown: unknown, code: string): void {
		this.#ports.log.write("warn", "error.unexpected", { code: RoomError.from(thrown, code).code });
	}

	/** An effect that throws must not take the machine with it. */
	#guarded(effect: () => void): void {
		try {
			effect();
		} catch (thrown) {
			this.#report(thrown, "room.unexpected");
		}
	}

	#draw(): Snapshot {
		return roomSnapshot(this.#actor.getSnapshot(), {
			rev: this.#rev,
			now: this.#ports.clock.now(),
			timeZone: this.#options.timeZone,
		});
	}

	/** Draws anew; tells the listeners only what is new beside the time of day. */
	#refresh(): void {
		const before = this.#snapshot;
		const next = this.#draw();
		this.#planTick(next);
		if (this.#rev > 0 && sameBesidesNow(before, next)) {
			this.#follow();
			return;
		}
		this.#rev += 1;
		this.#snapshot = { ...next, rev: this.#rev };
		this.#logStep(before, next);
		this.#follow();
		for (const listener of [...this.#listeners]) listener();
	}

	#follow(): void {
		const state = this.#actor.getSnapshot();
		this.#followFarTurns(state);
		const { engineUp, engineEpoch, volume } = state.context;
		this.#media.follow({
			epoch: engineUp ? engineEpoch : null,
			sources: this.#policy(state),
			volume,
			tv: tvScene(this.#snapshot),
		});
	}

	/** Whichever way the far end comes to be no longer allowed, what it moves stops. */
	#followFarTurns(state: RoomState): void {
		const may = state.status === "active" && state.matches({ call: "connected" }) && farMayTurn(state.context);
		if (this.#farTurns && !may) this.#guarded(() => this.#ports.effects.turnByFar({ do: "release" }));
		this.#farTurns = may;
	}

	/** Time alone changes the agenda: an entry becomes joinable ten minutes early, and goes when it is over. */
	#planTick(snapshot: Snapshot): void {
		this.#cancelTick();
		const now = snapshot.now;
		const times = snapshot.agenda.entries.flatMap((entry) => [entry.start - EARLY_MS, entry.end]);
		const next = Math.min(...times.filter((time) => time > now));
		if (next === Number.POSITIVE_INFINITY) return;
		// At most an hour, so that a clock that is set, or a timer's limit of 24 days, can't make the room miss it.
		this.#cancelTick = this.#ports.clock.after(Math.min(next - now, 3_600_000), () => this.#refresh());
	}

	#logStep({ screen: before }: Snapshot, { screen: next }: Snapshot): void {
		const name = next.name === "call" ? next.phase : next.name;
		const { log } = this.#ports;
		if (name !== (before.name === "call" ? before.phase : before.name))
			log.write("info", "call.state", { state: name });
		if (next.name === "ended" && before.name !== "ended") {
			const reason: FailureReason | string = next.failure ?? next.end ?? "left";
			log.write("info", "call.ended", { reason, seconds: next.seconds });
		}
	}
}

function sameBesidesNow(a: Snapshot, b: Snapshot): boolean {
	return JSON.stringify({ ...a, now: 0, rev: 0 }) === JSON.stringify({ ...b, now: 0, rev: 0 });
}
