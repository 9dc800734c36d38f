import type { Words } from "./Words.ts";

export const de: Words = {
	locale: "de",
	otherLanguage: "English",
	failureCode: "Code",
	failures: {
		"call.no_answer": {
			title: "Niemand hat geantwortet.",
			next: "Versuchen Sie es später noch einmal, oder schicken Sie den Link.",
		},
		"call.declined": {
			title: "Der Anruf wurde abgelehnt.",
			next: "Versuchen Sie es später noch einmal, oder schicken Sie den Link.",
		},
		"call.busy": {
			title: "Der andere Raum ist im Gespräch.",
			next: "Versuchen Sie es in ein paar Minuten noch einmal.",
		},
		"call.far_end_vanished": {
			title: "Die Gegenseite ist nicht mehr da.",
			next: "Treten Sie noch einmal bei: Kommt sie zurück, treffen Sie sich am selben Ort.",
		},
		"call.connection_lost": {
			title: "Die Verbindung ist abgebrochen.",
			next: "Prüfen Sie das Netz, und treten Sie noch einmal bei.",
		},
		"call.no_path": {
			title: "Kein Weg durch das Netz gefunden.",
			next: "Vielleicht steht eine Firewall dazwischen. Nennen Sie der IT den Code.",
		},
		"call.peer_certificate_mismatch": {
			title: "Jemand wollte sich zwischen beide Seiten stellen.",
			next: "Es wurde nichts gehört oder gesehen. Nehmen Sie ein anderes Netz, und sagen Sie der IT Bescheid.",
		},
		"call.codes_differ": {
			title: "Die Bilder waren verschieden, das Gespräch wurde beendet.",
			next: "Vielleicht hat jemand mitgehört. Machen Sie einen neuen Link, und sagen Sie der IT Bescheid.",
		},
		"call.handshake_refused": {
			title: "Die Gegenseite konnte sich nicht ausweisen.",
			next: "Es wurde nichts gehört oder gesehen. Bitten Sie um einen neuen Link.",
		},
		"call.certificate_untrusted": {
			title: "Der andere Raum gehört nicht zu dieser Organisation.",
			next: "Bitten Sie um einen neuen Link.",
		},
		"call.certificate_revoked": {
			title: "Der andere Raum wurde gesperrt.",
			next: "Teilen Sie nichts mit ihm, und sagen Sie der IT Bescheid.",
		},
		"call.certificate_expired": {
			title: "Das Zertifikat des anderen Raums ist abgelaufen.",
			next: "Die IT muss es erneuern. Nennen Sie ihr den Code.",
		},
		"call.sdp_refused": {
			title: "Die Gegenseite wollte eine schwächere Verbindung.",
			next: "Das wurde abgelehnt. Aktualisieren Sie das Programm auf der Gegenseite.",
		},
		"call.replayed": {
			title: "Ein alter Anruf wurde wiederholt.",
			next: "Das wurde abgelehnt. Treten Sie mit einem neuen Link bei.",
		},
		"call.clock_wrong": {
			title: "Die Uhren beider Seiten gehen zu verschieden.",
			next: "Stellen Sie die Zeit auf beiden Seiten, und treten Sie noch einmal bei.",
		},
		"call.version_unknown": {
			title: "Die Gegenseite ist neuer als diese.",
			next: "Diese Seite muss aktualisiert werden. Sagen Sie der IT Bescheid.",
		},
		"rendezvous.unreachable": {
			title: "Der Treffpunkt ist nicht erreichbar.",
			next: "Prüfen Sie das Netz, und versuchen Sie es noch einmal.",
		},
		"rendezvous.meeting_full": {
			title: "In diesem Treffen sind schon zwei Seiten.",
			next: "Warten Sie, bis eine geht, oder machen Sie einen neuen Link.",
		},
		"rendezvous.refused": {
			title: "Der Treffpunkt hat die Verbindung abgelehnt.",
			next: "Warten Sie eine Minute, und versuchen Sie es noch einmal.",
		},
		"link.invalid": {
			title: "Dieser Link ist nicht vollständig.",
			next: "Übernehmen Sie ihn ganz, bis zum letzten Zeichen.",
		},
		"link.other_host": {
			title: "Dieser Link führt zu einer anderen Organisation.",
			next: "Öffnen Sie ihn im Browser Ihres eigenen Rechners.",
		},
		"link.version_unknown": {
			title: "Dieser Link stammt von einer neueren Version.",
			next: "Diese Seite muss aktualisiert werden. Sagen Sie der IT Bescheid.",
		},
		"media.engine_failed": {
			title: "Bild und Ton sind ausgefallen.",
			next: "Sie werden neu gestartet. Hilft das nicht, sagen Sie der IT Bescheid.",
		},
		"ring.broker_unreachable": {
			title: "Räume können gerade nicht angerufen werden.",
			next: "Mit einem Link beitreten geht weiterhin.",
		},
		"ring.room_offline": {
			title: "Der andere Raum ist nicht online.",
			next: "Versuchen Sie es später noch einmal, oder schicken Sie einen Link.",
		},
		"ring.refused": {
			title: "Der andere Raum hat den Anruf nicht angenommen.",
			next: "Nennen Sie der IT den Code.",
		},
		"room.unexpected": {
			title: "Etwas Unerwartetes ist passiert.",
			next: "Versuchen Sie es noch einmal. Bleibt es so, sagen Sie der IT Bescheid.",
		},
	},
	ends: {
		left: "Sie haben das Gespräch verlassen.",
		far_end_left: "Die Gegenseite ist gegangen.",
		cancelled: "Abgebrochen.",
		declined_here: "Sie haben den Anruf abgelehnt.",
	},
	security: {
		securing: "Wird gesichert",
		verified: "Nur für beide Seiten · verifiziert",
		encrypted: "Nur für beide Seiten · nicht verglichen",
	},
	securitySaid: {
		securing: "Das Gespräch wird gesichert. Noch wird nichts gesendet.",
		verified: "Das Gespräch ist Ende zu Ende verschlüsselt, und die Gegenseite ist verifiziert.",
		encrypted: "Das Gespräch ist Ende zu Ende verschlüsselt. Der Code wurde noch nicht verglichen.",
	},
	compare: {
		open: "Code vergleichen",
		title: "Sehen beide Seiten dasselbe?",
		explain: "Lesen Sie die sieben Bilder laut vor. Sind sie gleich, hört niemand mit.",
		list: "Die sieben Bilder des Codes",
		same: "Gleich",
		different: "Verschieden",
		differentExplain: "beendet das Gespräch",
		later: "Später",
		done: "Verglichen: Der Code ist gleich",
	},
	controls: {
		microphone: "Mikrofon",
		microphoneOn: "Mikrofon an",
		microphoneOff: "Mikrofon aus",
		camera: "Kamera",
		cameraOn: "Kamera an",
		cameraOff: "Kamera aus",
		volume: "Lautstärke",
		leave: "Verlassen",
		cancel: "Abbrechen",
		close: "Schließen",
	},
	far: {
		microphoneOff: "Mikrofon drüben ist aus",
		cameraOff: "Kamera drüben ist aus",
		guest: "Gast",
		room: "Raum",
	},
	turning: {
		pad: "Drehen: halten und ziehen",
		ways: {
			left: "Nach links",
			right: "Nach rechts",
			up: "Nach oben",
			down: "Nach unten",
			in: "Näher heran",
			out: "Weiter weg",
		},
		presets: "Gemerkte Ansichten",
		preset: (number) => `Ansicht ${number + 1}`,
	},
	selfView: "So sieht man Sie",
	reconnecting: "Verbindet neu",
	reconnectingKept: "Alles bleibt, wie es war: Was aus ist, bleibt aus.",
	securing: "Es wird sichergestellt, dass niemand mithört",
	qr: "QR-Code des Links",
};
