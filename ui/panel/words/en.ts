import type { PanelWords } from "./PanelWords.ts";

const missing: Record<Parameters<PanelWords["missing"]>[0][number], string> = {
	broker: "calling rooms",
	rendezvous: "the meeting service",
	engine: "picture and sound",
	camera: "camera",
	microphone: "microphone",
	speaker: "loudspeaker",
	calendar: "calendar",
};

export const en: PanelWords = {
	seats: (count) => (count === 1 ? "1 seat" : `${count} seats`),
	freeUntil: (time) => `Free until ${time}`,
	busyUntil: (time) => `In use until ${time}`,
	freeToday: "Free for the rest of the day",
	reserved: "Reserved",
	agenda: "Today’s meetings",
	nothingToday: "No more meetings today",
	more: (count) => (count === 1 ? "and one more" : `and ${count} more`),
	calendarUnreadable: "The calendar cannot be read",
	join: "Join",
	inMinutes: (minutes) =>
		minutes <= 0 ? "now" : minutes === 1 ? "in 1 minute" : minutes < 60 ? `in ${minutes} minutes` : "later",
	sinceMinutes: (minutes) => (minutes < 1 ? "now" : `for ${minutes} min`),
	minutes: (minutes) => (minutes % 60 === 0 && minutes > 60 ? `${minutes / 60} h` : `${minutes} min`),
	why: (entry) => {
		if (entry.why === "no_link") return "No link in the invitation";
		if (entry.why === "unknown_service") return `${entry.service ?? "This service"} is not possible here yet`;
		if (entry.why === "link_stripped") return "The mail server removed the link";
		if (entry.why === "cancelled") return "Cancelled";
		return "";
	},
	meetNow: "Meet now",
	callRoom: "Call a room",
	enterLink: "Enter link",
	enterLinkHere: "Enter it",
	back: "Back",
	rooms: {
		title: "Which room?",
		none: "No rooms are set up to be called.",
		online: "ready",
		offline: "not online",
		unknown: "state unknown",
		cannot: "Rooms cannot be called right now.",
	},
	link: {
		title: "Enter the link of the invitation",
		explain: "Type it, or scan it with a reader.",
		field: "Link",
		join: "Join",
		instead: "Easier: start here, and let the others scan a QR code.",
		erase: "Erase",
		shift: "Capitals",
		keys: "Keyboard",
	},
	joining: {
		title: "Joining",
		explain: "The meeting place is being asked. Camera and microphone of this room get ready.",
		slow: "This takes longer than usual: the network answers slowly. After 45 seconds at most you are told why.",
	},
	alone: {
		title: "You are the first",
		explain: "Others join by scanning this code or opening the link of the invitation.",
		copy: "Copy link",
		copied: "Link copied",
	},
	ringingIn: {
		title: "is calling",
		verified: "A room of this organisation · verified",
		unverified: "Not verified",
		answer: "Answer",
		answerWithoutCamera: "Without camera",
		decline: "Decline",
	},
	ringingOut: {
		title: (name) => `Calling ${name}`,
		explain: "It is ringing there. Nothing is seen or heard before they answer.",
	},
	call: {
		unknown: "The other side",
		verified: "The other side is verified",
		verifiedExplain: "A room of this organisation. Nobody else can listen in.",
		compared: "The code is the same",
		comparedExplain: "Someone here compared it. Nobody else can listen in.",
		encrypted: "Not compared yet",
		encryptedExplain: "Only someone who holds the link can be here. Compare the code to be sure who it is.",
		sameKey: "The same key as last time",
		newKey: "A key that is new here",
	},
	source: {
		microphone: {
			absent: "No microphone",
			busy: "Microphone in use",
			denied: "Not allowed",
			still: "No sound",
		},
		camera: { absent: "No camera", busy: "Camera in use", denied: "Not allowed", still: "No picture" },
	},
	selfView: { on: "Self view on TV", off: "No self view", none: "Nobody sees this room" },
	volumeDown: "Quieter",
	volumeUp: "Louder",
	ended: {
		lasted: (minutes, seconds) => (minutes > 0 ? `It lasted ${minutes} min ${seconds} s.` : `It lasted ${seconds} s.`),
		question: "Was everything all right?",
		fine: "Yes",
		wrong: "Something was wrong",
		thanks: "Good to know. Nothing was sent.",
		advice: (time) => `Nothing was sent. If you tell IT, name the time: ${time}.`,
		done: "Done",
	},
	trouble: {
		retryIn: (seconds) => `Next try in ${seconds} s`,
		retrying: "Trying again now",
		retry: "Try again",
	},
	lost: "No contact with the room",
	lostExplain: "What you see may be out of date. It comes back by itself.",
	connecting: "Connecting to the room",
	notNow: "That is not possible right now.",
	missing: (what) => `Missing: ${what.map((name) => missing[name]).join(", ")}`,
};
