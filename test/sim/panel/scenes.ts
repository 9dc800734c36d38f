import { calendarFailure, failureReason, serviceTrouble } from "../../../device/contract/failure.ts";
import {
	noEquipment,
	noHardware,
	type PeripheralFailure,
	type Peripherals,
	peripheralFailure,
} from "../../../device/contract/peripherals.ts";
import type { AgendaEntry, Locale, Screen, Snapshot, Source } from "../../../device/contract/snapshot.ts";

/** Monday, 23 November 2026, 9:57 in Berlin: three minutes before the first meeting. */
export const morning = Date.UTC(2026, 10, 23, 8, 57, 12);
const minute = 60_000;

const nothing: Snapshot["can"] = {
	join: false,
	meetNow: false,
	call: false,
	cancel: false,
	answer: false,
	leave: false,
	microphone: false,
	camera: false,
	compare: false,
	retry: false,
	dismiss: false,
	enrol: false,
	steer: false,
	display: false,
	update: false,
	installStick: false,
	saveSupport: false,
	factoryReset: false,
};

const closed: Source = { state: "closed", flowing: false, device: null };
const microphone: Source = { state: "open", flowing: true, device: "Table microphone" };
const camera: Source = { state: "open", flowing: true, device: "Room camera" };
const inCall = { leave: true, microphone: true, camera: true, compare: true };

function entry(id: string, start: number, minutes: number, rest: Partial<AgendaEntry>): AgendaEntry {
	const at = Date.UTC(2026, 10, 23, 9, 0, 0) + start * minute;
	return { id, title: null, start: at, end: at + minutes * minute, join: false, why: "early", service: null, ...rest };
}

/** The day of the room Berlin: one meeting due, and one of each kind that can't be joined. */
const day: AgendaEntry[] = [
	entry("a", 0, 45, { join: true, why: null }),
	entry("b", 60, 30, {}),
	entry("c", 210, 60, { why: "unknown_service", service: "Teams" }),
	entry("d", 300, 60, { why: "link_stripped" }),
	entry("e", 390, 30, { why: "no_link" }),
	entry("f", 450, 30, { why: "cancelled" }),
];

/** The room Berlin at rest in the morning; every other scene is this with something changed. */
export function atRest(change: Partial<Snapshot> = {}): Snapshot {
	return {
		v: 1,
		rev: 1,
		now: morning,
		room: { name: "Raum Berlin", seats: 8, locale: "de", timeZone: "Europe/Berlin" },
		screen: { name: "resting" },
		agenda: { entries: day, failure: null },
		directory: [
			{ id: "muenchen", name: "Raum München", online: true },
			{ id: "hamburg", name: "Raum Hamburg", online: true },
			{ id: "koeln", name: "Raum Köln", online: false },
			{ id: "dresden", name: "Raum Dresden", online: null },
		],
		media: { microphone: closed, camera: closed, volume: 60, selfView: true },
		peripherals: { ...noEquipment, hardware: noHardware },
		missing: [],
		identify: null,
		update: null,
		firmware: null,
		reset: null,
		support: null,
		can: { ...nothing, join: true, meetNow: true, call: true },
		...change,
	};
}

function scene(screen: Screen, change: Partial<Snapshot> = {}): Snapshot {
	return atRest({ screen, can: nothing, ...change });
}

const open = { microphone, camera, volume: 60, selfView: true };
export const guestLink =
	"https://meet.example.org/j/Jq0Zt7mKx2Vh4yR8sPfN1A#1.Uo3dLq8mZtY5wXc1vBn7kGh2jRf4sEa6pTi9yDu0oMA.q7VbN2xK5zJt8mWc4hRp1sLf6gYd3eAu9oXi0nTkBvE";

/** Seven pictures, the longest names of the set among them. */
export const code = [11, 49, 18, 36, 45, 40, 23];

function call(change: Partial<Extract<Screen, { name: "call" }>>, more: Partial<Snapshot> = {}): Snapshot {
	return scene(
		{
			name: "call",
			phase: "connected",
			since: morning - 761_000,
			far: { name: "Raum München", kind: "room", microphone: true, camera: true },
			security: "verified",
			code,
			compared: false,
			key: "same",
			...change,
		},
		{ media: open, can: { ...nothing, ...inCall }, ...more },
	);
}

type Device = Peripherals["devices"][number];
const ptz: Device = {
	id: "camera",
	kind: "camera",
	model: "VISCA 04A2",
	at: "serial usb-FTDI_FT232R_A50285BI-if00-port0",
	state: "ok",
	since: morning - 3 * 60 * minute,
	failure: null,
};
const tv: Device = { ...ptz, id: "display", kind: "display", model: "Samsung QM65R", at: "TCP 192.0.2.7" };
const table: Device = { ...ptz, id: "table", kind: "panel-bus", model: "InCamera Table 1", at: "serial ttyUSB1" };

const views = ["Tisch", "Tafel", "Alle am Tisch", null].map((name, number) => ({
	number,
	name,
	picture: `${number}a`,
}));

/** A room with everything: a camera that turns, a display, a key and a shutter. */
const equipment: Peripherals = {
	camera: {
		presets: [...views, { number: 4, name: "Rednerpult", picture: null }],
		tracking: false,
		farControl: null,
	},
	display: { power: "on", volume: 35, muted: false },
	hardware: { muteKey: false, shutterClosed: false, occupied: true },
	devices: [ptz, tv, table],
};
const lost = (device: Device, failure: PeripheralFailure): Device => ({
	...device,
	state: "lost",
	model: null,
	since: morning - 16 * 60 * minute,
	failure,
});
const equipped = { ...nothing, ...inCall, steer: true, display: true };

const guest = { name: "Katharina Oberhäuser", kind: "guest", microphone: true, camera: true } as const;

const identify = { number: 42, until: morning + 24 * 60 * minute };

/** A device that is not in service. */
function unclaimed(change: Partial<Extract<Screen, { name: "unclaimed" }>>): Snapshot {
	const device = { serial: "IC1-2611-0042", model: "InCamera One", firmware: "0.1.0" };
	const screen = { name: "unclaimed", step: "code", since: null, failure: null, enrolUrl: null, ...device } as const;
	return scene(
		{ ...screen, addresses: ["192.0.2.17"], ...change },
		{
			room: { name: "InCamera One", seats: null, locale: "de", timeZone: "Europe/Berlin" },
			agenda: { entries: [], failure: null },
			directory: [],
			can: { ...nothing, enrol: (change.step ?? "code") === "code" },
		},
	);
}

/** Every screen and every state that looks different, by name. */
export const scenes = {
	resting: atRest(),
	"resting-free": atRest({ agenda: { entries: [], failure: null } }),
	"resting-busy": atRest({
		now: morning + 80 * minute,
		agenda: { entries: day.map((one) => ({ ...one, title: "Quartalsplanung Einkauf", join: false })), failure: null },
	}),
	"resting-missing": atRest({
		agenda: { entries: [], failure: "calendar.unreachable" },
		missing: ["broker", "calendar"],
		can: { ...nothing, join: true, meetNow: true },
	}),
	joining: scene({ name: "joining", since: morning, slow: false }, { can: { ...nothing, cancel: true } }),
	"joining-slow": scene({ name: "joining", since: morning, slow: true }, { can: { ...nothing, cancel: true } }),
	alone: scene(
		{ name: "alone", since: morning, guestLink },
		{ media: open, can: { ...nothing, ...inCall, compare: false } },
	),
	"ringing-in": scene(
		{ name: "ringing-in", since: morning, from: "Raum München", verified: true },
		{ can: { ...nothing, answer: true } },
	),
	"ringing-in-unverified": scene(
		{ name: "ringing-in", since: morning, from: "Unbekannter Raum", verified: false },
		{ can: { ...nothing, answer: true } },
	),
	"ringing-out": scene(
		{ name: "ringing-out", since: morning, to: "Raum München" },
		{ can: { ...nothing, cancel: true } },
	),
	"call-securing": call(
		{ phase: "securing", since: null, security: "securing", code: null, key: null, far: { ...guest, name: null } },
		{ can: { ...nothing, ...inCall, compare: false } },
	),
	"call-verified": call({}),
	"call-encrypted": call({ far: guest, security: "encrypted", key: "new" }),
	"call-compared": call({ far: guest, security: "verified", compared: true, key: "new" }),
	"call-muted": call(
		{ far: { ...guest, microphone: false, camera: false }, security: "encrypted", key: "new" },
		{
			media: {
				microphone: { ...microphone, state: "off", flowing: false },
				camera: { ...camera, state: "off", flowing: false },
				volume: 100,
				selfView: false,
			},
		},
	),
	"call-no-camera": call(
		{},
		{
			media: {
				microphone: { ...microphone, flowing: false },
				camera: { state: "absent", flowing: false, device: null },
				volume: 0,
				selfView: true,
			},
			missing: ["camera"],
		},
	),
	"call-recovering": call(
		{ phase: "recovering", security: "securing" },
		{ can: { ...nothing, ...inCall, compare: false } },
	),
	"call-equipped": call({}, { peripherals: equipment, can: equipped }),
	"call-unsteerable": call({}, { peripherals: equipment, can: { ...equipped, steer: false } }),
	"call-far-control": call(
		{},
		{
			peripherals: {
				...equipment,
				camera: { presets: views.slice(0, 2), tracking: true, farControl: true },
				display: { power: "cooling", volume: 0, muted: true },
			},
			can: { ...equipped, display: false },
		},
	),
	"call-held": call(
		{},
		{
			media: { ...open, microphone: { ...microphone, state: "off", flowing: false } },
			peripherals: { ...equipment, hardware: { muteKey: true, shutterClosed: true, occupied: true } },
			can: { ...equipped, microphone: false, camera: false },
		},
	),
	"call-equipment-lost": call(
		{},
		{
			peripherals: {
				...equipment,
				camera: null,
				display: null,
				devices: [lost(ptz, "link.silent"), lost(tv, "link.unreachable"), table],
			},
			can: { ...nothing, ...inCall },
		},
	),
	"call-camera-off": call(
		{},
		{
			media: { ...open, camera: { ...camera, state: "off", flowing: false } },
			peripherals: { ...equipment, display: { power: null, volume: null, muted: null } },
			can: equipped,
		},
	),
	"alone-equipped": scene(
		{ name: "alone", since: morning, guestLink },
		{ media: open, peripherals: equipment, can: equipped },
	),
	"ended-left": scene(
		{ name: "ended", end: "left", failure: null, seconds: 761 },
		{ can: { ...nothing, dismiss: true } },
	),
	"ended-failure": scene(
		{ name: "ended", end: null, failure: "call.peer_certificate_mismatch", seconds: 0 },
		{ can: { ...nothing, dismiss: true, retry: true } },
	),
	"resting-equipped": atRest({
		peripherals: { ...equipment, display: { power: "off", volume: 35, muted: false } },
		can: { ...nothing, join: true, meetNow: true, call: true, display: true },
	}),
	"resting-held": atRest({
		peripherals: {
			...equipment,
			hardware: { muteKey: true, shutterClosed: true, occupied: false },
			devices: [ptz, { ...tv, state: "starting", since: morning - minute }, lost(table, "link.lost")],
		},
	}),
	"resting-stick": atRest({
		peripherals: { ...equipment, display: null, devices: [ptz, tv] },
		firmware: {
			version: "1.4.0",
			slots: [
				{ name: "A", version: "1.4.0", state: "runs" },
				{ name: "B", version: "1.5.0", state: "bad" },
			],
			last: {
				version: "1.5.0",
				outcome: "rolled_back",
				code: "update.panel_not_painted",
				at: morning - 26 * 60 * minute,
				by: "fleet",
			},
			stick: { version: "1.5.1", code: null },
		},
		can: { ...nothing, join: true, meetNow: true, call: true, installStick: true },
	}),
	"resting-stick-refused": atRest({
		firmware: {
			version: "1.4.0",
			slots: [
				{ name: "A", version: "1.3.2", state: "ready" },
				{ name: "B", version: "1.4.0", state: "runs" },
			],
			last: { version: "1.4.0", outcome: "succeeded", code: null, at: morning - 26 * 60 * minute, by: "stick" },
			stick: { version: "1.3.2", code: "update.not_newer" },
		},
	}),
	"resting-stick-waiting": atRest({
		update: { state: "waiting", version: "1.5.1", pct: null, asks: false, waitsFor: "update.meeting" },
		firmware: {
			version: "1.4.0",
			slots: [
				{ name: "A", version: "1.4.0", state: "runs" },
				{ name: "B", version: null, state: "unknown" },
			],
			last: null,
			stick: { version: "1.5.1", code: null },
		},
	}),
	"resting-reset": atRest({
		peripherals: { ...equipment, display: null, devices: [ptz] },
		firmware: {
			version: "1.4.0",
			slots: [
				{ name: "A", version: "1.4.0", state: "runs" },
				{ name: "B", version: "1.3.2", state: "ready" },
			],
			last: null,
			stick: null,
		},
		reset: { state: "offered", code: null },
		can: { ...nothing, join: true, meetNow: true, call: true, factoryReset: true },
	}),
	"resting-reset-failed": atRest({
		reset: { state: "offered", code: "reset.failed" },
		can: { ...nothing, join: true, meetNow: true, call: true, factoryReset: true },
	}),
	"resting-reset-waiting": atRest({
		update: { state: "installing", version: "1.5.1", pct: 40, asks: false, waitsFor: null },
		reset: { state: "offered", code: null },
	}),
	"resting-support": atRest({
		firmware: { version: "1.4.0", slots: null, last: null, stick: null },
		support: { state: "offered", file: null, code: null },
		can: { ...nothing, join: true, meetNow: true, call: true, saveSupport: true },
	}),
	"resting-support-writing": atRest({ support: { state: "writing", file: null, code: null } }),
	"resting-support-done": atRest({
		support: { state: "done", file: "incamera-support-20261123-085702.json", code: null },
		can: { ...nothing, join: true, meetNow: true, call: true, saveSupport: true },
	}),
	"resting-support-full": atRest({
		support: { state: "failed", file: null, code: "support.stick_full" },
		can: { ...nothing, join: true, meetNow: true, call: true, saveSupport: true },
	}),
	trouble: scene(
		{ name: "trouble", failure: "media.engine_failed", retryAt: morning + 12_000 },
		{ peripherals: equipment, can: { ...nothing, retry: true } },
	),
	"unclaimed-code": unclaimed({ enrolUrl: "https://fleet.example.org/console/#/enrol?serial=IC1-2611-0042" }),
	"unclaimed-offline": unclaimed({ addresses: [] }),
	"unclaimed-wrong": unclaimed({ failure: "enrol.code_wrong" }),
	"unclaimed-foreign": unclaimed({ failure: "enrol.fleet_not_proved" }),
	"unclaimed-proving": unclaimed({ step: "proving", since: morning - 2000 }),
	"unclaimed-slow": unclaimed({ step: "waiting", since: morning - 20_000 }),
	"unclaimed-configuring": unclaimed({ step: "configuring" }),
	"unclaimed-starting": unclaimed({ step: "starting", serial: "" }),
	"unclaimed-agentless": unclaimed({ step: "starting", serial: "", failure: "agent.unreachable" }),
	"unclaimed-unusable": unclaimed({ step: "configuring", failure: "room.identity_refused" }),
	"update-asks": atRest({
		update: { state: "waiting", version: "1.4.0", pct: null, asks: true, waitsFor: null },
		can: { ...nothing, join: true, meetNow: true, call: true, update: true },
	}),
	"update-asks-held": atRest({
		update: { state: "waiting", version: "1.4.0", pct: null, asks: true, waitsFor: null },
		peripherals: { ...equipment, hardware: { muteKey: true, shutterClosed: true, occupied: true } },
		can: { ...nothing, join: true, meetNow: true, call: true, update: true },
	}),
	"update-downloading": atRest({
		update: { state: "downloading", version: "1.4.0", pct: 41.7, asks: false, waitsFor: null },
	}),
	"identify-resting": atRest({ identify }),
	"identify-call": call({}, { identify }),
} satisfies Record<string, Snapshot>;
export type SceneName = keyof typeof scenes;

/** One scene for each failure, as the end of a call. */
export const failures = failureReason.options.map((failure) =>
	scene({ name: "ended", end: null, failure, seconds: 0 }, { can: { ...nothing, dismiss: true, retry: true } }),
);

/** The same for a calendar that can't be read. */
export const calendarFailures = calendarFailure.options.map((failure) =>
	atRest({ agenda: { entries: day, failure }, missing: ["calendar"] }),
);

/** One scene for each reason why a device is not in service. */
export const serviceTroubles = serviceTrouble.options.map((failure) =>
	unclaimed({
		failure,
		step: failure.startsWith("enrol.") ? "code" : "configuring",
		enrolUrl: "https://fleet.example.org",
	}),
);

/** A service page for each failure of the room's devices. */
export const peripheralFailures = peripheralFailure.options.map((failure) =>
	atRest({ peripherals: { ...equipment, devices: [lost(ptz, failure), lost(table, failure)] } }),
);

export function inLocale(snapshot: Snapshot, locale: Locale): Snapshot {
	return { ...snapshot, room: { ...snapshot.room, locale } };
}
