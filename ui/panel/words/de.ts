import type { PanelWords } from "./PanelWords.ts";

const missing: Record<Parameters<PanelWords["missing"]>[0][number], string> = {
	broker: "Räume anrufen",
	rendezvous: "der Treffpunkt",
	engine: "Bild und Ton",
	camera: "Kamera",
	microphone: "Mikrofon",
	speaker: "Lautsprecher",
	calendar: "Kalender",
};

export const de: PanelWords = {
	seats: (count) => (count === 1 ? "1 Platz" : `${count} Plätze`),
	freeUntil: (time) => `Frei bis ${time}`,
	busyUntil: (time) => `Belegt bis ${time}`,
	freeToday: "Heute nichts mehr: frei",
	reserved: "Reserviert",
	agenda: "Besprechungen heute",
	nothingToday: "Heute keine Besprechung mehr",
	more: (count) => (count === 1 ? "und noch eine" : `und ${count} weitere`),
	calendarUnreadable: "Der Kalender ist nicht lesbar",
	join: "Beitreten",
	inMinutes: (minutes) =>
		minutes <= 0 ? "jetzt" : minutes === 1 ? "in 1 Minute" : minutes < 60 ? `in ${minutes} Minuten` : "später",
	sinceMinutes: (minutes) => (minutes < 1 ? "jetzt" : `seit ${minutes} min`),
	minutes: (minutes) => (minutes % 60 === 0 && minutes > 60 ? `${minutes / 60} h` : `${minutes} min`),
	why: (entry) => {
		if (entry.why === "no_link") return "Kein Link in der Einladung";
		if (entry.why === "unknown_service") return `${entry.service ?? "Dieser Dienst"}: hier noch nicht möglich`;
		if (entry.why === "link_stripped") return "Link vom Mailserver entfernt";
		if (entry.why === "cancelled") return "Abgesagt";
		return "";
	},
	meetNow: "Sofort treffen",
	callRoom: "Raum anrufen",
	enterLink: "Link eingeben",
	enterLinkHere: "Eingeben",
	back: "Zurück",
	rooms: {
		title: "Welcher Raum?",
		none: "Es sind keine Räume zum Anrufen eingerichtet.",
		online: "bereit",
		offline: "nicht online",
		unknown: "Zustand unbekannt",
		cannot: "Räume können gerade nicht angerufen werden.",
	},
	link: {
		title: "Link der Einladung eingeben",
		explain: "Tippen Sie ihn ein, oder lesen Sie ihn mit einem Scanner.",
		field: "Link",
		join: "Beitreten",
		instead: "Einfacher: hier anfangen und die anderen einen QR-Code scannen lassen.",
		erase: "Löschen",
		shift: "Großbuchstaben",
		keys: "Tastatur",
	},
	joining: {
		title: "Sie treten bei",
		explain: "Der Treffpunkt wird gefragt. Kamera und Mikrofon dieses Raums machen sich bereit.",
		slow: "Das dauert länger als sonst: Das Netz antwortet langsam. Nach spätestens 45 Sekunden erfahren Sie, woran es liegt.",
	},
	alone: {
		title: "Sie sind die Ersten",
		explain: "Andere kommen dazu, wenn sie diesen Code scannen oder den Link der Einladung öffnen.",
		copy: "Link kopieren",
		copied: "Link kopiert",
	},
	ringingIn: {
		title: "ruft an",
		verified: "Raum dieser Organisation · verifiziert",
		unverified: "Nicht verifiziert",
		answer: "Annehmen",
		answerWithoutCamera: "Ohne Kamera",
		decline: "Ablehnen",
	},
	ringingOut: {
		title: (name) => `${name} wird gerufen`,
		explain: "Es klingelt dort. Bevor jemand annimmt, ist nichts zu sehen oder zu hören.",
	},
	call: {
		unknown: "Die Gegenseite",
		verified: "Die Gegenseite ist verifiziert",
		verifiedExplain: "Ein Raum dieser Organisation. Es hört sonst niemand mit.",
		compared: "Der Code ist gleich",
		comparedExplain: "Jemand hat ihn hier verglichen. Es hört sonst niemand mit.",
		encrypted: "Noch nicht verglichen",
		encryptedExplain: "Nur wer den Link hat, kann hier sein. Vergleichen Sie den Code, um sicher zu sein, wer es ist.",
		sameKey: "Derselbe Schlüssel wie beim letzten Mal",
		newKey: "Ein Schlüssel, der hier neu ist",
	},
	source: {
		microphone: {
			absent: "Kein Mikrofon",
			busy: "Mikrofon belegt",
			denied: "Nicht erlaubt",
			still: "Kein Ton",
		},
		camera: { absent: "Keine Kamera", busy: "Kamera belegt", denied: "Nicht erlaubt", still: "Kein Bild" },
	},
	selfView: { on: "Selbstbild am TV", off: "Kein Selbstbild", none: "Niemand sieht diesen Raum" },
	volumeDown: "Leiser",
	volumeUp: "Lauter",
	ended: {
		lasted: (minutes, seconds) =>
			minutes > 0 ? `Es dauerte ${minutes} min ${seconds} s.` : `Es dauerte ${seconds} s.`,
		question: "War alles in Ordnung?",
		fine: "Ja",
		wrong: "Etwas stimmte nicht",
		thanks: "Gut zu wissen. Es wurde nichts gesendet.",
		advice: (time) => `Es wurde nichts gesendet. Wenn Sie es der IT sagen, nennen Sie die Uhrzeit: ${time}.`,
		done: "Fertig",
	},
	trouble: {
		retryIn: (seconds) => `Nächster Versuch in ${seconds} s`,
		retrying: "Neuer Versuch läuft",
		retry: "Noch einmal",
	},
	lost: "Kein Kontakt zum Raum",
	lostExplain: "Was Sie sehen, kann veraltet sein. Die Verbindung kommt von selbst zurück.",
	connecting: "Verbindung zum Raum wird aufgebaut",
	notNow: "Das geht gerade nicht.",
	missing: (what) => `Es fehlt: ${what.map((name) => missing[name]).join(", ")}`,
};
