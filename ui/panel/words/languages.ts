import type { Locale } from "../../../device/contract/snapshot.ts";
import { words as kit } from "../../kit/i18n/languages.ts";
import type { Words } from "../../kit/i18n/Words.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import type { PanelWords } from "./PanelWords.ts";

/** Everything the panel says: `kit` is shared with the guest's page. */
export type AllWords = PanelWords & { kit: Words };

export const languages: Record<Locale, AllWords> = { de: { ...de, kit: kit.de }, en: { ...en, kit: kit.en } };
