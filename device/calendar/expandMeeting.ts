import ICAL from "ical.js";
import { RoomError } from "../core/RoomError.ts";
import { BoundedIterator, StepBudget } from "./BoundedIterator.ts";
import type { Meeting } from "./Meeting.ts";
import { DAY_MS, epoch, type Moment, moments, roughly, shifted } from "./Moment.ts";
import type { ZoneTable } from "./ZoneTable.ts";

const STEPS_AN_EVENT = 10_000;
/** Longer rules, further strides and more rules exist only to do harm. */
const RULE_CHARACTERS = 1_000;
const INTERVAL_LIMIT = 1_000;
const RULES_AN_EVENT = 4;
/** How far an occurrence may be shifted when its series is moved from some day on. */
const SHIFT_MS = 7 * DAY_MS;

/** One occurrence that differs from its series; with `onwards` the series from there on (RFC 5545 §3.2.13). */
export interface Override {
	meeting: Meeting;
	replaces: Moment;
	onwards: boolean;
}

export interface Occurrence {
	meeting: Meeting;
	start: Moment;
	/** The start that the series gives it, epoch milliseconds. */
	original: number;
}

export interface ExpandOptions {
	zones: ZoneTable;
	/** Occurrences that may overlap [from, to) are wanted; some more may come. */
	from: number;
	to: number;
	budget: StepBudget;
}

/**
 * The occurrences of a series around a day, without those that an override replaces.
 *
 * @throws RoomError `calendar.rule_too_long` for a rule that no meeting has, or that takes too many steps
 */
export function expandMeeting(master: Meeting, overrides: readonly Override[], options: ExpandOptions): Occurrence[] {
	const splits = overrides.filter((one) => one.onwards).sort((a, b) => epoch(a.replaces) - epoch(b.replaces));
	const longest = Math.max(master.lengthMs, ...overrides.map(({ meeting }) => meeting.lengthMs));
	const reach = { from: options.from - longest - SHIFT_MS, to: options.to + SHIFT_MS };
	const near = (one: Moment) => roughly(one) > reach.from - DAY_MS && roughly(one) < reach.to + DAY_MS;
	const listed = (name: string) =>
		master.component.getAllProperties(name).flatMap((property) => moments(property, options.zones).filter(near));

	const excluded = [...listed("exdate"), ...overrides.map(({ replaces }) => replaces)];
	const excludedTimes = new Set(excluded.map(epoch));
	// An EXDATE may be a bare date although the series has times.
	const excludedDays = new Set(excluded.filter(({ time }) => time.isDate).map(dayOf));
	const starts = new Map<number, Moment>();
	const rules = master.component.getAllProperties("rrule").slice(0, RULES_AN_EVENT);
	const candidates = [
		...listed("rdate"),
		...rules.flatMap((rule) => recurrences(rule, master.start, reach, options.budget)),
	];
	if (rules.length === 0) candidates.push(master.start);
	for (const one of candidates) {
		if (!near(one)) continue;
		const at = epoch(one);
		if (!excludedTimes.has(at) && !excludedDays.has(dayOf(one))) starts.set(at, one);
	}
	return [...starts].map(([original, start]) => {
		const split = splits.findLast(({ replaces }) => epoch(replaces) <= original);
		if (!split) return { meeting: master, start, original };
		const time = shifted(start.time, split.meeting.start.time.subtractDate(split.replaces.time));
		return { meeting: split.meeting, start: { time, zone: split.meeting.start.zone }, original };
	});
}

function recurrences(
	property: ICAL.Property,
	start: Moment,
	reach: { from: number; to: number },
	budget: StepBudget,
): Moment[] {
	const rule = property.getFirstValue();
	if (!(rule instanceof ICAL.Recur)) throw new RoomError("calendar.rule_invalid", "a recurrence is no rule");
	const frequent = rule.freq === "SECONDLY" || rule.freq === "MINUTELY" || rule.freq === "HOURLY";
	if (frequent || rule.interval > INTERVAL_LIMIT || rule.toString().length > RULE_CHARACTERS) {
		throw new RoomError("calendar.rule_too_long", "a recurrence is not one of a meeting");
	}
	const until = endOfRule(rule, start);
	// Compared here by epoch: the library would compare an UNTIL in UTC with wall times.
	const endless = rule.clone();
	endless.until = null;
	const own = new StepBudget(Math.min(STEPS_AN_EVENT, budget.left));
	const found: Moment[] = [];
	try {
		const dtstart = nearer(start.time, rule, reach.from);
		const iterator = new BoundedIterator({ rule: endless, dtstart, budget: own });
		for (let next = iterator.next(); next; next = iterator.next()) {
			const one = { time: next.clone(), zone: start.zone };
			if (roughly(one) > Math.min(reach.to, until) + DAY_MS) break;
			if (roughly(one) > reach.from - DAY_MS && epoch(one) <= until) found.push(one);
		}
	} finally {
		budget.spend(Math.min(budget.left, STEPS_AN_EVENT - Math.max(0, own.left)));
	}
	return found;
}

/** UNTIL as epoch milliseconds; a bare date includes its whole day. */
function endOfRule(rule: ICAL.Recur, start: Moment): number {
	const { until } = rule;
	if (!until) return Number.POSITIVE_INFINITY;
	if (until.zone === ICAL.Timezone.utcTimezone && !until.isDate) return roughly({ time: until, zone: start.zone });
	const wholeDay = until.isDate && !start.time.isDate ? DAY_MS - 1 : 0;
	return epoch({ time: until, zone: start.zone }) + wholeDay;
}

/** A start that the rule treats alike but that lies just before `from`: years of a daily meeting needn't be counted through. */
function nearer(dtstart: ICAL.Time, rule: ICAL.Recur, from: number): ICAL.Time {
	const stride = rule.freq === "DAILY" ? rule.interval : rule.freq === "WEEKLY" ? 7 * rule.interval : 0;
	// COUNT counts from the true start.
	if (stride === 0 || rule.count) return dtstart;
	const days = Math.floor((from - dtstart.toUnixTime() * 1000) / DAY_MS);
	// Two strides early, for the week's start and for what the zone shifts.
	const strides = Math.floor(days / stride) - 2;
	if (strides <= 0) return dtstart;
	return shifted(dtstart, ICAL.Duration.fromData({ days: strides * stride }));
}

function dayOf({ time }: Moment): string {
	return `${time.year}-${time.month}-${time.day}`;
}
