import type { GuestWords } from "./GuestWords.ts";

export const en: GuestWords = {
	pageTitle: "Meeting",
	unsupported: {
		insecure: {
			title: "This address is not secured.",
			next: "Browsers allow camera and encryption only on https pages. Ask for a link that starts with https.",
		},
		no_calls: {
			title: "This browser cannot make calls.",
			next: "Open the link in a current Firefox, Chrome, Edge or Safari. Inside an app, choose “Open in browser”.",
		},
		no_cryptography: {
			title: "This browser cannot encrypt.",
			next: "Open the link in a current Firefox, Chrome, Edge or Safari.",
		},
		too_old: {
			title: "This browser is too old for an encrypted call.",
			next: "Update it, or open the link in another one.",
		},
	},
	reloaded: {
		title: "Please open the link again.",
		next: "To protect it, the secret part of the link is kept out of the address bar, so it was lost when the page was reloaded. Click the link in your invitation once more.",
	},
	lobby: {
		title: "Ready to join?",
		asks: "Your browser will ask whether it may use your camera and microphone. Nothing is sent before you join.",
		turnOn: "Turn on camera and microphone",
		withoutDevices: "Join without",
		asking: "Please allow camera and microphone at the top of your browser.",
		name: "Your name (optional)",
		nameHint: "Shown to the other side only. Not stored.",
		join: "Join",
		devices: "Devices",
		cameraIsOff: "Your camera is off",
		trustTitle: "Who can listen in?",
		trust: (host) => [
			"Nobody but the two sides: picture and sound are encrypted end to end, and that cannot be switched off.",
			"Seven pictures, which you can compare during the call, show that nobody is in between.",
			`There is one limit: this page was served by ${host}. Whoever runs that server could serve a different page. As a guest you have to trust it; a room does not.`,
		],
	},
	joining: "Connecting to the meeting",
	joiningSlow: "This takes longer than usual. The network may be slow.",
	waiting: {
		title: "You are the first",
		explain: "The call starts by itself as soon as the other side is here.",
	},
	source: {
		microphone: {
			denied: "The microphone is not allowed. Allow it with the icon beside the address.",
			busy: "Another program is using the microphone. Close it, then switch the microphone on.",
			absent: "No microphone was found. Connect one, then switch it on.",
		},
		camera: {
			denied: "The camera is not allowed. Allow it with the icon beside the address.",
			busy: "Another program is using the camera. Close it, then switch the camera on.",
			absent: "No camera was found. Connect one, then switch it on.",
		},
	},
	devices: {
		title: "Devices",
		microphone: "Microphone",
		camera: "Camera",
		speaker: "Speaker",
		standard: "Default",
		unnamed: (place) => `Device ${place}`,
	},
	call: {
		duration: "Duration",
		hear: "Turn sound on",
		farPicture: (name) => `Picture of ${name}`,
		turnFar: "Turn their camera",
		mayTurnFar: "You may turn their camera.",
		controls: "Controls",
		devices: "Devices",
		devicesTitle: "Devices and volume",
		nowOff: (what) => (what === "microphone" ? "Your microphone is off." : "Your camera is off."),
		nowOn: (what) => (what === "microphone" ? "Your microphone is on." : "Your camera is on."),
	},
	ended: {
		again: "Join again",
		lasted: (duration) => `It lasted ${duration}. Camera and microphone are off.`,
		close: "You can close this window.",
	},
	switchLanguage: "Switch language",
};
