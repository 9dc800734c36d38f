import type { Snapshot } from "../../contract/snapshot.ts";
import type { SceneName } from "../model/scenes.ts";

/** What of a snapshot concerns the room's equipment. */
export type SceneView = Pick<Snapshot, "screen"> & {
	media: Pick<Snapshot["media"], "microphone" | "camera">;
	peripherals: Pick<Snapshot["peripherals"], "hardware">;
};

/** What the room is about, as far as its equipment is concerned. */
export interface Situation {
	readonly activity: "resting" | "ringing" | "call" | "trouble";
	/** In a call: nothing leaves the microphone. */
	readonly muted: boolean;
	/** In this call somebody wanted to be seen: the camera is held open, if only just not shown. */
	readonly camera: boolean;
	/** Epoch milliseconds since when nobody uses the room, or is in it by the sensor; null: somebody does. */
	readonly quietSince: number | null;
	/** Whether the room was put to sleep, and how; `unknown`: since the program started nobody has woken it or put it to sleep. */
	readonly sleep: "unknown" | "awake" | "standby" | "evening";
}

/** When a room is put to sleep. */
export interface SleepRules {
	readonly quietMinutes: number;
	/** `20:00` by the room's clock, or `never`. */
	readonly eveningAt: string;
	/** Minutes since midnight by the room's clock, at a moment in epoch milliseconds. */
	minuteOfDay(now: number): number;
}

/** The evening is over after so long: whoever comes then wakes the room. */
const EVENING_MINUTES = 8 * 60;
const DAY_MINUTES = 24 * 60;
const MINUTE_MS = 60_000;
/** A clock that is set, or put forward in spring, is noticed within this time. */
const LONGEST_WAIT_MS = 60 * MINUTE_MS;

/**
 * What happens to the equipment from one situation to the next: pure, time is an argument. `before` is null when the program starts:
 * nothing happens then by itself, each device is told what it is to show when it is there (`lastingScenes`).
 */
export function sceneOf(
	before: Situation | null,
	view: SceneView,
	now: number,
	rules: SleepRules,
): { situation: Situation; scenes: SceneName[]; lookAgainAt: number | null } {
	const activity = activityOf(view.screen);
	const muted = activity === "call" && isMuted(view, before);
	const camera =
		activity === "call" && (view.media.camera.state !== "closed" || (before?.activity === "call" && before.camera));
	const { occupied } = view.peripherals.hardware;
	const quiet = (activity === "resting" || activity === "trouble") && occupied !== true;
	const quietSince = quiet ? Math.min(before?.quietSince ?? now, now) : null;

	const scenes = before === null ? [] : turns(before, activity, muted);
	if (camera && before?.camera === false) scenes.push("camera");
	let sleep = activity === "call" ? "awake" : (before?.sleep ?? "unknown");
	const evening = eveningOf(now, rules);
	const sleepsAt = quietSince === null ? null : quietSince + rules.quietMinutes * MINUTE_MS;
	if (sleepsAt !== null && now >= sleepsAt) {
		if (evening.is && sleep !== "evening") {
			sleep = "evening";
			scenes.push("evening");
		} else if (!evening.is && occupied === false && sleep !== "standby" && sleep !== "evening") {
			sleep = "standby";
			scenes.push("standby");
		}
	} else if (activity === "resting" && occupied === true && sleep !== "awake" && !evening.is) {
		sleep = "awake";
		scenes.push("wake");
	}

	const times = [evening.changesAt, sleepsAt].filter((at) => at !== null && at > now) as number[];
	const lookAgainAt = times.length === 0 ? null : Math.min(...times, now + LONGEST_WAIT_MS);
	return { situation: { activity, muted, camera, quietSince, sleep }, scenes, lookAgainAt };
}

/** What is to be seen as long as a situation lasts, in this order: a device that comes back is told it again. */
export function lastingScenes({ activity, muted }: Situation): SceneName[] {
	switch (activity) {
		case "call":
			return muted ? ["join", "mute"] : ["join"];
		case "ringing":
			return ["leave", "ringing"];
		case "trouble":
			return ["leave", "trouble"];
		case "resting":
			return ["leave"];
	}
}

function turns(before: Situation, activity: Situation["activity"], muted: boolean): SceneName[] {
	if (activity === before.activity) {
		if (muted === before.muted) return [];
		return [muted ? "mute" : "unmute"];
	}
	const left: SceneName[] = before.activity === "call" ? ["leave"] : [];
	switch (activity) {
		case "call":
			return muted ? ["join", "mute"] : ["join"];
		case "ringing":
			return [...left, "ringing"];
		case "trouble":
			return [...left, "trouble"];
		case "resting":
			return ["leave"];
	}
}

function activityOf(screen: Snapshot["screen"]): Situation["activity"] {
	switch (screen.name) {
		case "ringing-in":
			return "ringing";
		case "trouble":
			return "trouble";
		case "ringing-out":
		case "joining":
		case "alone":
		case "call":
			return "call";
		default:
			return "resting";
	}
}

/** A microphone that is not open yet, or not again after a crash of the engine, says nothing: then what was counts. */
function isMuted({ media, peripherals }: SceneView, before: Situation | null): boolean {
	if (peripherals.hardware.muteKey === true) return true;
	const { state } = media.microphone;
	return state === "closed" ? before?.activity === "call" && before.muted : state === "off";
}

/** Whether it is evening, and when that changes. Of times that exist twice or not at all (summer time), the next look makes the best. */
function eveningOf(now: number, { eveningAt, minuteOfDay }: SleepRules): { is: boolean; changesAt: number | null } {
	if (eveningAt === "never") return { is: false, changesAt: null };
	const [hours = 0, minutes = 0] = eveningAt.split(":").map(Number);
	const since = (minuteOfDay(now) - (hours * 60 + minutes) + DAY_MINUTES) % DAY_MINUTES;
	const is = since < EVENING_MINUTES;
	const left = (is ? EVENING_MINUTES : DAY_MINUTES) - since;
	return { is, changesAt: now - (now % MINUTE_MS) + left * MINUTE_MS };
}
