import { dateOfDay, sameDay, timeOfDay } from "../../../kit/i18n/time.ts";
import type { PanelProps } from "../ScreenProps.ts";

/** The time, with its day where that isn't today. */
export function whenOf(ms: number, { now, room: { locale, timeZone } }: PanelProps["snapshot"]): string {
	const time = timeOfDay(ms, locale, timeZone);
	return sameDay(ms, now, timeZone) ? time : `${dateOfDay(ms, locale, timeZone)}, ${time}`;
}
