import type { ResetWords } from "./ResetWords.ts";

export const en: ResetWords = {
	title: "Factory reset",
	explain: "The device forgets everything about this room and its organisation.",
	inUse: "Not during a call.",
	updating: "Not while an update is being installed.",
	open: "Hold to open",
	question: "Erase everything?",
	consequence: "After this the device belongs to nobody. It can't be undone. What is erased:",
	lost: {
		membership: "that it belongs to your organisation, with the room's name and settings",
		views: "camera views that were kept, and their pictures",
		keys: "all keys: its own, and those of rooms that are known here",
		network: "network, calendar, equipment and the fleet's address from the set-up file",
	},
	afterwards: "The firmware stays. To use the device again, it needs a set-up file and a new code from IT.",
	hold: "Hold to erase",
	begun: "The device erases everything and restarts. Please leave it switched on.",
	failures: { "reset.failed": "It was not reset. Try again, or flash the device." },
};
