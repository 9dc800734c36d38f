/** Tells minutes since midnight by the clocks of a time zone (IANA name); the machine's own may be another. */
export function minuteOfDayIn(timeZone: string): (now: number) => number {
	const clock = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
	return (now) => {
		const [hours = 0, minutes = 0] = clock.format(now).split(":").map(Number);
		return hours * 60 + minutes;
	};
}
