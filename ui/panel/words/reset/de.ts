import type { ResetWords } from "./ResetWords.ts";

export const de: ResetWords = {
	title: "Werkszustand",
	explain: "Das Gerät vergisst alles über diesen Raum und seine Organisation.",
	inUse: "Nicht während eines Gesprächs.",
	updating: "Nicht, während ein Update eingespielt wird.",
	open: "Zum Öffnen halten",
	question: "Alles löschen?",
	consequence: "Danach gehört dieses Gerät niemandem mehr. Das lässt sich nicht rückgängig machen. Gelöscht werden:",
	lost: {
		membership: "die Zugehörigkeit zu Ihrer Organisation, mit Name und Einstellungen des Raums",
		views: "gemerkte Kameraansichten und ihre Bilder",
		keys: "alle Schlüssel: der eigene und die von Räumen, die hier bekannt sind",
		network: "Netzwerk, Kalender, Ausstattung und Adresse der Verwaltung aus der Einrichtungsdatei",
	},
	afterwards:
		"Die Firmware bleibt. Um das Gerät wieder zu benutzen, braucht es eine Einrichtungsdatei und einen neuen Code der IT.",
	hold: "Zum Löschen halten",
	begun: "Das Gerät löscht alles und startet neu. Bitte nicht ausschalten.",
	failures: {
		"reset.failed":
			"Das Gerät wurde nicht zurückgesetzt. Versuchen Sie es noch einmal, oder spielen Sie die Firmware neu auf.",
	},
};
