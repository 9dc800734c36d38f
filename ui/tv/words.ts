import type { Locale } from "../../device/contract/snapshot.ts";

export const words: Record<Locale, { tv: string; none: string }> = {
	de: { tv: "Was der Fernseher dieses Raums zeigt", none: "Kein Bild. Es kommt von selbst zurück." },
	en: { tv: "What the TV of this room shows", none: "No picture. It comes back by itself." },
};
