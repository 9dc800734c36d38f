import type { InstallerWords } from "./InstallerWords.ts";

export const de: InstallerWords = {
	starting: "Die Datenträger dieses Geräts werden gesucht",
	choose: (version) => `InCamera ${version} installieren`,
	chooseExplain: "Alles auf dem Datenträger, den Sie berühren, wird gelöscht.",
	gigabytes: (size) => `${size.toLocaleString("de-DE", { maximumFractionDigits: size < 10 ? 1 : 0 })} GB`,
	holds: {
		incamera: "InCamera ist darauf, und was es von seinem Raum weiß",
		other: "etwas ist darauf",
		nothing: "nichts Bekanntes ist darauf",
	},
	unknownDisk: "Datenträger",
	removable: "kann abgezogen werden",
	refused: {
		"flash.device_too_small": "zu klein",
		"flash.device_read_only": "nicht beschreibbar",
		"flash.device_in_use": "in Gebrauch",
		"flash.sector_size": "hat Sektoren anderer Größe",
		other: "nicht möglich",
	},
	noDisk: "Kein Datenträger zum Installieren.",
	noDiskNext:
		"Es braucht einen mit 4 GB oder mehr. Sehen Sie in der Firmware des Geräts nach, und starten Sie diesen Stick noch einmal.",
	hold: "Zum Löschen und Installieren halten",
	touchOne: "Erst einen Datenträger berühren",
	busy: "Wird installiert",
	busyExplain: "Bitte nicht ausschalten, und den Stick stecken lassen.",
	steps: {
		checking: "Der Stick wird geprüft",
		writing: "Der Datenträger wird beschrieben",
		reading: "Alles wird zurückgelesen",
	},
	installed: "Installiert.",
	installedExplain: "Ausschalten, Stick abziehen, wieder einschalten.",
	prepared: "Die Einrichtungsdatei des Sticks gilt vom ersten Start an.",
	notPrepared: "Der Stick hat keine Einrichtungsdatei: Das Gerät fragt nach einem Code.",
	switchOff: "Ausschalten",
	switchingOff: "Schaltet aus",
	faults: {
		stick: {
			title: "Dem Stick ist nicht zu trauen.",
			next: "Er ist nicht, was signiert wurde. Schreiben Sie ihn neu, aus einer geprüften Datei.",
		},
		disk: {
			title: "Der Datenträger taugt nicht.",
			next: "Versuchen Sie es noch einmal, oder nehmen Sie einen anderen.",
		},
		setup_file: {
			title: "Die Einrichtungsdatei ist falsch.",
			next: "Es wurde nichts gelöscht. Bereiten Sie den Stick neu vor: incamera image prepare.",
		},
		unexpected: {
			title: "Etwas Unerwartetes ist passiert.",
			next: "Versuchen Sie es noch einmal. Bleibt es so, schreiben Sie den Stick neu.",
		},
	},
	code: "Code",
	again: "Zurück zu den Datenträgern",
	otherLanguage: "English",
};
