import { not, raise, stateIn } from "xstate";
import type { FailureReason } from "../contract/failure.ts";
import type { RoomContext } from "./context.ts";
import { flowing } from "./hold.ts";
import { roomSetup } from "./roomSetup.ts";

/** What kept us from reaching anybody within the limit, as far as the room can tell. */
function unreached(context: RoomContext): FailureReason {
	if (!context.rendezvousUp) return "rendezvous.unreachable";
	return context.call?.origin === "ring" || context.call?.origin === "answer" ? "call.no_answer" : "call.no_path";
}

/** Getting to each other; one limit of time for both steps, since the person who waits waits once. */
const connecting = roomSetup.createStateConfig({
	initial: "joining",
	after: {
		slow: { actions: "markSlow" },
		joinLimit: [
			{
				guard: stateIn({ call: { connecting: "securing" } }),
				target: "#room.idle.ended",
				actions: { type: "end", params: { failure: "call.no_path" } },
			},
			{
				target: "#room.idle.ended",
				actions: { type: "end", params: ({ context }) => ({ failure: unreached(context) }) },
			},
		],
	},
	on: {
		"session.alone": [
			{
				guard: "waitsAlone",
				target: "alone",
				actions: { type: "noteAlone", params: ({ event }) => event.guestLink },
			},
			{ target: ".joining" },
		],
		"session.connected": { target: "connected", actions: "noteProof" },
	},
	states: {
		joining: {
			on: {
				"session.securing": { target: "securing", actions: "noteSecuring" },
				"panel.cancel": { target: "#room.idle.ended", actions: { type: "end", params: { end: "cancelled" } } },
			},
		},
		securing: { on: { "session.securing": { actions: "noteSecuring" } } },
	},
});

const alone = roomSetup.createStateConfig({
	after: {
		aloneLimit: { target: "#room.idle.ended", actions: { type: "end", params: { failure: "call.no_answer" } } },
	},
	on: {
		"session.alone": { actions: { type: "noteAlone", params: ({ event }) => event.guestLink } },
		"session.securing": { target: "connecting.securing", actions: ["restartConnecting", "noteSecuring"] },
		"session.connected": { target: "connected", actions: "noteProof" },
	},
});

const connected = roomSetup.createStateConfig({
	entry: "startStretch",
	exit: "endStretch",
	on: {
		"session.connected": { actions: ["noteProof", "tellMedia"] },
		"session.far_turn": {
			guard: "farMayTurn",
			actions: { type: "turnByFar", params: ({ event }) => event.wish },
		},
		"panel.far_control": { actions: [{ type: "letFarTurn", params: ({ event }) => event.on }, "tellMedia"] },
		"session.recovering": { target: "recovering" },
		"session.alone": [
			{
				guard: "waitsAlone",
				target: "alone",
				actions: { type: "noteAlone", params: ({ event }) => event.guestLink },
			},
			{ target: "recovering", actions: "noteFarEndGone" },
		],
		// With the engine every path is gone; the call is rebuilt in the new one. A crash loop is the root's business.
		"engine.down": {
			guard: not("crashLoop"),
			target: "recovering",
			actions: "noteEngineDown",
		},
		"panel.compare": [
			// The far end is to hear why. Raised, not a transition of its own: leaving this state would stop the session before it is told.
			{
				guard: "codeDiffers",
				actions: ["tellDiffers", raise({ type: "session.failed", failure: "call.codes_differ" })],
			},
			{ guard: "codeEqual", actions: ["noteCompared", "tellCompared"] },
		],
	},
});

const recovering = roomSetup.createStateConfig({
	after: {
		recoverLimit: {
			target: "#room.idle.ended",
			actions: {
				type: "end",
				params: ({ context }) => ({
					failure: context.call?.farEndGone ? "call.far_end_vanished" : "call.connection_lost",
				}),
			},
		},
	},
	on: {
		"session.connected": { target: "connected", actions: ["noteProof", "tellMedia"] },
		"session.alone": { actions: "noteFarEndGone" },
		"session.securing": { actions: "noteSecuring" },
	},
});

/**
 * One call, from the touch that wants it to its end. The actor `session` lives exactly as long as this state, so leaving by any
 * path stops it, and what it does when stopped hangs up.
 */
export const callState = roomSetup.createStateConfig({
	initial: "connecting",
	invoke: {
		id: "session",
		src: "session",
		input: ({ context }) => ({
			link: context.call?.link ?? null,
			origin: context.call?.origin ?? "link",
			wish: flowing(context),
		}),
		onError: { target: "#room.idle.ended", actions: { type: "end", params: { failure: "room.unexpected" } } },
	},
	entry: "forgetRings",
	exit: "closeSources",
	on: {
		"session.far_media": {
			actions: {
				type: "noteFarMedia",
				params: ({ event }) => ({ microphone: event.microphone, camera: event.camera }),
			},
		},
		"session.ended": {
			target: "#room.idle.ended",
			actions: { type: "end", params: ({ event }) => ({ end: event.end }) },
		},
		"session.failed": {
			target: "#room.idle.ended",
			actions: { type: "end", params: ({ event }) => ({ failure: event.failure }) },
		},
		"panel.leave": { target: "#room.idle.ended", actions: { type: "end", params: { end: "left" } } },
		"panel.microphone": { actions: [{ type: "setMicrophone", params: ({ event }) => event.on }, "tellMedia"] },
		"panel.camera": { actions: [{ type: "setCamera", params: ({ event }) => event.on }, "tellMedia"] },
		"hardware.changed": { actions: ["noteHardware", "tellMedia"] },
		"equipment.changed": { actions: ["noteEquipment", "tellMedia"] },
		// also while the path is being rebuilt: what was let can be taken back at any time
		"panel.far_control": {
			guard: ({ event }) => !event.on,
			actions: [{ type: "letFarTurn", params: false }, "tellMedia"],
		},
	},
	states: { connecting, alone, connected, recovering },
});
