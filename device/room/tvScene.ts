import type { Locale, Snapshot } from "../contract/snapshot.ts";
import type { TvScene } from "./ports.ts";

type Words = "joining" | "ringing" | "alone" | "securing" | "verified" | "encrypted" | "recovering";

/** The few words that the engine draws itself; the pages' words are in `ui/kit`, which the device may not import. */
const words: Record<Locale, Record<Words, string>> = {
	de: {
		joining: "Verbindet …",
		ringing: "Klingelt …",
		alone: "Noch niemand da",
		securing: "Wird gesichert …",
		verified: "Verschlüsselt, geprüft",
		encrypted: "Verschlüsselt, nicht verglichen",
		recovering: "Verbindet neu …",
	},
	en: {
		joining: "Joining …",
		ringing: "Ringing …",
		alone: "Nobody else yet",
		securing: "Securing …",
		verified: "Encrypted, verified",
		encrypted: "Encrypted, not compared",
		recovering: "Reconnecting …",
	},
};

/** What the TV shows for a snapshot. Self view is never shown at rest: there is none. */
export function tvScene({ screen, room, media }: Snapshot): TvScene {
	const say = words[room.locale];
	const scene = { name: room.name, status: "", locked: false, selfView: media.selfView, locale: room.locale };
	switch (screen.name) {
		case "joining":
			return { ...scene, layout: "joining", status: say.joining };
		case "ringing-out":
			return { ...scene, layout: "joining", name: screen.to, status: say.ringing };
		case "alone":
			return { ...scene, layout: "alone", status: say.alone };
		case "call": {
			const far = { ...scene, layout: "call", name: screen.far.name ?? "" } as const;
			if (screen.phase === "recovering") return { ...far, status: say.recovering };
			if (screen.phase === "securing" || screen.security === "securing") return { ...far, status: say.securing };
			return { ...far, status: say[screen.security], locked: true, verified: screen.security === "verified" };
		}
		default:
			return { ...scene, layout: "resting", selfView: false };
	}
}
