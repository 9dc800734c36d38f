import { assign, not } from "xstate";
import { callState } from "./callState.ts";
import { initialContext } from "./context.ts";
import { roomSetup } from "./roomSetup.ts";

const openBoth = { type: "wish", params: { microphone: "open", camera: "open" } } as const;

/** Nobody is in a call here: the clock, or how the last call went. What can begin, begins here. */
const idle = roomSetup.createStateConfig({
	initial: "resting",
	entry: "forgetAll",
	on: {
		"panel.join": {
			guard: "joinable",
			target: "call",
			actions: [
				{
					type: "startCall",
					params: ({ context, event }) => ({
						origin: "agenda",
						link: context.entries.find((entry) => entry.id === event.entry)?.link ?? null,
					}),
				},
				openBoth,
			],
		},
		"panel.join_link": {
			guard: "engineUp",
			target: "call",
			actions: [{ type: "startCall", params: ({ event }) => ({ origin: "link", link: event.link }) }, openBoth],
		},
		"panel.meet_now": {
			guard: "engineUp",
			target: "call",
			actions: [{ type: "startCall", params: { origin: "new", link: null } }, openBoth],
		},
		"panel.call": {
			guard: "callable",
			target: "ringing-out",
			actions: [
				assign(({ context, event }) => ({
					outcome: null,
					ringOut: {
						room: event.room,
						name: context.directory.find((room) => room.id === event.room)?.name ?? "",
						since: context.now(),
					},
				})),
				openBoth,
			],
		},
		"ring.incoming": {
			guard: not("sameRing"),
			target: "ringing-in",
			actions: assign(({ context, event }) => ({
				outcome: null,
				lastRing: event.ring,
				ringIn: {
					ring: event.ring,
					from: event.from,
					verified: event.verified,
					link: event.link,
					since: context.now(),
				},
			})),
		},
	},
	states: {
		resting: { entry: "clearOutcome" },
		ended: { after: { endedShown: "resting" }, on: { "panel.dismiss": "resting" } },
	},
});

/** Another room rings. Nothing is open: a ring is not a touch in this room. */
const ringingIn = roomSetup.createStateConfig({
	after: { ringLimit: "idle" },
	on: {
		"ring.cancelled": { guard: "sameRing", target: "idle" },
		"panel.answer": {
			guard: "engineUp",
			target: "call",
			actions: [
				{
					type: "answerRing",
					params: ({ context }) => ({ ring: context.ringIn?.ring ?? "", answer: "accepted" }),
				},
				{
					type: "startCall",
					params: ({ context }) => ({ origin: "answer", link: context.ringIn?.link ?? null }),
				},
				{
					type: "wish",
					params: ({ event }) => ({ microphone: "open", camera: event.camera ? "open" : "closed" }),
				},
			],
		},
		"panel.decline": {
			target: "idle.ended",
			actions: [
				{
					type: "answerRing",
					params: ({ context }) => ({ ring: context.ringIn?.ring ?? "", answer: "declined" }),
				},
				{ type: "end", params: { end: "declined_here" } },
			],
		},
		"engine.down": {
			guard: "crashLoop",
			target: "trouble",
			actions: [
				{ type: "answerRing", params: ({ context }) => ({ ring: context.ringIn?.ring ?? "", answer: "busy" }) },
				"noteEngineDown",
				{ type: "enterTrouble", params: "media.engine_failed" },
			],
		},
	},
});

/** We ring another room. The sources are open since the touch that rings; nothing leaves the room before the handshake. */
const ringingOut = roomSetup.createStateConfig({
	invoke: {
		id: "ring",
		src: "ring",
		input: ({ context }) => ({ room: context.ringOut?.room ?? "" }),
		onError: { target: "idle.ended", actions: { type: "end", params: { failure: "room.unexpected" } } },
	},
	after: { ringLimit: { target: "idle.ended", actions: { type: "end", params: { failure: "call.no_answer" } } } },
	on: {
		"ring.answered": {
			target: "call",
			actions: { type: "startCall", params: ({ event }) => ({ origin: "ring", link: event.link }) },
		},
		"ring.declined": { target: "idle.ended", actions: { type: "end", params: { failure: "call.declined" } } },
		"ring.busy": { target: "idle.ended", actions: { type: "end", params: { failure: "call.busy" } } },
		"ring.timeout": { target: "idle.ended", actions: { type: "end", params: { failure: "call.no_answer" } } },
		"ring.failed": {
			target: "idle.ended",
			actions: { type: "end", params: ({ event }) => ({ failure: event.failure }) },
		},
		"panel.cancel": { target: "idle.ended", actions: { type: "end", params: { end: "cancelled" } } },
		"panel.leave": { target: "idle.ended", actions: { type: "end", params: { end: "cancelled" } } },
		"panel.microphone": { actions: { type: "setMicrophone", params: ({ event }) => event.on } },
		"panel.camera": { actions: { type: "setCamera", params: ({ event }) => event.on } },
	},
});

/** The engine doesn't stay up. The room waits longer each time, and believes in it again only once it has lived for a while. */
const trouble = roomSetup.createStateConfig({
	initial: "waiting",
	entry: "forgetAll",
	exit: "leaveTrouble",
	states: {
		waiting: {
			entry: "planRetry",
			after: { troublePause: { target: "waiting", reenter: true, actions: ["nextAttempt", "restartEngine"] } },
			on: {
				"engine.up": { target: "settling", actions: "noteEngineUp" },
				"engine.down": { actions: "noteEngineDown" },
				"panel.retry": { target: "waiting", reenter: true, actions: "restartEngine" },
			},
		},
		settling: {
			after: { settle: "#room.idle" },
			on: { "engine.down": { target: "waiting", actions: ["noteEngineDown", "nextAttempt"] } },
		},
	},
});

/**
 * The room, whole: what it is doing, and beside it what its surroundings report. Its states are `idle` (resting, ended), `ringing-in`,
 * `ringing-out`, `call` (connecting.joining, connecting.securing, alone, connected, recovering) and `trouble` (waiting, settling).
 */
export const roomMachine = roomSetup.createMachine({
	id: "room",
	context: ({ input }) => initialContext(input),
	initial: "idle",
	on: {
		"engine.up": { actions: "noteEngineUp" },
		"engine.down": [
			{
				guard: "crashLoop",
				target: ".trouble",
				actions: ["noteEngineDown", { type: "enterTrouble", params: "media.engine_failed" }],
			},
			{ actions: "noteEngineDown" },
		],
		"sources.changed": {
			actions: assign(({ context, event }) => ({
				sources: { microphone: event.microphone, camera: event.camera },
				speaker: event.speaker ?? context.speaker,
			})),
		},
		"settings.changed": {
			actions: assign(({ context, event: { name, seats, locale, directory } }) => ({
				room: { name, seats },
				locale: locale ?? context.locale,
				directory: directory.map((room) => ({
					...room,
					online: context.directory.find(({ id }) => id === room.id)?.online ?? null,
				})),
			})),
		},
		"equipment.changed": { actions: "noteEquipment" },
		"hardware.changed": { actions: "noteHardware" },
		"broker.up": { actions: assign({ brokerUp: true }) },
		"broker.down": {
			actions: assign(({ context }) => ({
				brokerUp: false,
				directory: context.directory.map((room) => ({ ...room, online: null })),
			})),
		},
		"rendezvous.up": { actions: assign({ rendezvousUp: true }) },
		"rendezvous.down": { actions: assign({ rendezvousUp: false }) },
		"presence.changed": {
			actions: assign(({ context, event }) => ({
				directory: context.directory.map((room) => (room.id === event.room ? { ...room, online: event.online } : room)),
			})),
		},
		"calendar.changed": {
			actions: assign(({ event }) => ({ entries: event.entries, calendarFailure: event.failure })),
		},
		"ring.incoming": {
			guard: not("sameRing"),
			actions: { type: "answerRing", params: ({ event }) => ({ ring: event.ring, answer: "busy" }) },
		},
		"panel.volume": { actions: assign(({ event }) => ({ volume: event.level })) },
		"panel.self_view": { actions: assign(({ event }) => ({ selfView: event.on })) },
		"panel.locale": { actions: assign(({ event }) => ({ locale: event.locale })) },
	},
	states: {
		idle,
		"ringing-in": ringingIn,
		"ringing-out": ringingOut,
		call: callState,
		trouble,
	},
});
