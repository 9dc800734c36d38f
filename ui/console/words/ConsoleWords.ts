import type { EndReason } from "../../../device/contract/failure.ts";
import type { Locale } from "../../../device/contract/snapshot.ts";
import type { CommandOp } from "../../../provisioning/contract/commands.ts";
import type { commonErrors, Role } from "../../../provisioning/contract/http/route.ts";
import type { Routes } from "../../../provisioning/contract/http/routes.ts";
import type {
	CommandRecord,
	Device,
	DeviceState,
	DeviceSummary,
	Enrolment,
	Rollout,
} from "../../../provisioning/contract/http/shapes.ts";
import type { JobReason, JobState } from "../../../provisioning/contract/jobs.ts";
import type { Peripheral } from "../../../provisioning/contract/peripherals.ts";
import type { EventType } from "../../../provisioning/contract/topics.ts";
import type { RoomStatus } from "../../../provisioning/contract/twin.ts";
import type { EventTime } from "../model/EventFeed.ts";
import type { PasskeyStep } from "../model/OwnPasskeys.ts";
import type { Condition } from "../model/Rooms.ts";

/** Codes that events hold, of which the pages of room and guest have no words. */
export type EventReason =
	| `call.${EndReason}`
	| `link.${"absent" | "busy" | "denied" | "unreachable" | "lost" | "silent"}`
	| `peripheral.${"wrong_device" | "wrong_password" | "version_unknown" | "tool_missing" | "fault"}`
	| JobReason;

type KeysOfUnion<T> = T extends unknown ? keyof T : never;
/** Every code that a route can answer, by the contract: a new one without words does not compile. */
type RouteError = KeysOfUnion<
	Routes[keyof Routes] extends infer R ? (R extends { errors: infer E } ? E : never) : never
>;
export type KnownTrouble =
	| keyof typeof commonErrors
	| RouteError
	| "api.unreachable"
	| "api.answer_malformed"
	| "console.passkey_cancelled"
	| "console.passkey_there"
	| "console.unexpected";

/** The console's words. Each language is an object of this type: a missing one doesn't compile. */
export interface ConsoleWords {
	locale: Locale;
	/** The other language, in its own words. */
	otherLanguage: string;
	loading: string;
	skip: string;
	sections: string;
	signOut: string;
	serviceAway: string;
	discard: string;
	older: string;
	olderComing: string;
	copy: string;
	copied: string;
	/** Saves what is shown, in this form. */
	saveAs: (form: string) => string;
	troubles: Record<KnownTrouble, string>;
	roles: Record<Role, string>;
	signIn: { title: string; explain: string; action: string };
	invitation: { title: string; explain: string; name: string; nameHint: string; action: string };
	conditions: Record<Condition, string>;
	/** Under the numbers. */
	tiles: Record<"free" | "in_call" | "trouble" | "offline" | "updating", string>;
	missing: Record<RoomStatus["missing"][number], string>;
	deviceStates: Record<DeviceState, string>;
	certificateStates: Record<Device["certificates"][number]["state"], string>;
	jobStates: Record<JobState, string>;
	rolloutStates: Record<Rollout["state"], string>;
	codeStates: Record<Enrolment["state"], string>;
	events: Record<EventType, string>;
	/** Why something ended, failed or is missing; what a device may say beside these is shown as its code. */
	reasons: Record<EventReason, string>;
	fleetEvents: {
		title: string;
		kind: string;
		everyKind: string;
		room: string;
		everyRoom: string;
		/** While the room's field holds something that is no room. */
		chooseRoom: string;
		time: string;
		times: Record<EventTime, string>;
		/** New ones that wait to be shown; `more`: and others besides. */
		fresh: (count: number, more: boolean) => string;
		none: string;
		/** Of one that came long after it happened. */
		heard: (moment: string) => string;
		attempt: (number: number) => string;
		programs: Record<"room" | "agent", string>;
		/** Of a room's page, to all that it told. */
		all: string;
	};
	rooms: {
		title: string;
		connected: (online: number, total: number) => string;
		search: string;
		filter: string;
		found: (rooms: number) => string;
		none: string;
		noneFound: string;
		freeUntil: (time: string) => string;
		until: (time: string) => string;
		lastSeen: (moment: string) => string;
		neverSeen: string;
	};
	room: {
		now: string;
		state: string;
		missing: string;
		nothing: string;
		lastSeen: string;
		connected: string;
		model: string;
		firmware: string;
		enrolled: string;
		certificates: string;
		until: (moment: string) => string;
		events: string;
		noEvents: string;
		devices: Record<"camera" | "microphone" | "speaker" | "display", string>;
		equipment: string;
		peripherals: Record<Peripheral["kind"], string>;
		peripheralStates: Record<Peripheral["state"], string>;
		came: string;
		went: string;
		over: string;
	};
	twin: Record<DeviceSummary["twin"], string> & {
		title: string;
		revisions: (applied: number, desired: number) => string;
		refusedKey: (key: string) => string;
		name: string;
		seats: string;
		language: string;
		timeZone: string;
		restarts: string;
		titles: string;
		titlesHidden: string;
		titlesShown: string;
		window: string;
		from: string;
		to: string;
		days: Record<"mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun", string>;
		save: string;
	};
	actions: Record<CommandOp, string> & {
		title: string;
		offline: string;
		unenrolExplain: string;
		unenrolSure: string;
		revoke: string;
		revokeExplain: string;
		revokeSure: string;
		reason: string;
		reasons: Record<"lost" | "stolen" | "compromised" | "replaced" | "other", string>;
		states: Record<CommandRecord["state"], string>;
		/** What the room answered, by HTTP's number. */
		answer: (status: number) => string;
		checks: (good: number, all: number) => string;
	};
	enrol: {
		title: string;
		explain: string;
		create: string;
		codes: string;
		noCodes: string;
		tries: (wrong: number) => string;
		withdraw: string;
		once: (until: string) => string;
		waiting: string;
		arrived: string;
		open: string;
		print: string;
		next: string;
		qr: string;
	};
	rollouts: {
		title: string;
		explain: string;
		none: string;
		create: string;
		begin: string;
		fields: Record<"name" | "version" | "url" | "digest" | "bytes" | "deadline", string>;
		firmware: string;
		/** Instead of a release that is published. */
		otherBundle: string;
		/** Of the image repository; followed by the command that publishes. */
		nonePublished: string;
		digestHint: string;
		deadlineHint: string;
		wave: (number: number, rooms: number, succeeded: number, failed: number) => string;
		failed: (rooms: number) => string;
		pause: string;
		resume: string;
		cancel: string;
		reasons: Record<NonNullable<Rollout["reason"]>, string>;
	};
	audit: {
		title: string;
		verify: string;
		whole: (entries: number) => string;
		broken: (at: number) => string;
		when: string;
		who: string;
		what: string;
		target: string;
		detail: string;
	};
	people: {
		title: string;
		who: string;
		role: string;
		disabled: string;
		disable: string;
		enable: string;
		inviteAs: string;
		invite: string;
		inviteExplain: string;
	};
	/** One's own passkeys. */
	account: {
		title: string;
		explain: string;
		/** While a person has one way in only. */
		onlyOne: string;
		onlyOneShort: string;
		/** Of one that nobody has given a name. */
		unnamed: string;
		made: (day: string) => string;
		used: (moment: string) => string;
		neverUsed: string;
		current: string;
		rename: string;
		save: string;
		remove: string;
		removeExplain: string;
		/** Of the one that this session belongs to. */
		removeCurrent: string;
		removeSure: string;
		name: string;
		nameHint: string;
		add: string;
		full: string;
		steps: Record<PasskeyStep, string>;
	};
	tokens: {
		title: string;
		explain: string;
		name: string;
		days: string;
		scopes: string;
		create: string;
		once: string;
		end: string;
	};
}
