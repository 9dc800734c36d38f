import { assign, fromCallback, sendTo, setup } from "xstate";
import type { EndReason, FailureReason } from "../contract/failure.ts";
import { RoomError } from "../core/RoomError.ts";
import { type CallData, closedSource, newCall, type RoomContext, type RoomInput, unknownFarEnd } from "./context.ts";
import { askable, farMayTurn, turnOffer } from "./farTurning.ts";
import { flowing, nextHold, touched } from "./hold.ts";
import { obstacle } from "./joinable.ts";
import type {
	CallOrigin,
	ForSources,
	RingAnswer,
	RingEvent,
	RingInput,
	RoomEvent,
	SessionCommand,
	SessionEvent,
	SessionInput,
	TurnWish,
} from "./ports.ts";

/** Three crashes of the engine within this time are a crash loop. */
export const CRASH_LOOP = { count: 3, withinMs: 30_000 } as const;

/** Pause before the n-th try to come out of trouble. One engine on one machine: nothing to spread, so no jitter. */
export function troublePauseMs(attempt: number): number {
	return Math.min(300_000, 10_000 * 2 ** Math.min(attempt, 10));
}

/** Said by an effect that the composition root forgot; the machine's `onError` turns it into `room.unexpected`. */
function unprovided(): never {
	throw new RoomError("room.unexpected", "an actor of the room machine was not provided");
}

const closed = { microphone: "closed", camera: "closed" } as const;

/** Applies a change to the call in progress; without a call nothing changes. */
function inCall(context: RoomContext, change: (call: CallData) => Partial<CallData>): Partial<RoomContext> {
	return context.call ? { call: { ...context.call, ...change(context.call) } } : {};
}

/**
 * Types, effects by name, guards and the small steps that the states are made of. Decisions only: the actors `session` and `ring`
 * and the actions `answerRing`, `turnByFar` and `restartEngine` are given by `provide()`, sources follow `mediaPolicy` (see `MediaFollower`).
 */
export const roomSetup = setup({
	types: {
		context: {} as RoomContext,
		events: {} as RoomEvent,
		input: {} as RoomInput,
		children: {} as { session: "session"; ring: "ring" },
	},
	actors: {
		session: fromCallback<SessionCommand, SessionInput, SessionEvent>(unprovided),
		ring: fromCallback<RoomEvent, RingInput, RingEvent>(unprovided),
	},
	delays: {
		slow: 10_000,
		joinLimit: 45_000,
		recoverLimit: 45_000,
		/** Nobody came: a room left alone with open sources is closed. */
		aloneLimit: 30 * 60_000,
		ringLimit: 30_000,
		endedShown: 20_000,
		troublePause: ({ context }) => troublePauseMs(context.trouble?.attempt ?? 0),
		/** So long must the engine live before the room leaves trouble. */
		settle: 5_000,
	},
	guards: {
		engineUp: ({ context }) => context.engineUp,
		joinable: ({ context, event }) => {
			if (event.type !== "panel.join" || !context.engineUp) return false;
			const entry = context.entries.find((one) => one.id === event.entry);
			return entry !== undefined && obstacle(entry, context.now()) === null;
		},
		callable: ({ context, event }) =>
			event.type === "panel.call" &&
			context.engineUp &&
			context.brokerUp &&
			context.directory.some((room) => room.id === event.room),
		crashLoop: ({ context }) => {
			const since = context.now() - CRASH_LOOP.withinMs;
			return context.engineDowns.filter((at) => at > since).length + 1 >= CRASH_LOOP.count;
		},
		/** The ring that is meant is the one that rings, or for a new one a late copy of the last: the broker may deliver twice. */
		sameRing: ({ context, event }) =>
			(event.type === "ring.incoming" && context.lastRing === event.ring) ||
			(event.type === "ring.cancelled" && context.ringIn?.ring === event.ring),
		/** In a ringed call both rooms are on their way: being first there for a moment is not being alone. */
		waitsAlone: ({ context }) => context.call?.origin !== "ring" && context.call?.origin !== "answer",
		farMayTurn: ({ context }) => farMayTurn(context),
		codeDiffers: ({ context, event }) => event.type === "panel.compare" && !event.same && context.call?.code != null,
		codeEqual: ({ context, event }) => event.type === "panel.compare" && event.same && context.call?.code != null,
	},
	actions: {
		answerRing: (_, _params: { ring: string; answer: RingAnswer }) => unprovided(),
		restartEngine: () => unprovided(),
		turnByFar: (_, _wish: TurnWish) => unprovided(),

		/** Sets the wish for sources: only transitions on a touch use it. */
		wish: assign(({ context: { holds } }, wish: ForSources<"closed" | "open">) => ({
			wish: { ...wish },
			holds: {
				microphone: wish.microphone === "open" ? touched(holds.microphone) : holds.microphone,
				camera: wish.camera === "open" ? touched(holds.camera) : holds.camera,
			},
		})),
		setMicrophone: assign(({ context }, on: boolean) => turned(context, "microphone", on)),
		setCamera: assign(({ context }, on: boolean) => turned(context, "camera", on)),
		noteHardware: assign(({ context: { holds }, event }) =>
			event.type !== "hardware.changed"
				? {}
				: {
						hardware: { muteKey: event.muteKey, shutterClosed: event.shutterClosed, occupied: event.occupied },
						holds: {
							microphone: nextHold(holds.microphone, event.muteKey),
							camera: nextHold(holds.camera, event.shutterClosed),
						},
					},
		),
		noteEquipment: assign(({ event }) => (event.type === "equipment.changed" ? { equipment: event.equipment } : {})),
		tellMedia: sendTo("session", ({ context }) => ({
			type: "session.media" as const,
			...flowing(context),
			turn: turnOffer(context),
		})),
		/** Only a touch lets the far end turn the camera. */
		letFarTurn: assign(({ context }, on: boolean) =>
			inCall(context, () => ({ farTurns: on && askable(context.equipment) })),
		),
		tellCompared: sendTo("session", { type: "session.compare" as const, same: true }),
		tellDiffers: sendTo("session", { type: "session.compare" as const, same: false }),

		startCall: assign(({ context }, params: { origin: CallOrigin; link: string | null }) => ({
			call: newCall(params.origin, params.link, context.now()),
			outcome: null,
		})),
		/** Leaving a call by any path closes the sources. */
		closeSources: assign({ wish: closed }),
		/** At rest and in trouble nothing is open and no meeting is remembered, whichever way led there. */
		forgetAll: assign({ call: null, wish: closed, ringIn: null, ringOut: null }),
		end: assign(({ context }, params: { end?: EndReason; failure?: FailureReason }) => ({
			outcome: {
				end: params.end ?? null,
				failure: params.failure ?? null,
				seconds: Math.round((context.call?.connectedMs ?? 0) / 1000),
			},
		})),
		forgetRings: assign({ ringIn: null, ringOut: null }),
		clearOutcome: assign({ outcome: null }),

		markSlow: assign(({ context }) => inCall(context, () => ({ slow: true }))),
		restartConnecting: assign(({ context }) =>
			inCall(context, () => ({ slow: false, startedAt: context.now(), security: "securing", code: null })),
		),
		noteAlone: assign(({ context }, guestLink: string) =>
			inCall(context, (call) => ({
				guestLink,
				far: unknownFarEnd(call.origin),
				security: "securing",
				code: null,
				compared: false,
				key: null,
				farTurns: false,
			})),
		),
		noteSecuring: assign(({ context, event }) =>
			inCall(context, (call) => ({
				far: event.type === "session.securing" && event.far ? event.far : call.far,
				farEndGone: false,
			})),
		),
		noteProof: assign(({ context, event }) =>
			event.type !== "session.connected"
				? {}
				: inCall(context, (call) => {
						// A comparison is worth something for the key that was compared, and for no other.
						const compared = call.compared && event.sameFarEnd === true;
						const farTurns = call.farTurns && event.sameFarEnd === true;
						return {
							far: event.far,
							code: event.code,
							key: event.key,
							compared,
							farTurns,
							security: compared ? "verified" : event.security,
							farEndGone: false,
						};
					}),
		),
		noteFarMedia: assign(({ context }, media: ForSources<boolean>) =>
			inCall(context, (call) => ({ far: { ...call.far, ...media } })),
		),
		noteFarEndGone: assign(({ context }) => inCall(context, () => ({ farEndGone: true }))),
		noteCompared: assign(({ context }) => inCall(context, () => ({ compared: true, security: "verified" }))),
		startStretch: assign(({ context }) =>
			inCall(context, (call) => ({
				connectedAt: context.now(),
				firstConnectedAt: call.firstConnectedAt ?? context.now(),
			})),
		),
		endStretch: assign(({ context }) =>
			inCall(context, (call) => ({
				connectedMs: call.connectedMs + Math.max(0, context.now() - (call.connectedAt ?? context.now())),
				connectedAt: null,
			})),
		),

		noteEngineUp: assign(({ context }) => ({
			engineUp: true,
			engineEpoch: context.engineEpoch + 1,
			sources: { microphone: closedSource, camera: closedSource },
		})),
		noteEngineDown: assign(({ context }) => ({
			engineUp: false,
			engineDowns: [...context.engineDowns, context.now()].filter((at) => at > context.now() - CRASH_LOOP.withinMs),
			sources: { microphone: closedSource, camera: closedSource },
		})),
		enterTrouble: assign(({ context }, failure: FailureReason) => ({
			trouble: { failure, attempt: 0, retryAt: context.now() },
		})),
		planRetry: assign(({ context }) => ({
			trouble: context.trouble && {
				...context.trouble,
				retryAt: context.now() + troublePauseMs(context.trouble.attempt),
			},
		})),
		nextAttempt: assign(({ context }) => ({
			trouble: context.trouble && { ...context.trouble, attempt: context.trouble.attempt + 1 },
		})),
		leaveTrouble: assign({ trouble: null, engineDowns: [] }),
	},
});

/** A touch on the button of one source. What the hardware holds is not opened, and not wished open for later either. */
function turned({ wish, holds }: RoomContext, kind: keyof ForSources<unknown>, on: boolean): Partial<RoomContext> {
	if (!on) return { wish: { ...wish, [kind]: lower(wish[kind]) } };
	if (holds[kind] === "held") return {};
	return { wish: { ...wish, [kind]: "open" }, holds: { ...holds, [kind]: touched(holds[kind]) } };
}

/** Off while the device is held is muted; a device that is closed stays closed. */
function lower(wish: "closed" | "muted" | "open"): "closed" | "muted" {
	return wish === "closed" ? "closed" : "muted";
}
