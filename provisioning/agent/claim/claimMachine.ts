import { assign, fromCallback, fromPromise, setup } from "xstate";
import { RoomError } from "../../../device/core/RoomError.ts";
import { CONFIRM_MS, readCode } from "../../contract/enrolment.ts";
import { type Claim, claim as claimForm } from "../../contract/local.ts";
import type { Membership, Stored } from "../identity/IdentityStore.ts";
import type { Issued } from "./Enrolment.ts";

export type ClaimFailure = NonNullable<Extract<Claim, { state: "unclaimed" }>["failure"]>;
export type Code = NonNullable<ReturnType<typeof readCode>>;

export type ClaimEvent =
	/** A code was typed at the panel, at that time. */
	| { type: "panel.enrol"; code: string; at: number }
	| { type: "exchange.proving" }
	| { type: "exchange.waiting" }
	| { type: "exchange.issued"; issued: Issued }
	| { type: "exchange.failed"; code: string }
	/** The fleet has taken the confirmation. */
	| { type: "session.confirmed" }
	| { type: "session.renewed"; membership: Membership }
	/** The fleet lets this device go. */
	| { type: "session.unenrolled" };

export interface ClaimContext {
	stored: Stored;
	membership: Membership | null;
	code: Code | null;
	issued: Issued | null;
	failure: ClaimFailure | null;
	/** When the present enrolment began, milliseconds. */
	since: number;
}

/** What is not in the contract's list is a failure of this device. */
const known = claimForm.def.options[0].shape.failure;
export function claimFailure(code: string): ClaimFailure {
	const parsed = known.safeParse(code);
	return (parsed.success && parsed.data) || "enrol.failed";
}

function unprovided(): never {
	throw new RoomError("agent.unexpected", "an effect of the claim machine was not provided");
}

/**
 * Whose this device is: nobody's, on its way to a fleet, or a fleet's. Decisions only; the effects are given by `provide()`.
 * Whatever fails before the fleet has taken the confirmation ends in `forgetting`, and so in `unclaimed` with a code: there is nothing between.
 */
export const claimMachine = setup({
	types: {
		context: {} as ClaimContext,
		events: {} as ClaimEvent,
		input: {} as { stored: Stored; now: number },
	},
	actors: {
		/** The handshake on the bootstrap listener. */
		exchange: fromCallback<ClaimEvent, Code>(unprovided),
		/** Writes what was issued. */
		join: fromPromise<Membership, Issued>(async () => unprovided()),
		/** All that a device of a fleet does, from its first connection on. */
		session: fromCallback<ClaimEvent, Membership>(unprovided),
		confirm: fromPromise<Membership>(async () => unprovided()),
		/** Removes identity, twin, outbox and job. */
		forget: fromPromise<void>(async () => unprovided()),
	},
	delays: { failSafe: CONFIRM_MS, again: 10_000 },
	guards: {
		isCode: ({ event }) => event.type === "panel.enrol" && readCode(event.code) !== null,
		isForgetting: ({ context }) => context.stored.state === "forgetting",
		isMember: ({ context }) => context.membership !== null,
		isConfirmed: ({ context }) => context.membership?.confirmed === true,
	},
	actions: {
		takeCode: assign(({ event }) =>
			event.type === "panel.enrol" ? { code: readCode(event.code), failure: null, since: event.at } : {},
		),
		takeIssued: assign({
			issued: ({ context, event }) => (event.type === "exchange.issued" ? event.issued : context.issued),
			code: null,
		}),
		belong: assign((_, membership: Membership) => ({ membership, issued: null })),
		fail: assign((_, code: string) => ({ failure: claimFailure(code) })),
		clear: assign({ membership: null, code: null, issued: null }),
	},
}).createMachine({
	id: "claim",
	initial: "starting",
	context: ({ input: { stored, now } }) => ({
		stored,
		membership: stored.state === "member" ? stored.membership : null,
		code: null,
		issued: null,
		failure: null,
		since: now,
	}),
	states: {
		starting: {
			always: [
				{ guard: "isForgetting", target: "forgetting" },
				{ guard: "isConfirmed", target: "member.claimed" },
				// the fail-safe begins anew with the program: how long it was off, no clock tells for sure
				{ guard: "isMember", target: "member.confirming" },
				{ target: "unclaimed" },
			],
		},

		unclaimed: {
			on: {
				"panel.enrol": [
					{ guard: "isCode", target: "enrolling", actions: "takeCode" },
					{ actions: { type: "fail", params: "enrol.code_malformed" } },
				],
			},
		},

		enrolling: {
			initial: "connecting",
			invoke: {
				src: "exchange",
				input: ({ context }) => context.code as Code,
				onError: { target: "unclaimed", actions: { type: "fail", params: "enrol.failed" } },
			},
			on: {
				"exchange.issued": { target: "joining", actions: "takeIssued" },
				"exchange.failed": {
					target: "unclaimed",
					actions: ["clear", { type: "fail", params: ({ event }) => event.code }],
				},
			},
			after: { failSafe: { target: "unclaimed", actions: ["clear", { type: "fail", params: "enrol.unreachable" }] } },
			states: {
				connecting: { on: { "exchange.proving": "proving", "exchange.waiting": "waiting" } },
				proving: { on: { "exchange.waiting": "waiting" } },
				waiting: {},
			},
		},

		/** From here on there is something on the disk. */
		joining: {
			invoke: {
				src: "join",
				input: ({ context }) => context.issued as Issued,
				onDone: {
					target: "member.confirming",
					actions: { type: "belong", params: ({ event }) => event.output },
				},
				onError: { target: "forgetting", actions: { type: "fail", params: "enrol.failed" } },
			},
		},

		member: {
			initial: "confirming",
			invoke: {
				src: "session",
				input: ({ context }) => context.membership as Membership,
				onError: { target: "sessionAgain" },
			},
			on: {
				"session.renewed": { actions: { type: "belong", params: ({ event }) => event.membership } },
				"session.unenrolled": "forgetting",
			},
			states: {
				confirming: {
					on: { "session.confirmed": "storing" },
					after: {
						failSafe: { target: "#claim.forgetting", actions: { type: "fail", params: "enrol.not_confirmed" } },
					},
				},
				storing: {
					invoke: {
						src: "confirm",
						onDone: { target: "claimed", actions: { type: "belong", params: ({ event }) => event.output } },
						// a full disk: this life goes on as claimed, the next one confirms again
						onError: "claimed",
					},
				},
				claimed: {},
			},
		},

		/** A session never throws; should one, the device is not lost for it. */
		sessionAgain: {
			after: { again: [{ guard: "isConfirmed", target: "member.claimed" }, { target: "member.confirming" }] },
		},

		forgetting: {
			invoke: {
				src: "forget",
				onDone: { target: "unclaimed", actions: "clear" },
				onError: "forgettingAgain",
			},
		},
		/** A disk that can't forget is asked again: no half-forgotten device is enrolled. */
		forgettingAgain: { after: { again: "forgetting" } },
	},
});
