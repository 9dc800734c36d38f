import ICAL from "ical.js";
import { StepBudget } from "./BoundedIterator.ts";
import type { CalendarEntry } from "./CalendarSource.ts";
import { expandMeeting, type Occurrence, type Override } from "./expandMeeting.ts";
import { Meeting } from "./Meeting.ts";
import { epoch, moment } from "./Moment.ts";
import { splitCalendar } from "./splitCalendar.ts";
import { ianaZone, ZoneTable } from "./ZoneTable.ts";

export interface AgendaOptions {
	/** Epoch milliseconds: what overlaps [from, to) is wanted. */
	from: number;
	to: number;
	/** The room's IANA zone, for floating times and whole days. */
	timeZone: string;
	/** Titles are left out otherwise. */
	showTitles: boolean;
}

export interface Agenda {
	/** By start. */
	entries: CalendarEntry[];
	/** Events that were left out because they could not be understood or would take too long. */
	skipped: number;
}

/** Most entries of one day. */
const ENTRY_LIMIT = 200;
const STEPS_A_FILE = 100_000;

/**
 * Today's meetings from an iCalendar file (RFC 5545): recurrences with their exceptions, cancelled ones as such, whole days, meetings that
 * cross midnight or a change of the clock. An event that makes no sense costs only itself.
 *
 * @throws RoomError `calendar.unreadable` if the text is no iCalendar at all
 */
export function readAgenda(text: string, options: AgendaOptions): Agenda {
	const parts = splitCalendar(text);
	const budget = new StepBudget(STEPS_A_FILE);
	const agenda: Agenda = { entries: [], skipped: 0 };
	const attempt = (work: () => void) => {
		try {
			work();
		} catch {
			agenda.skipped += 1;
		}
	};
	const room = ianaZone(options.timeZone);
	const zones = new ZoneTable({ room, budget, now: options.from });
	for (const zone of parts.zones) attempt(() => zones.define(component(zone)));
	const masters = new Map<string, Meeting>();
	const overrides = new Map<string, Override[]>();
	for (const event of parts.events) {
		attempt(() => {
			const meeting = new Meeting(component(event), zones);
			const { uid } = meeting;
			const id = meeting.component.getFirstProperty("recurrence-id");
			if (id) {
				const onwards = String(id.getFirstParameter("range")).toUpperCase() === "THISANDFUTURE";
				const list = overrides.get(uid) ?? [];
				list.push({ meeting, replaces: moment(id, zones), onwards });
				overrides.set(uid, list);
			} else if ((masters.get(uid)?.sequence ?? -1) <= meeting.sequence) masters.set(uid, meeting);
		});
	}
	const add = ({ meeting, start, original }: Occurrence) => {
		if (epoch(start) >= options.to || meeting.end(start) <= options.from) return;
		const entry = meeting.entry(start, original, options.showTitles);
		if (entry && agenda.entries.length < 2 * ENTRY_LIMIT) agenda.entries.push(entry);
	};
	for (const { meeting, replaces } of [...overrides.values()].flat()) {
		attempt(() => add({ meeting, start: meeting.start, original: epoch(replaces) }));
	}
	for (const [uid, master] of masters) {
		attempt(() => {
			for (const one of expandMeeting(master, overrides.get(uid) ?? [], { ...options, zones, budget })) add(one);
		});
	}
	agenda.entries.sort((a, b) => a.start - b.start || a.end - b.end || (a.id < b.id ? -1 : 1));
	agenda.entries.splice(ENTRY_LIMIT);
	return agenda;
}

/** Each component is parsed without a calendar around it: the library then evaluates no time zones of the file's by itself. */
function component(text: string): ICAL.Component {
	return new ICAL.Component(ICAL.parse(text) as []);
}
