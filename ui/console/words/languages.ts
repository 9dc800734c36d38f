import type { Locale } from "../../../device/contract/snapshot.ts";
import type { ConsoleWords } from "./ConsoleWords.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";

export const words: Record<Locale, ConsoleWords> = { de, en };
