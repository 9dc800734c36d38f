import { describe, expect, it } from "vitest";
import type { AgendaEntry, Snapshot } from "../../../device/contract/snapshot.ts";
import { occupancy } from "../../../ui/panel/view/occupancy.ts";

const zone = "Europe/Berlin";
const at = (hour: number, minute = 0) => Date.UTC(2026, 10, 23, hour - 1, minute);

function entry(start: number, end: number, why: AgendaEntry["why"] = "early"): AgendaEntry {
	return { id: `${start}`, title: null, start, end, join: false, why, service: null };
}

const of = (entries: AgendaEntry[], now: number) => occupancy({ entries, failure: null }, now, zone);

describe("occupancy", () => {
	it("is free until the next meeting, whatever the order of the entries", () => {
		expect(of([entry(at(14), at(15)), entry(at(11), at(12))], at(10))).toEqual({ now: "free", until: at(11) });
	});

	it("is in use until the last of meetings that follow each other or overlap", () => {
		const entries = [entry(at(9), at(10)), entry(at(10), at(11)), entry(at(10, 30), at(11, 30)), entry(at(12), at(13))];
		expect(of(entries, at(9, 30))).toEqual({ now: "busy", until: at(11, 30) });
	});

	it("is free from the very minute that a meeting ends", () => {
		expect(of([entry(at(9), at(10))], at(10))).toEqual({ now: "free", until: null });
	});

	it("takes no notice of cancelled meetings and of tomorrow's", () => {
		const entries = [entry(at(9), at(10), "cancelled"), entry(at(9) + 86_400_000, at(10) + 86_400_000)];
		expect(of(entries, at(9, 30))).toEqual({ now: "free", until: null });
	});

	it("claims nothing while the calendar can't be read", () => {
		const agenda: Snapshot["agenda"] = { entries: [], failure: "calendar.unreadable" };
		expect(occupancy(agenda, at(9), zone)).toEqual({ now: "unknown", until: null });
	});
});
