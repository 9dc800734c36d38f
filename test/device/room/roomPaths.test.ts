import { describe, expect, test } from "vitest";
import { fromCallback, getNextSnapshot } from "xstate";
import { getShortestPaths, getStateNodes } from "xstate/graph";
import { type FailureReason, failureReason } from "../../../device/contract/failure.ts";
import type { Intent } from "../../../device/contract/intents.ts";
import { noEquipment } from "../../../device/contract/peripherals.ts";
import { type ScreenName, snapshot as snapshotSchema } from "../../../device/contract/snapshot.ts";
import { mediaPolicy, type RoomState } from "../../../device/room/mediaPolicy.ts";
import type {
	RingEvent,
	RingInput,
	RoomEvent,
	SessionCommand,
	SessionEvent,
	SessionInput,
	WorldEvent,
} from "../../../device/room/ports.ts";
import { roomMachine } from "../../../device/room/roomMachine.ts";
import { connectedEvent, entry, LINK, RoomBench, START } from "./RoomBench.ts";

/*
 * Model-based: XState's graph walks the machine as a pure function; each path that it finds is then walked by a whole room, whose
 * session, ring, engine and clock are simulated, and which must show the screen that the model is in.
 */

const machine = roomMachine.provide({
	actors: {
		session: fromCallback<SessionCommand, SessionInput, SessionEvent>(() => {}),
		ring: fromCallback<RoomEvent, RingInput, RingEvent>(() => {}),
	},
	actions: { answerRing: () => {}, turnByFar: () => {}, restartEngine: () => {} },
});

/** `after` transitions as the events that XState raises for them, with the time that the test lets pass instead. */
const delays: Record<string, number> = {
	"xstate.after.slow.room.call.connecting": 10_000,
	"xstate.after.joinLimit.room.call.connecting": 45_000,
	"xstate.after.aloneLimit.room.call.alone": 1_800_000,
	"xstate.after.recoverLimit.room.call.recovering": 45_000,
	"xstate.after.ringLimit.room.ringing-in": 30_000,
	"xstate.after.ringLimit.room.ringing-out": 30_000,
	"xstate.after.endedShown.room.idle.ended": 20_000,
	"xstate.after.troublePause.room.trouble.waiting": 10_000,
	"xstate.after.settle.room.trouble.settling": 5_000,
};

const turnable: RoomEvent[] = [
	{
		type: "equipment.changed",
		equipment: { ...noEquipment, camera: { presets: [], tracking: null, farControl: false } },
	},
];
const events: RoomEvent[] = [
	{ type: "panel.join", entry: "entry" },
	{ type: "panel.join_link", link: LINK },
	{ type: "panel.meet_now" },
	{ type: "panel.call", room: "muenchen-01" },
	{ type: "panel.cancel" },
	{ type: "panel.answer", camera: true },
	{ type: "panel.answer", camera: false },
	{ type: "panel.decline" },
	{ type: "panel.leave" },
	{ type: "panel.microphone", on: false },
	{ type: "panel.camera", on: false },
	{ type: "panel.compare", same: true },
	{ type: "panel.compare", same: false },
	{ type: "panel.dismiss" },
	{ type: "panel.retry" },
	{ type: "panel.volume", level: 70 },
	{ type: "panel.self_view", on: true },
	{ type: "panel.locale", locale: "de" },
	{ type: "session.alone", guestLink: LINK },
	{ type: "session.securing" },
	connectedEvent,
	{ type: "session.far_media", microphone: true, camera: true },
	{ type: "session.recovering" },
	{ type: "session.ended", end: "far_end_left" },
	{ type: "session.failed", failure: "call.no_path" },
	{ type: "ring.answered", link: LINK },
	{ type: "ring.declined" },
	{ type: "ring.busy" },
	{ type: "ring.timeout" },
	{ type: "ring.failed", failure: "ring.refused" },
	{ type: "ring.incoming", ring: "r1", from: "München", verified: true, link: LINK },
	{ type: "ring.cancelled", ring: "r1" },
	{ type: "engine.up" },
	{ type: "engine.down" },
	{ type: "broker.up" },
	{ type: "broker.down" },
	{ type: "rendezvous.up" },
	{ type: "rendezvous.down" },
	{ type: "presence.changed", room: "muenchen-01", online: null },
	{ type: "equipment.changed", equipment: noEquipment },
	...turnable,
	{ type: "panel.far_control", on: true },
	{ type: "panel.far_control", on: false },
	{ type: "session.far_turn", wish: { do: "recall", preset: 0 } },
	{ type: "hardware.changed", muteKey: null, shutterClosed: null, occupied: true },
	{ type: "calendar.changed", entries: [entry()], failure: null },
	{
		type: "settings.changed",
		name: "Bonn",
		seats: null,
		locale: null,
		directory: [{ id: "muenchen-01", name: "München" }],
	},
	{
		type: "sources.changed",
		microphone: { state: "closed", flowing: false, device: null },
		camera: { state: "closed", flowing: false, device: null },
	},
	...Object.keys(delays).map((type) => ({ type }) as unknown as RoomEvent),
	{ type: "xstate.error.actor.session", error: new Error("session") } as unknown as RoomEvent,
	{ type: "xstate.error.actor.ring", error: new Error("ring") } as unknown as RoomEvent,
];

const input = {
	now: () => START,
	name: "Berlin",
	seats: 8,
	locale: "de" as const,
	volume: 70,
	directory: [{ id: "muenchen-01", name: "München" }],
};

/** What tells two states of the model apart: where it is and what decides a guard. The rest is colour. */
function modelKey(state: RoomState): string {
	const { call, engineUp, engineDowns, brokerUp, entries, ringIn, lastRing } = state.context;
	const ringed = call?.origin === "ring" || call?.origin === "answer";
	const many = Math.min(engineDowns.length, 2);
	return JSON.stringify([
		state.value,
		engineUp,
		many,
		brokerUp,
		entries.length,
		ringed,
		call?.code != null,
		ringIn,
		lastRing,
	]);
}

/** Colour of the surroundings: no guard asks for it, so the walks leave it out. */
const plain = [
	"presence.changed",
	"sources.changed",
	"panel.volume",
	"panel.self_view",
	"panel.locale",
	"rendezvous.down",
	"settings.changed",
	"equipment.changed",
	"hardware.changed",
	"rendezvous.up",
];

const states = getStateNodes(machine)
	.filter((node) => node.type === "atomic")
	.map((node) => node.id)
	.sort();

function atomicIds(state: RoomState): string[] {
	return state._nodes.filter((node) => node.type === "atomic").map((node) => node.id);
}

const paths = getShortestPaths(machine, {
	input,
	events: events.filter((one) => !plain.includes(one.type)),
	serializeState: modelKey as never,
	limit: 200_000,
});

/** In a call whose far end may turn the camera: beside the walks, because the equipment is colour to them. */
const letFarTurn = [...turnable, { type: "panel.far_control", on: true } as const].reduce<RoomState>(
	(state, event) => getNextSnapshot(machine, state, event),
	paths.find(({ state }) => state.matches({ call: "connected" }))?.state as RoomState,
);

describe("the model", () => {
	test("has just the states that the design names", () => {
		expect(states).toEqual([
			"room.call.alone",
			"room.call.connected",
			"room.call.connecting.joining",
			"room.call.connecting.securing",
			"room.call.recovering",
			"room.idle.ended",
			"room.idle.resting",
			"room.ringing-in",
			"room.ringing-out",
			"room.trouble.settling",
			"room.trouble.waiting",
		]);
	});

	test("reaches every state, and every event that a state knows is tried in it", () => {
		const reached = new Set<string>();
		for (const path of paths) for (const id of atomicIds(path.state)) reached.add(id);
		expect([...reached].sort()).toEqual(states);
		// Each state's own events, from the machine's definition: none that the list of the test forgot.
		const known = new Set(events.map((one) => one.type as string));
		const declared = [machine.root, ...getStateNodes(machine)].flatMap((node) => node.ownEvents as string[]);
		expect(declared.filter((type) => !known.has(type))).toEqual([]);
	});

	test("gives every invoked actor a way on when it breaks", () => {
		for (const node of getStateNodes(machine)) {
			for (const { id } of node.invoke) expect(node.ownEvents).toContain(`xstate.error.actor.${id}`);
		}
	});

	test("takes every transition that is written down", () => {
		const taken = new Set<unknown>();
		for (const state of [...paths.map((path) => path.state), letFarTurn]) {
			for (const event of events) {
				for (const transition of machine.getTransitionData(state, event) ?? []) taken.add(transition);
			}
		}
		const written = [machine.root, ...getStateNodes(machine)].flatMap((node) =>
			[...node.transitions.values()].flat().map((transition) => ({ node: node.id, transition })),
		);
		const missed = written.filter(({ transition }) => !taken.has(transition));
		expect(missed.map(({ node, transition }) => `${node}: ${transition.eventType}`)).toEqual([]);
	});
});

/** Walks one event of a path with a whole room. */
function perform(bench: RoomBench, event: { type: string }): void {
	const ms = delays[event.type];
	if (event.type === "xstate.init") return;
	if (ms !== undefined) bench.clock.advance(ms);
	else if (event.type.startsWith("panel.")) bench.room.intent(event as Intent);
	else if (event.type.startsWith("session.")) bench.session?.(event as SessionEvent);
	else if (event.type === "ring.incoming" || event.type === "ring.cancelled") bench.room.tell(event as WorldEvent);
	else if (event.type.startsWith("ring.")) bench.ring?.(event as RingEvent);
	else if (event.type === "engine.down") bench.crash();
	else bench.room.tell(event as WorldEvent);
}

function screenName(state: RoomState): ScreenName {
	const id = atomicIds(state)[0] ?? "";
	const names: Record<string, ScreenName> = {
		"room.call.alone": "alone",
		"room.call.connecting.joining": "joining",
		"room.idle.ended": "ended",
		"room.idle.resting": "resting",
		"room.ringing-in": "ringing-in",
		"room.ringing-out": "ringing-out",
		"room.trouble.settling": "trouble",
		"room.trouble.waiting": "trouble",
	};
	return names[id] ?? "call";
}

describe("the room on the model's paths", () => {
	// A path through an invoked actor's error can't be walked from outside; what it leads to is tested on its own.
	const walks = getShortestPaths(machine, {
		input,
		events: events.filter((one) => !plain.includes(one.type) && !one.type.startsWith("xstate.error")),
		serializeState: modelKey as never,
		limit: 200_000,
	});
	const walksTo = (id: string) => walks.filter((path) => atomicIds(path.state).includes(id));

	test.each(states)("to %s it shows what the model says, with sources that follow the policy", async (id) => {
		expect(walksTo(id).length).toBeGreaterThan(0);
		for (const { state, steps } of walksTo(id)) {
			const bench = new RoomBench();
			for (const { event } of steps) perform(bench, event);
			snapshotSchema.parse(bench.room.snapshot());
			expect(bench.screen.name, steps.map(({ event }) => event.type).join(" → ")).toBe(screenName(state));
			await bench.settled();
			const expected = state.context.engineUp ? mediaPolicy(state) : { microphone: "closed", camera: "closed" };
			expect(bench.engine.state).toEqual(expected);
			// Whatever the path led through, a session or a ring runs exactly while its state lasts.
			expect(bench.session !== null).toBe(state.matches("call"));
			expect(bench.ring !== null).toBe(state.matches("ringing-out"));
		}
	});

	test("what the panel is allowed is what the machine then does", () => {
		// A touch that `can` shows must move or change something; a dead button is as bad as one that is missing.
		const touches = events.filter((one) => one.type.startsWith("panel.")) as Intent[];
		const colour = [
			"panel.volume",
			"panel.self_view",
			"panel.locale",
			"panel.microphone",
			"panel.camera",
			"panel.far_control",
			"panel.retry",
		];
		for (const { state, steps } of walks) {
			for (const intent of touches.filter((one) => !colour.includes(one.type))) {
				const bench = new RoomBench();
				for (const { event } of steps) perform(bench, event);
				const before = bench.screen;
				const answer = bench.room.intent(intent);
				const moved = JSON.stringify(bench.screen) !== JSON.stringify(before);
				const where = `${atomicIds(state)} ${JSON.stringify(intent)}`;
				if (moved) expect(answer, where).toBe("ack");
				else if (intent.type !== "panel.compare") expect(answer, where).toBe("panel.not_now");
			}
		}
	});

	test("every failure that a session reports, in every state of a call, ends it with that failure and all closed", async () => {
		for (const id of states.filter((one) => one.startsWith("room.call."))) {
			const [path] = walksTo(id);
			expect(path).toBeDefined();
			for (const failure of failureReason.options as FailureReason[]) {
				const bench = new RoomBench();
				for (const { event } of path?.steps ?? []) perform(bench, event);
				bench.session?.({ type: "session.failed", failure });
				expect(bench.screen).toMatchObject({ name: "ended", end: null, failure });
				await bench.settled();
				expect(bench.engine.state).toEqual({ microphone: "closed", camera: "closed" });
				expect(bench.session).toBeNull();
			}
		}
	});
});
