import type { Locale } from "../../../device/contract/snapshot.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import type { Words } from "./Words.ts";

export const words: Record<Locale, Words> = { de, en };

/** The first language of a list of preferences (`navigator.languages`) that we speak; English if none is. */
export function pickLocale(preferences: readonly string[]): Locale {
	for (const preference of preferences) {
		const language = preference.slice(0, 2).toLowerCase();
		if (language === "de" || language === "en") return language;
	}
	return "en";
}
