import type { Locale } from "../contract/snapshot.ts";

const { locale, timeZone } = new Intl.DateTimeFormat().resolvedOptions();

/** Where this machine says that it stands, as long as no fleet has said where: language and zone of its image. */
export const setting: { readonly locale: Locale; readonly timeZone: string } = {
	locale: locale.startsWith("de") ? "de" : "en",
	timeZone,
};
