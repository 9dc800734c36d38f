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
	calendar: {
		"calendar.unreadable": { title: "Der Kalender ist nicht lesbar", next: "Bitte der IT sagen." },
		"calendar.unreachable": {
			title: "Der Kalender ist nicht erreichbar",
			next: "Es wird weiter versucht. Bleibt es so, bitte der IT sagen.",
		},
		"calendar.untrusted": {
			title: "Der Kalender ist nicht sicher zu lesen",
			next: "Die IT muss das Zertifikat seines Servers prüfen.",
		},
		"calendar.denied": { title: "Der Kalender wird verweigert", next: "Die IT muss seine Adresse erneuern." },
	},
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
	enrol: {
		title: "Raum in Betrieb nehmen",
		explain: "Geben Sie den Code ein, den die IT für diesen Raum erstellt hat: 16 Zeichen, getippt oder gescannt.",
		field: "Code",
		enrol: "In Betrieb nehmen",
		qr: "Noch kein Code? Scannen: Dort wird er erstellt.",
		serial: "Seriennummer",
		network: (addresses) => `Im Netz: ${addresses}`,
		noNetwork: "Kein Netz. Prüfen Sie das Netzwerkkabel.",
		starting: "Dieses Gerät startet",
		startingExplain: "Einen Moment noch.",
		underway: "Der Raum wird in Betrieb genommen",
		steps: {
			connecting: "Verbindung zur Flotte",
			proving: "Gerät und Flotte weisen sich einander aus",
			waiting: "Die Flotte stellt das Zertifikat aus",
			confirming: "Das neue Zertifikat wird benutzt",
		},
		configuring: "Die Einstellungen des Raums werden übernommen.",
		slow: "Das dauert länger als sonst. Sie können warten: Geht es nicht, erfahren Sie hier, woran es liegt.",
		failures: {
			"enrol.code_malformed": {
				title: "Dieser Code ist nicht vollständig.",
				next: "Er hat 16 Zeichen, in vier Gruppen.",
			},
			"enrol.code_wrong": {
				title: "Dieser Code stimmt nicht.",
				next: "Lesen Sie ihn noch einmal ab. Er gilt einen Tag, für ein Gerät und fünf Versuche.",
			},
			"enrol.code_locked": {
				title: "Dieser Code ist gesperrt: Es gab zu viele Versuche.",
				next: "Lassen Sie sich von der IT einen neuen geben.",
			},
			"enrol.too_many": {
				title: "Die Flotte ist gerade überlastet.",
				next: "Versuchen Sie es in einer Minute noch einmal.",
			},
			"enrol.unreachable": {
				title: "Die Flotte ist nicht erreichbar.",
				next: "Prüfen Sie das Netz. Vielleicht steht eine Firewall dazwischen.",
			},
			"enrol.fleet_not_proved": {
				title: "Die Gegenseite kennt diesen Code nicht. Sie ist nicht Ihre Flotte.",
				next: "Geben Sie den Code nicht noch einmal ein, und sagen Sie der IT Bescheid.",
			},
			"enrol.not_confirmed": {
				title: "Die Flotte hat das Gerät nicht bestätigt.",
				next: "Versuchen Sie es mit einem neuen Code.",
			},
			"enrol.csr_refused": {
				title: "Die Flotte hat dieses Gerät abgelehnt.",
				next: "Nennen Sie der IT den Code dieser Meldung.",
			},
			"enrol.out_of_order": { title: "Es kam etwas durcheinander.", next: "Versuchen Sie es noch einmal." },
			"enrol.version_unknown": {
				title: "Gerät und Flotte sind von verschiedenen Versionen.",
				next: "Dieses Gerät muss aktualisiert werden. Sagen Sie der IT Bescheid.",
			},
			"enrol.failed": {
				title: "Das hat nicht geklappt.",
				next: "Versuchen Sie es noch einmal. Bleibt es so, sagen Sie der IT Bescheid.",
			},
			"agent.unreachable": {
				title: "Die Verwaltung dieses Geräts läuft nicht.",
				next: "Warten Sie eine Minute. Bleibt es so, trennen Sie das Gerät kurz vom Strom, und sagen Sie der IT Bescheid.",
			},
			"room.identity_refused": {
				title: "Das Zertifikat dieses Raums ist nicht zu gebrauchen.",
				next: "Die IT muss den Raum neu in Betrieb nehmen. Nennen Sie ihr den Code.",
			},
			"room.twin_refused": {
				title: "Die Einstellungen dieses Raums sind nicht zu gebrauchen.",
				next: "Die IT muss sie berichtigen. Nennen Sie ihr den Code.",
			},
		},
	},
	identify: "Die IT hat gefragt, welches Gerät das ist. Antippen blendet es aus.",
	update: {
		asks: "Ein Update wartet",
		now: "Jetzt",
		later: "Später",
		states: {
			downloading: "Update wird geladen",
			waiting: "Update wartet, bis der Raum frei ist",
			installing: "Update wird eingespielt",
			restarting: "Das Gerät startet gleich neu",
			probation: "Update wird geprüft",
		},
	},
	lost: "Kein Kontakt zum Raum",
	lostExplain: "Was Sie sehen, kann veraltet sein. Die Verbindung kommt von selbst zurück.",
	connecting: "Verbindung zum Raum wird aufgebaut",
	notices: {
		refused: "Das geht gerade nicht.",
		"microphone-held": "Die Taste am Tisch hält das Mikrofon stumm. Lösen Sie sie dort.",
		"camera-held": "Die Blende vor der Kamera ist zu. Öffnen Sie sie von Hand.",
	},
	held: { microphone: "Taste am Tisch", camera: "Blende ist zu" },
	heldAtRest: { microphone: "Stumm durch die Taste am Tisch", camera: "Die Blende der Kamera ist zu" },
	camera: {
		open: "Kamera drehen",
		title: "Kamera drehen",
		home: "Grundstellung",
		noPresets: "Für diese Kamera sind keine Ansichten eingerichtet.",
		store: "Ansicht merken",
		choose: "Welche ersetzen?",
		replace: (name) => `„${name}“ ersetzen`,
		tracking: "Folgt Personen",
		farControl: "Gegenseite darf drehen",
		lost: "Die Kamera lässt sich gerade nicht drehen: Ihre Steuerung antwortet nicht. Das Bild geht weiter.",
		cannot: "Die Kamera lässt sich gerade nicht drehen.",
	},
	display: {
		open: "Display",
		title: "Display und Ton",
		name: "Display",
		lost: "Das Display antwortet nicht. Schalten Sie es mit seiner Fernbedienung.",
		states: {
			on: "Es ist an.",
			off: "Es ist aus.",
			warming: "Es geht an.",
			cooling: "Es geht aus.",
			unknown: "Ob es an ist, hat es nicht gesagt.",
		},
		on: "Einschalten",
		off: "Ausschalten",
		volume: "Ton des Displays",
		volumeExplain: "Für alles, was das Display spielt.",
		muted: "Am Display ist der Ton aus.",
		louder: "Display lauter",
		quieter: "Display leiser",
	},
	moreThings: "Mehr",
	service: {
		open: "Ansehen",
		title: "Geräte dieses Raums",
		explain: "Was angeschlossen ist und wie es ihm geht.",
		lost: (count) => (count === 1 ? "Ein Gerät fehlt." : `${count} Geräte fehlen.`),
		none: "In diesem Raum sind keine Geräte eingerichtet.",
		kinds: { camera: "Kamera", display: "Display", "panel-bus": "Tasten und Sensoren" },
		states: { starting: "startet", ok: "verbunden", lost: "fehlt" },
		since: (when) => `seit ${when}`,
		failures: {
			"link.absent": { title: "Der Anschluss ist nicht da.", next: "Prüfen Sie, ob der Adapter steckt." },
			"link.busy": {
				title: "Ein anderes Programm benutzt den Anschluss.",
				next: "Starten Sie das Gerät neu. Bleibt es so, nennen Sie der IT den Code.",
			},
			"link.denied": {
				title: "Der Anschluss darf nicht geöffnet werden.",
				next: "Die IT muss die Rechte berichtigen. Nennen Sie ihr den Code.",
			},
			"link.unreachable": {
				title: "An dieser Adresse antwortet niemand.",
				next: "Prüfen Sie Strom und Netzwerkkabel.",
			},
			"link.lost": {
				title: "Die Verbindung ist abgerissen.",
				next: "Prüfen Sie Kabel und Strom. Sie kommt von selbst zurück.",
			},
			"link.silent": {
				title: "Das Gerät antwortet nicht.",
				next: "Ist es an, und steckt das Kabel? Sonst stimmt vielleicht die Geschwindigkeit nicht.",
			},
			"peripheral.wrong_device": {
				title: "Hier antwortet ein anderes Gerät als erwartet.",
				next: "Vielleicht sind zwei Kabel vertauscht. Sonst muss die IT die Einstellungen ändern.",
			},
			"peripheral.wrong_password": {
				title: "Das Gerät nimmt das Passwort nicht an.",
				next: "Die IT muss es in den Einstellungen des Raums ändern.",
			},
			"peripheral.version_unknown": {
				title: "Das Gerät spricht eine andere Version.",
				next: "Es muss aktualisiert werden, oder dieser Raum. Sagen Sie der IT Bescheid.",
			},
			"peripheral.tool_missing": {
				title: "Diesem Gerät fehlt ein Programm, um das Display zu steuern.",
				next: "Die IT muss es installieren. Nennen Sie ihr den Code.",
			},
			"peripheral.fault": {
				title: "Das Gerät meldet einen Fehler.",
				next: "Trennen Sie es kurz vom Strom. Bleibt es so, ist es defekt.",
			},
		},
		hardware: {
			muteKey: { yes: "Taste gedrückt", no: "Taste gelöst" },
			shutterClosed: { yes: "Blende zu", no: "Blende offen" },
			occupied: { yes: "Jemand ist hier", no: "Niemand ist hier" },
		},
	},
	missing: (what) => `Es fehlt: ${what.map((name) => missing[name]).join(", ")}`,
};
