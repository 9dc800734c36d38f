import type { AgendaEntry, Can, Screen, Snapshot } from "../contract/snapshot.ts";
import type { CallData, RoomContext } from "./context.ts";
import { askable } from "./farTurning.ts";
import { obstacle } from "./joinable.ts";
import type { RoomState } from "./mediaPolicy.ts";
import type { ForSources, RoomEntry } from "./ports.ts";

/** What the snapshot needs beside the machine's state. */
export interface SnapshotInputs {
	rev: number;
	/** Epoch milliseconds by the room's clock. */
	now: number;
	/** IANA zone. */
	timeZone: string;
}

/** More than fits on any panel, less than a hostile calendar could make. */
const AGENDA_LIMIT = 50;

/** Everything that the panel draws, derived from the machine's state: no memory of its own, no clock, no effect. */
export function roomSnapshot(state: RoomState, inputs: SnapshotInputs): Snapshot {
	const context: RoomContext = state.context;
	const entries = agenda(context.entries, inputs.now);
	const screen = screenOf(state);
	return {
		v: 1,
		rev: inputs.rev,
		now: inputs.now,
		room: { ...context.room, locale: context.locale, timeZone: inputs.timeZone },
		screen,
		agenda: { entries, failure: context.calendarFailure },
		directory: context.directory,
		media: {
			microphone: context.sources.microphone,
			camera: context.sources.camera,
			volume: context.volume,
			selfView: context.selfView,
		},
		peripherals: { ...context.equipment, camera: camera(state), hardware: context.hardware },
		missing: missing(context),
		// whoever stands before the room says so, if it is so
		identify: null,
		update: null,
		firmware: null,
		reset: null,
		support: null,
		can: can(
			state,
			screen,
			entries.some((entry) => entry.join),
		),
	};
}

/** Whether a far end may turn the camera is a matter of this call: it can be let once it is known who that is, and taken back at any time. */
function camera(state: RoomState): Snapshot["peripherals"]["camera"] {
	const { equipment, call }: RoomContext = state.context;
	const may = call?.farTurns ?? false;
	const asked = askable(equipment) && (may || state.matches({ call: "connected" }));
	return equipment.camera && { ...equipment.camera, farControl: asked ? may : null };
}

/** What is still to come, or on; the raw link stays behind. */
function agenda(entries: readonly RoomEntry[], now: number): AgendaEntry[] {
	const rows: AgendaEntry[] = [];
	for (const entry of entries) {
		const why = obstacle(entry, now);
		if (why === "over") continue;
		const { id, title, start, end, service } = entry;
		rows.push({ id, title, start, end, join: why === null, why, service });
		if (rows.length === AGENDA_LIMIT) break;
	}
	return rows;
}

function missing(context: RoomContext): Snapshot["missing"] {
	const absent = (kind: keyof ForSources<unknown>) => context.engineUp && context.sources[kind].state === "absent";
	const missing: Snapshot["missing"] = [];
	if (!context.brokerUp) missing.push("broker");
	if (!context.rendezvousUp) missing.push("rendezvous");
	if (!context.engineUp) missing.push("engine");
	if (absent("camera")) missing.push("camera");
	if (absent("microphone")) missing.push("microphone");
	if (context.engineUp && !context.speaker) missing.push("speaker");
	if (context.calendarFailure !== null) missing.push("calendar");
	return missing;
}

function screenOf(state: RoomState): Screen {
	const { call, outcome, ringIn, ringOut, trouble } = state.context as RoomContext;
	if (state.matches("call") && call) return callScreen(state, call);
	if (state.matches("ringing-in") && ringIn) {
		return { name: "ringing-in", since: ringIn.since, from: ringIn.from, verified: ringIn.verified };
	}
	if (state.matches("ringing-out") && ringOut) {
		return { name: "ringing-out", since: ringOut.since, to: ringOut.name };
	}
	if (state.matches({ idle: "ended" }) && outcome) return { name: "ended", ...outcome };
	if (state.matches("trouble") && trouble) {
		const retryAt = state.matches({ trouble: "settling" }) ? null : trouble.retryAt;
		return { name: "trouble", failure: trouble.failure, retryAt };
	}
	return { name: "resting" };
}

function callScreen(state: RoomState, call: CallData): Screen {
	if (state.matches({ call: { connecting: "joining" } })) {
		return { name: "joining", since: call.startedAt, slow: call.slow };
	}
	if (state.matches({ call: "alone" })) return { name: "alone", since: call.startedAt, guestLink: call.guestLink };
	const phase = state.matches({ call: "connected" })
		? "connected"
		: state.matches({ call: "recovering" })
			? "recovering"
			: "securing";
	const { far, security, code, compared, key } = call;
	return { name: "call", phase, since: call.firstConnectedAt, far, security, code, compared, key };
}

/** What is allowed now: the same conditions as the machine's guards, so that a button that shows also works. */
function can(state: RoomState, screen: Screen, joinable: boolean): Can {
	const context: RoomContext = state.context;
	const ready = state.matches("idle") && context.engineUp;
	const live = state.matches("call") || state.matches("ringing-out");
	const usable = (kind: keyof ForSources<unknown>) => {
		const { state: source } = context.sources[kind];
		// what the hardware holds no touch opens; why, the panel sees in `peripherals.hardware`
		return live && context.engineUp && context.holds[kind] !== "held" && source !== "absent" && source !== "denied";
	};
	return {
		join: ready && joinable,
		meetNow: ready,
		call: ready && context.brokerUp && context.directory.length > 0,
		cancel: screen.name === "joining" || screen.name === "ringing-out",
		answer: screen.name === "ringing-in" && context.engineUp,
		leave: screen.name === "alone" || screen.name === "call",
		microphone: usable("microphone"),
		camera: usable("camera"),
		compare: screen.name === "call" && screen.phase === "connected" && screen.code !== null,
		retry: state.matches({ trouble: "waiting" }),
		dismiss: screen.name === "ended",
		enrol: false,
		steer: live && context.equipment.camera !== null,
		display: context.equipment.display !== null,
		update: false,
		installStick: false,
		saveSupport: false,
		factoryReset: false,
	};
}
