import fc from "fast-check";
import { failureReason } from "../../../device/contract/failure.ts";
import type { Intent } from "../../../device/contract/intents.ts";
import { noEquipment } from "../../../device/contract/peripherals.ts";
import type { RoomEvent, SessionEvent, WorldEvent } from "../../../device/room/ports.ts";
import { connectedEvent, entry, LINK, openSource } from "./RoomBench.ts";

const event = <T extends RoomEvent>(...events: T[]): fc.Arbitrary<T> => fc.constantFrom(...events);
const onOff = fc.boolean();

/** Every touch that the panel knows. */
export const touches: fc.Arbitrary<Intent> = fc.oneof(
	event<Intent>(
		{ type: "panel.join", entry: "entry" },
		{ type: "panel.join", entry: "no such entry" },
		{ type: "panel.join_link", link: LINK },
		{ type: "panel.meet_now" },
		{ type: "panel.call", room: "muenchen-01" },
		{ type: "panel.cancel" },
		{ type: "panel.answer", camera: true },
		{ type: "panel.answer", camera: false },
		{ type: "panel.decline" },
		{ type: "panel.leave" },
		{ type: "panel.compare", same: true },
		{ type: "panel.compare", same: false },
		{ type: "panel.dismiss" },
		{ type: "panel.retry" },
		{ type: "panel.self_view", on: true },
		{ type: "panel.volume", level: 50 },
		{ type: "panel.locale", locale: "en" },
		{ type: "panel.enrol", code: "0123456789ABCDEF" },
		{ type: "panel.update", now: true },
		{ type: "panel.camera_move", hold: "thumb", pan: 1, tilt: 0, zoom: 0 },
		{ type: "panel.camera_stop", hold: "thumb" },
		{ type: "panel.camera_home" },
		{ type: "panel.camera_tracking", on: true },
		{ type: "panel.preset_recall", number: 1 },
		{ type: "panel.preset_store", number: 1 },
		{ type: "panel.far_control", on: true },
		{ type: "panel.display_power", on: true },
		{ type: "panel.display_volume", level: 30 },
	),
	onOff.map((on): Intent => ({ type: "panel.microphone", on })),
	onOff.map((on): Intent => ({ type: "panel.camera", on })),
);

/** Everything that a session says, far too often and in any order. */
export const sessionEvents: fc.Arbitrary<SessionEvent> = fc.oneof(
	event<SessionEvent>(
		{ type: "session.alone", guestLink: LINK },
		{ type: "session.securing" },
		connectedEvent,
		{ ...connectedEvent, sameFarEnd: true, security: "verified" },
		{ type: "session.far_media", microphone: true, camera: true },
		{ type: "session.far_turn", wish: { do: "move", hold: "far", pan: 1, tilt: 0, zoom: 0 } },
		{ type: "session.far_turn", wish: { do: "stop", hold: "far" } },
		{ type: "session.far_turn", wish: { do: "recall", preset: 1 } },
		{ type: "session.recovering" },
		{ type: "session.ended", end: "far_end_left" },
	),
	fc.constantFrom(...failureReason.options).map((failure): SessionEvent => ({ type: "session.failed", failure })),
);

export const ringEvents = event<RoomEvent>(
	{ type: "ring.answered", link: LINK },
	{ type: "ring.declined" },
	{ type: "ring.busy" },
	{ type: "ring.timeout" },
	{ type: "ring.failed", failure: "ring.refused" },
);

/** Everything that the surroundings report. */
export const worldEvents: fc.Arbitrary<WorldEvent> = fc.oneof(
	fc
		.constantFrom("r1", "r2", "r3")
		.chain((ring) =>
			event<WorldEvent>(
				{ type: "ring.incoming", ring, from: "München", verified: true, link: LINK },
				{ type: "ring.cancelled", ring },
			),
		),
	event<WorldEvent>({ type: "engine.up" }, { type: "engine.down" }),
	event<WorldEvent>(
		{ type: "sources.changed", microphone: openSource, camera: openSource },
		{
			type: "sources.changed",
			microphone: { state: "absent", flowing: false, device: null },
			camera: { state: "busy", flowing: false, device: null },
		},
		{ type: "broker.up" },
		{ type: "broker.down" },
		{ type: "rendezvous.up" },
		{ type: "rendezvous.down" },
		{ type: "presence.changed", room: "muenchen-01", online: true },
		{ type: "calendar.changed", entries: [entry()], failure: null },
		{ type: "calendar.changed", entries: [], failure: "calendar.unreadable" },
		{ type: "equipment.changed", equipment: noEquipment },
		{
			type: "equipment.changed",
			equipment: { ...noEquipment, camera: { presets: [], tracking: false, farControl: true } },
		},
		{ type: "settings.changed", name: "Bonn", seats: null, locale: "en", directory: [] },
	),
);

const word = fc.constantFrom(true, true, false, false, null);
/** What keys and shutter say, in any order, and that they say nothing any more. */
export const hardwareEvents: fc.Arbitrary<Extract<WorldEvent, { type: "hardware.changed" }>> = fc.record({
	type: fc.constant("hardware.changed" as const),
	muteKey: word,
	shutterClosed: word,
	occupied: word,
});

/** Time that passes: below, at and beyond every delay of the machine. */
export const pauses = fc.constantFrom(1, 5_000, 10_000, 20_000, 30_000, 45_000, 320_000, 1_800_000);

/** Which sources a touch may open: the whole list, everything else may only close. */
export function opens(happening: { type: string }): { microphone: boolean; camera: boolean } {
	const intent = happening as Intent;
	switch (intent.type) {
		case "panel.join":
		case "panel.join_link":
		case "panel.meet_now":
		case "panel.call":
			return { microphone: true, camera: true };
		case "panel.answer":
			return { microphone: true, camera: intent.camera };
		case "panel.microphone":
			return { microphone: intent.on, camera: false };
		case "panel.camera":
			return { microphone: false, camera: intent.on };
		default:
			return { microphone: false, camera: false };
	}
}
