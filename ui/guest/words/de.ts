import type { GuestWords } from "./GuestWords.ts";

export const de: GuestWords = {
	pageTitle: "Besprechung",
	unsupported: {
		insecure: {
			title: "Diese Adresse ist nicht gesichert.",
			next: "Browser geben Kamera und Verschlüsselung nur auf https-Seiten frei. Bitten Sie um einen Link, der mit https beginnt.",
		},
		no_calls: {
			title: "Dieser Browser kann nicht telefonieren.",
			next: "Öffnen Sie den Link in einem aktuellen Firefox, Chrome, Edge oder Safari. In Apps hilft „Im Browser öffnen“.",
		},
		no_cryptography: {
			title: "Dieser Browser kann nicht verschlüsseln.",
			next: "Öffnen Sie den Link in einem aktuellen Firefox, Chrome, Edge oder Safari.",
		},
		too_old: {
			title: "Dieser Browser ist zu alt für ein verschlüsseltes Gespräch.",
			next: "Aktualisieren Sie ihn, oder öffnen Sie den Link in einem anderen.",
		},
	},
	reloaded: {
		title: "Öffnen Sie den Link noch einmal.",
		next: "Der geheime Teil des Links steht zum Schutz nicht in der Adresszeile und ging beim Neuladen verloren. Klicken Sie noch einmal auf den Link in Ihrer Einladung.",
	},
	lobby: {
		title: "Bereit?",
		asks: "Ihr Browser fragt gleich, ob er Kamera und Mikrofon benutzen darf. Gesendet wird erst, wenn Sie beitreten.",
		turnOn: "Kamera und Mikrofon einschalten",
		withoutDevices: "Ohne beitreten",
		asking: "Bitte erlauben Sie Kamera und Mikrofon oben im Browser.",
		name: "Ihr Name (freiwillig)",
		nameHint: "Sieht nur die Gegenseite. Wird nicht gespeichert.",
		join: "Beitreten",
		devices: "Geräte",
		cameraIsOff: "Ihre Kamera ist aus",
		trustTitle: "Wer kann mithören?",
		trust: (host) => [
			"Niemand außer beiden Seiten: Bild und Ton sind Ende zu Ende verschlüsselt, und das lässt sich nicht abschalten.",
			"Ob wirklich niemand dazwischen ist, zeigen sieben Bilder, die Sie im Gespräch vergleichen können.",
			`Eine Grenze gibt es: Diese Seite kommt von ${host}. Wer diesen Server betreibt, könnte eine andere Seite ausliefern. Ihm müssen Sie als Gast vertrauen, ein Raum muss es nicht.`,
		],
	},
	joining: "Verbindet mit dem Treffpunkt",
	joiningSlow: "Das dauert länger als sonst. Vielleicht ist das Netz langsam.",
	waiting: {
		title: "Sie sind zuerst da",
		explain: "Es geht von selbst los, sobald die Gegenseite da ist.",
	},
	source: {
		microphone: {
			denied: "Das Mikrofon ist nicht erlaubt. Erlauben Sie es über das Symbol links neben der Adresse.",
			busy: "Ein anderes Programm benutzt das Mikrofon. Schließen Sie es, und schalten Sie das Mikrofon ein.",
			absent: "Kein Mikrofon gefunden. Schließen Sie eines an, und schalten Sie es ein.",
		},
		camera: {
			denied: "Die Kamera ist nicht erlaubt. Erlauben Sie sie über das Symbol links neben der Adresse.",
			busy: "Ein anderes Programm benutzt die Kamera. Schließen Sie es, und schalten Sie die Kamera ein.",
			absent: "Keine Kamera gefunden. Schließen Sie eine an, und schalten Sie sie ein.",
		},
	},
	devices: {
		title: "Geräte",
		microphone: "Mikrofon",
		camera: "Kamera",
		speaker: "Lautsprecher",
		standard: "Standard",
		unnamed: (place) => `Gerät ${place}`,
	},
	call: {
		duration: "Dauer",
		hear: "Ton einschalten",
		farPicture: (name) => `Bild von ${name}`,
		turnFar: "Kamera drüben drehen",
		mayTurnFar: "Sie dürfen die Kamera drüben drehen.",
		controls: "Steuerung",
		devices: "Geräte",
		devicesTitle: "Geräte und Lautstärke",
		nowOff: (what) => (what === "microphone" ? "Ihr Mikrofon ist aus." : "Ihre Kamera ist aus."),
		nowOn: (what) => (what === "microphone" ? "Ihr Mikrofon ist an." : "Ihre Kamera ist an."),
	},
	ended: {
		again: "Noch einmal beitreten",
		lasted: (duration) => `Dauer ${duration}. Kamera und Mikrofon sind aus.`,
		close: "Sie können dieses Fenster schließen.",
	},
	switchLanguage: "Sprache wechseln",
};
