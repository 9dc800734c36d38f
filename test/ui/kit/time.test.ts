import { describe, expect, it } from "vitest";
import { pickLocale } from "../../../ui/kit/i18n/languages.ts";
import { dateOfDay, duration, hourOfDay, sameDay, timeOfDay } from "../../../ui/kit/i18n/time.ts";

const zone = "Europe/Berlin";

describe("time", () => {
	it("is the room's, in the language's own form", () => {
		const at = Date.UTC(2026, 10, 23, 8, 57);
		expect([timeOfDay(at, "de", zone), timeOfDay(at, "en", zone)]).toEqual(["09:57", "09:57"]);
		expect(dateOfDay(at, "de", zone)).toBe("Montag, 23. November");
		expect(dateOfDay(at, "en", zone)).toBe("Monday 23 November");
		expect(timeOfDay(at, "en", "America/New_York")).toBe("03:57");
	});

	it("writes midnight as 00:00, not 24:00", () => {
		const midnight = Date.UTC(2026, 10, 22, 23, 0);
		expect(timeOfDay(midnight, "de", zone)).toBe("00:00");
		expect(hourOfDay(midnight, zone)).toBe(0);
	});

	it("knows the room's day, not the machine's", () => {
		const evening = Date.UTC(2026, 10, 22, 22, 30);
		expect(sameDay(evening, evening + 3_600_000, zone)).toBe(false);
		expect(sameDay(evening, evening + 3_600_000, "UTC")).toBe(true);
	});

	it.each([
		[0, "0:00"],
		[7.9, "0:07"],
		[761, "12:41"],
		[3723, "1:02:03"],
		[-5, "0:00"],
	])("shows %d s as %s", (seconds, shown) => {
		expect(duration(seconds)).toBe(shown);
	});
});

describe("language", () => {
	it.each([
		[["de-AT", "en"], "de"],
		[["fr-FR", "de"], "de"],
		[["en-US"], "en"],
		[["fr", "it"], "en"],
		[[], "en"],
	] as const)("of %j is %s", (preferences, locale) => {
		expect(pickLocale(preferences)).toBe(locale);
	});
});
