import type { Locale } from "../../../device/contract/snapshot.ts";
import { words as shared } from "../../kit/i18n/languages.ts";
import type { Words } from "../../kit/i18n/Words.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import type { GuestWords } from "./GuestWords.ts";

/** Everything this page says in one language: what it shares with the room, and its own. */
export interface PageWords {
	shared: Words;
	own: GuestWords;
}

export const pageWords: Record<Locale, PageWords> = {
	de: { shared: shared.de, own: de },
	en: { shared: shared.en, own: en },
};
