import { expect, test } from "vitest";
import { judgeTwin } from "../../../device/fleet/judgeTwin.ts";
import { type TwinDoc, twinDoc } from "../../../provisioning/contract/twin.ts";
import { berlinDoc } from "../../sim/fleet/twin.ts";

const own = { deviceId: "room-berlin", rendezvous: "https://meet.example.org" };
const judge = (change: Partial<TwinDoc>) => judgeTwin(twinDoc.parse({ ...berlinDoc, ...change }), own);
const keys = (change: Partial<TwinDoc>) => {
	const judged = judge(change);
	return judged.ok ? [] : judged.errors.map(({ key }) => key);
};

test("a document becomes the room's settings, with what the device enrolled with where it says nothing", () => {
	expect(judge({})).toEqual({
		ok: true,
		settings: {
			name: "Berlin",
			seats: 8,
			locale: "de",
			timeZone: "Europe/Berlin",
			directory: [{ id: "room-munich", name: "München" }],
			rendezvous: "https://meet.example.org",
			showTitles: false,
		},
	});
	const { seats: _, ...room } = berlinDoc.room;
	expect(judge({ room })).toMatchObject({ settings: { seats: null } });
});

test("nobody calls oneself", () => {
	const directory = [
		{ id: "room-berlin", name: "Berlin" },
		{ id: "room-bonn", name: "Bonn" },
	];
	expect(judge({ directory })).toMatchObject({ settings: { directory: [{ id: "room-bonn", name: "Bonn" }] } });
});

test("everything that is wrong is said at once, and nothing of it is applied", () => {
	const room = { id: "room-bonn", name: "Bonn" };
	const wrong = {
		room: { ...berlinDoc.room, timeZone: "Europe/Atlantis" },
		rendezvous: "http://meet.example.org",
		directory: [room, room],
	};
	expect(judge(wrong)).toEqual({
		ok: false,
		errors: [
			{ key: "room.timeZone", code: "twin.invalid" },
			{ key: "rendezvous", code: "twin.invalid" },
			{ key: "directory.1.id", code: "twin.invalid" },
		],
	});
});

test.each([
	["http://meet.example.org", false],
	["http://127.0.0.1.example.org", false],
	["http://localhost.example.org:80", false],
	["http://10.0.0.1", false],
	["https://meet.example.org", true],
	["https://meet.example.org:8443", true],
	["http://127.0.0.1:8080", true],
	["http://localhost:8080", true],
	["http://[::1]:8080", true],
])("meetings at %s: %s", (rendezvous, fine) => {
	expect(keys({ rendezvous })).toEqual(fine ? [] : ["rendezvous"]);
	// the same rule for the one that the device enrolled with
	const judged = judgeTwin(twinDoc.parse(berlinDoc), { ...own, rendezvous });
	expect(judged.ok).toBe(fine);
});
