import type { Words } from "./Words.ts";

export const en: Words = {
	locale: "en",
	otherLanguage: "Deutsch",
	failureCode: "Code",
	failures: {
		"call.no_answer": { title: "Nobody answered.", next: "Try again later, or send them the link." },
		"call.declined": { title: "The call was declined.", next: "Try again later, or send them the link." },
		"call.busy": { title: "The other room is in a call.", next: "Try again in a few minutes." },
		"call.far_end_vanished": {
			title: "The other side is gone.",
			next: "Join again: if they return, you meet in the same place.",
		},
		"call.connection_lost": { title: "The connection was lost.", next: "Check the network, then join again." },
		"call.no_path": {
			title: "No way through the network was found.",
			next: "A firewall may be in between. Give IT the code below.",
		},
		"call.peer_certificate_mismatch": {
			title: "Someone tried to get between the two sides.",
			next: "Nothing was heard or seen. Use another network and tell IT.",
		},
		"call.codes_differ": {
			title: "The pictures were different, so the call was ended.",
			next: "Someone may have listened in. Make a new link and tell IT.",
		},
		"call.handshake_refused": {
			title: "The other side could not prove who it is.",
			next: "Nothing was heard or seen. Ask for a new link.",
		},
		"call.certificate_untrusted": {
			title: "The other room does not belong to this organisation.",
			next: "Ask whoever invited you for a new link.",
		},
		"call.certificate_revoked": {
			title: "The other room has been locked out.",
			next: "Do not share anything with it. Tell IT.",
		},
		"call.certificate_expired": {
			title: "The other room’s certificate has expired.",
			next: "IT has to renew it. Give them the code below.",
		},
		"call.sdp_refused": {
			title: "The other side asked for a weaker connection.",
			next: "It was refused. Update the program on the other side.",
		},
		"call.replayed": {
			title: "An old call was repeated.",
			next: "It was refused. Join again with a new link.",
		},
		"call.clock_wrong": {
			title: "The clocks of the two sides differ too much.",
			next: "Set the time on both sides, then join again.",
		},
		"call.version_unknown": {
			title: "The other side speaks a newer version.",
			next: "This side has to be updated. Tell IT.",
		},
		"rendezvous.unreachable": {
			title: "The meeting service cannot be reached.",
			next: "Check the network, then try again.",
		},
		"rendezvous.meeting_full": {
			title: "Two sides are already in this meeting.",
			next: "Wait until one leaves, or make a new link.",
		},
		"rendezvous.refused": {
			title: "The meeting service refused the connection.",
			next: "Wait a minute, then try again.",
		},
		"link.invalid": { title: "This link is not complete.", next: "Copy it whole, up to its last character." },
		"link.other_host": {
			title: "This link leads to another organisation.",
			next: "Open it in a browser on your own computer.",
		},
		"link.version_unknown": {
			title: "This link was made by a newer version.",
			next: "This side has to be updated. Tell IT.",
		},
		"media.engine_failed": {
			title: "Picture and sound have failed.",
			next: "They are being restarted. If that does not help, tell IT.",
		},
		"ring.broker_unreachable": {
			title: "Rooms cannot be called at the moment.",
			next: "Joining with a link still works.",
		},
		"ring.room_offline": { title: "The other room is not online.", next: "Try again later, or send them a link." },
		"ring.refused": { title: "The other room did not accept the call.", next: "Give IT the code below." },
		"room.unexpected": { title: "Something unexpected happened.", next: "Try again. If it stays, tell IT." },
	},
	ends: {
		left: "You left the call.",
		far_end_left: "The other side has left.",
		cancelled: "Cancelled.",
		declined_here: "You declined the call.",
	},
	security: {
		securing: "Securing the call",
		verified: "Encrypted end to end · verified",
		encrypted: "Encrypted end to end · not compared",
	},
	securitySaid: {
		securing: "The call is being secured. Nothing is sent yet.",
		verified: "The call is encrypted end to end, and the other side is verified.",
		encrypted: "The call is encrypted end to end. The code has not been compared yet.",
	},
	compare: {
		open: "Compare code",
		title: "Do both sides see the same?",
		explain: "Read the seven pictures aloud. If they match, nobody is listening in.",
		list: "The code’s seven pictures",
		same: "The same",
		different: "Different",
		differentExplain: "ends the call",
		later: "Later",
		done: "Compared: the code is the same",
	},
	controls: {
		microphone: "Microphone",
		microphoneOn: "Microphone on",
		microphoneOff: "Microphone off",
		camera: "Camera",
		cameraOn: "Camera on",
		cameraOff: "Camera off",
		volume: "Volume",
		leave: "Leave",
		cancel: "Cancel",
		close: "Close",
	},
	far: {
		microphoneOff: "Their microphone is off",
		cameraOff: "Their camera is off",
		guest: "Guest",
		room: "Room",
	},
	turning: {
		pad: "Turn: hold and drag",
		ways: { left: "Left", right: "Right", up: "Up", down: "Down", in: "Closer", out: "Farther" },
		presets: "Kept views",
		preset: (number) => `View ${number + 1}`,
	},
	selfView: "How others see you",
	reconnecting: "Reconnecting",
	reconnectingKept: "Everything stays as it was: what is off stays off.",
	securing: "Making sure that nobody can listen in",
	qr: "QR code of the link",
};
