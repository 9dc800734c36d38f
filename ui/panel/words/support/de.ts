import type { SupportWords } from "./SupportWords.ts";

export const de: SupportWords = {
	title: "Bericht für die Fehlersuche",
	contents:
		"Versionen, letzte Prüfung, Programme, Speicher und Datenträger, Protokoll seit dem Start. Keine Namen, Links, Titel oder Adressen.",
	save: "Auf den Stick speichern",
	states: { collecting: "wird zusammengestellt …", writing: "wird geschrieben …" },
	done: (file) => `Gespeichert als ${file}. Sie können den Stick jetzt abziehen.`,
	failures: {
		"support.no_stick": "Es steckt kein Stick, der gelesen werden kann. Stecken Sie einen mit FAT32 ein.",
		"support.stick_read_only":
			"Der Stick ist schreibgeschützt. Heben Sie den Schutz auf, oder nehmen Sie einen anderen.",
		"support.stick_full": "Der Stick ist voll. Machen Sie Platz, oder nehmen Sie einen anderen.",
		"support.stick_gone": "Der Stick wurde abgezogen, bevor alles geschrieben war. Stecken Sie ihn wieder ein.",
		"support.failed": "Das Speichern ist fehlgeschlagen. Versuchen Sie es mit einem anderen Stick.",
	},
};
