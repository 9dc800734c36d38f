/** Joining is possible from ten minutes before a meeting, so the first of tomorrow belong to the end of today. */
const INTO_TOMORROW_MINUTES = 15;

/** The room's day around `now`: from its midnight to a little past the next, epoch milliseconds. A day may have 23 or 25 hours. */
export function dayWindow(now: number, timeZone: string): { from: number; to: number } {
	const midnight = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).startOfDay();
	const next = midnight.add({ days: 1 }).startOfDay();
	return {
		from: midnight.epochMilliseconds,
		to: next.add({ minutes: INTO_TOMORROW_MINUTES }).epochMilliseconds,
	};
}
