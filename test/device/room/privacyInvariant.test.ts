import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assign, createActor, fromCallback, SimulatedClock } from "xstate";
import type { Intent } from "../../../device/contract/intents.ts";
import { allowed } from "../../../device/room/allowed.ts";
import type { RoomContext, SourceWish } from "../../../device/room/context.ts";
import { type MediaPolicy, mediaPolicy, type RoomState } from "../../../device/room/mediaPolicy.ts";
import type {
	ForSources,
	RingEvent,
	RingInput,
	RoomEvent,
	SessionCommand,
	SessionEvent,
	SessionInput,
} from "../../../device/room/ports.ts";
import { roomMachine } from "../../../device/room/roomMachine.ts";
import { RoomBench, START } from "./RoomBench.ts";
import { hardwareEvents, opens, pauses, ringEvents, sessionEvents, touches, worldEvents } from "./roomEvents.ts";

/*
 * The privacy invariant of the product: nothing but a touch in this room opens a camera or a microphone, and nothing at all opens what
 * the mute key or the shutter holds.
 *
 * It is held against the policy at each single step of the machine, and against what an engine that crashes and comes back is
 * really told. Each property is also run against rooms that were broken on purpose, and must then fail.
 */

const kinds = ["microphone", "camera"] as const;
const rank: Record<SourceWish, number> = { closed: 0, muted: 1, open: 2 };
const allClosed: ForSources<SourceWish> = { microphone: "closed", camera: "closed" };
const allOpen: ForSources<SourceWish> = { microphone: "open", camera: "open" };

interface Pause {
	type: "pause";
	ms: number;
}
const happenings: fc.Arbitrary<RoomEvent | Pause> = fc.oneof(
	{ weight: 5, arbitrary: touches },
	{ weight: 4, arbitrary: sessionEvents },
	{ weight: 2, arbitrary: ringEvents },
	{ weight: 4, arbitrary: worldEvents },
	{ weight: 3, arbitrary: hardwareEvents },
	{ weight: 1, arbitrary: pauses.map((ms): Pause => ({ type: "pause", ms })) },
);
/** What people do with their hands in a call: buttons on the panel, keys beside it. */
const hands: fc.Arbitrary<RoomEvent> = fc.oneof(
	hardwareEvents,
	fc.record({ type: fc.constantFrom("panel.microphone" as const, "panel.camera" as const), on: fc.boolean() }),
);
const inCallNow: RoomEvent[] = [{ type: "engine.up" }, { type: "broker.up" }, { type: "panel.meet_now" }];
/** Up and in a call or a ring more often than chance would have it. */
const story = fc
	.oneof(
		fc.tuple(
			fc.constantFrom<RoomEvent[]>([], [{ type: "engine.up" }], inCallNow, [
				...inCallNow.slice(0, 2),
				{ type: "panel.call", room: "muenchen-01" },
			]),
			fc.array(happenings, { maxLength: 40 }),
		),
		fc.tuple(fc.constant(inCallNow), fc.array(hands, { maxLength: 12 })),
	)
	.map(([start, rest]): (RoomEvent | Pause)[] => [...start, ...rest]);

/**
 * What may be open by the hardware's words, told anew and without the room's code: a key that was seen pressed holds until it is seen
 * released, or until a touch for its source when it has fallen silent.
 */
class Hardware {
	readonly holds = { microphone: false, camera: false };
	/** What touches of this call asked for; one on the button of a source that is held now asks for nothing. */
	readonly wished = { microphone: false, camera: false };
	readonly #says: Record<keyof ForSources<unknown>, boolean | null> = { microphone: null, camera: null };

	/** Whether this very step was a hand that let go. */
	released(step: RoomEvent | Pause): ForSources<boolean> {
		const released = { microphone: false, camera: false };
		const may = opens(step);
		const said = step.type === "hardware.changed" ? { microphone: step.muteKey, camera: step.shutterClosed } : null;
		for (const kind of kinds) {
			const button = step.type === `panel.${kind}`;
			if (button && !may[kind]) this.wished[kind] = false;
			if (may[kind] && !(button && this.#says[kind] === true)) this.wished[kind] = true;
			if (may[kind] && this.#says[kind] !== true) this.holds[kind] = false;
			if (!said) continue;
			released[kind] = this.#says[kind] === true && said[kind] === false;
			if (released[kind]) this.holds[kind] = false;
			if (said[kind] === true) this.holds[kind] = true;
			this.#says[kind] = said[kind];
		}
		return released;
	}
}

const effects = roomMachine.provide({
	actors: {
		session: fromCallback<SessionCommand, SessionInput, SessionEvent>(() => {}),
		ring: fromCallback<RoomEvent, RingInput, RingEvent>(() => {}),
	},
	actions: { answerRing: () => {}, turnByFar: () => {}, restartEngine: () => {} },
});

/**
 * No step of the machine raises the policy unless the step is a touch on that source, of the panel or of what holds it; what is held is
 * not open; outside a call all is closed.
 */
function stepByStep(machine: typeof roomMachine, policy: MediaPolicy) {
	return fc.property(story, (steps) => {
		const clock = new SimulatedClock();
		const actor = createActor(machine, {
			clock,
			input: {
				now: () => START + clock.now(),
				name: "Berlin",
				seats: 8,
				locale: "de",
				volume: 70,
				directory: [{ id: "muenchen-01", name: "München" }],
			},
		});
		actor.start();
		const hardware = new Hardware();
		let before = policy(actor.getSnapshot());
		expect(before).toEqual(allClosed);
		for (const step of steps) {
			if (step.type === "pause") clock.increment(step.ms);
			else actor.send(step);
			const state = actor.getSnapshot();
			const after = policy(state);
			const may = opens(step);
			const released = hardware.released(step);
			for (const kind of kinds) {
				if (rank[after[kind]] > rank[before[kind]])
					expect({ kind, step, may: may[kind] || released[kind] }).toMatchObject({ may: true });
				if (hardware.holds[kind] || !hardware.wished[kind]) expect(after[kind]).not.toBe("open");
			}
			if (!state.matches("call") && !state.matches("ringing-out")) {
				expect(after).toEqual(allClosed);
				Object.assign(hardware.wished, { microphone: false, camera: false });
			}
			before = after;
		}
		actor.stop();
		expect(policy(actor.getSnapshot())).toEqual(allClosed);
	});
}

/**
 * What an engine is really told never exceeds what touches of this very call granted and the hardware lets be, crashes and restarts
 * included; and the far end is told what is.
 */
function wholeRoom(policy: MediaPolicy) {
	return fc.asyncProperty(story, async (steps) => {
		const bench = new RoomBench(policy);
		const granted = { ...allClosed };
		const hardware = new Hardware();
		const raised: unknown[] = [];
		let last = bench.engine.state;
		let now: RoomEvent | Pause = { type: "pause", ms: 0 };
		const most = (kind: keyof ForSources<unknown>) =>
			Math.min(rank[granted[kind]], hardware.holds[kind] ? rank.muted : rank.open);
		bench.engine.onState = (state) => {
			for (const kind of kinds) {
				if (rank[state[kind]] > Math.max(rank[last[kind]], most(kind))) raised.push({ kind, now });
			}
			last = state;
		};
		for (now of steps) {
			if (now.type === "pause") bench.clock.advance(now.ms);
			else if (now.type.startsWith("panel.")) {
				const intent = now as Intent;
				// Before the touch is sent: the engine may be told within the same turn.
				if (allowed(intent, bench.room.snapshot())) {
					const may = opens(intent);
					hardware.released(intent);
					for (const kind of kinds) {
						if (may[kind]) granted[kind] = "open";
						else if (intent.type === `panel.${kind}` && granted[kind] === "open") granted[kind] = "muted";
					}
				}
				bench.room.intent(intent);
			} else if (now.type.startsWith("session.")) bench.session?.(now as SessionEvent);
			else if (now.type === "engine.down") bench.crash();
			else if (now.type === "ring.incoming" || now.type === "ring.cancelled")
				bench.room.tell(now as Parameters<typeof bench.room.tell>[0]);
			else if (now.type.startsWith("ring.")) bench.ring?.(now as RingEvent);
			else {
				hardware.released(now);
				bench.room.tell(now as Parameters<typeof bench.room.tell>[0]);
			}
			if (["resting", "ended", "trouble", "ringing-in"].includes(bench.screen.name)) Object.assign(granted, allClosed);
			await bench.settled();
			expect(raised).toEqual([]);
			const state = bench.engine.state;
			for (const kind of kinds) expect(rank[state[kind]]).toBeLessThanOrEqual(most(kind));
			if (bench.session && !bench.room.snapshot().missing.includes("engine")) {
				const open = { microphone: state.microphone === "open", camera: state.camera === "open" };
				expect(bench.toldFarEnd).toEqual(open);
			}
		}
		await bench.room.stop();
		expect(bench.engine.state).toEqual(allClosed);
		expect(bench.broken).toBe(0);
	});
}

const inCall: MediaPolicy = (state) => (state.matches("call") ? allOpen : mediaPolicy(state));

/** Policies that someone might write by mistake; each must be noticed. */
const brokenPolicies: [string, MediaPolicy][] = [
	["forgets what was muted", inCall],
	[
		"answers a ring by itself",
		(state) => (state.matches("ringing-in") && state.context.engineUp ? allOpen : mediaPolicy(state)),
	],
	[
		"opens with a restarted engine",
		(state) => (state.context.engineEpoch > 1 && state.context.engineUp ? allOpen : mediaPolicy(state)),
	],
	[
		"unmutes when the far end is connected again",
		(state) => (state.matches({ call: "connected" }) ? inCall(state) : mediaPolicy(state)),
	],
	["stays open after the call", (state) => (state.matches({ idle: "ended" }) ? allOpen : mediaPolicy(state))],
	[
		"opens the camera with the microphone",
		(state) => {
			const { microphone } = mediaPolicy(state);
			return { microphone, camera: microphone };
		},
	],
	["does not know the mute key", (state) => (state.matches("call") ? state.context.wish : mediaPolicy(state))],
	["takes a silent key for a released one", byLastWord((word) => word !== true)],
	["takes a key that comes back for one that was released", byLastWord((word) => word === false)],
	["opens by the key what nobody wished open", (state) => released(state, mediaPolicy(state))],
	["starts the call by the key", (state) => released(state, allClosed)],
];

/** A policy that asks what the hardware says now, and remembers nothing. */
function byLastWord(free: (word: boolean | null) => boolean): MediaPolicy {
	return (state) => {
		const { microphone, camera } = mediaPolicy(state);
		const { hardware, wish } = state.context;
		return {
			microphone: microphone === "muted" && free(hardware.muteKey) ? wish.microphone : microphone,
			camera: camera === "muted" && free(hardware.shutterClosed) ? wish.camera : camera,
		};
	};
}

function released(state: RoomState, otherwise: ForSources<SourceWish>): ForSources<SourceWish> {
	const { muteKey, shutterClosed } = state.context.hardware;
	return muteKey === false && shutterClosed === false ? allOpen : otherwise;
}

const brokenMachines: [string, typeof roomMachine][] = [
	["raises the wish on a connection", effects.provide({ actions: { noteProof: assign({ wish: allOpen }) } })],
	["raises the wish when it takes long", effects.provide({ actions: { markSlow: assign({ wish: allOpen }) } })],
	["unmutes by the off switch", effects.provide({ actions: { setMicrophone: assign({ wish: allOpen }) } })],
	[
		"lets go of the mute key by a touch on the panel",
		effects.provide({
			actions: {
				setMicrophone: assign(({ context }) => ({ holds: { ...context.holds, microphone: "free" as const } })),
			},
		}),
	],
	[
		"keeps a touch on what is held for later",
		effects.provide({
			actions: {
				setMicrophone: assign(({ context }, on: boolean) => ({
					wish: { ...context.wish, microphone: on ? ("open" as const) : ("muted" as const) },
				})),
			},
		}),
	],
	[
		"lets go of the shutter by joining",
		effects.provide({ actions: { wish: assign({ wish: allOpen, holds: { microphone: "free", camera: "free" } }) } }),
	],
	[
		"forgets what was held when its device falls silent",
		effects.provide({
			actions: {
				noteHardware: assign(({ event }): Partial<RoomContext> => {
					if (event.type !== "hardware.changed") return {};
					const hold = (word: boolean | null) => (word === true ? "held" : "free");
					return { holds: { microphone: hold(event.muteKey), camera: hold(event.shutterClosed) } };
				}),
			},
		}),
	],
];

/** The same stories each time: whether a broken room is noticed must not be a matter of luck. */
const noticed = { numRuns: 2_000, endOnFailure: true, seed: 20_261_123 };

describe("nothing but a touch in this room opens a camera or a microphone", () => {
	test("at any step of the machine", () => {
		fc.assert(stepByStep(effects, mediaPolicy), { numRuns: 400 });
	});

	test("as the engine is really told, through crashes and restarts", async () => {
		await fc.assert(wholeRoom(mediaPolicy), { numRuns: 300 });
	});

	test.each(brokenPolicies)("a policy that %s is noticed at a step", (_, policy) => {
		expect(fc.check(stepByStep(effects, policy), noticed).failed).toBe(true);
	});

	test.each(brokenPolicies)("a policy that %s is noticed at the engine", async (_, policy) => {
		const result = await fc.check(wholeRoom(policy), noticed);
		expect(result.failed).toBe(true);
	});

	test.each(brokenMachines)("a machine that %s is noticed", (_, machine) => {
		expect(fc.check(stepByStep(machine, mediaPolicy), noticed).failed).toBe(true);
	});
});
