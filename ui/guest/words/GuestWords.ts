import type { Unsupported } from "../model/support.ts";

/** A thing that went wrong, and what to do. */
interface Explained {
	title: string;
	next: string;
}

/** The guest page's own words, beside the ones it shares with the room (`ui/kit/i18n`). */
export interface GuestWords {
	pageTitle: string;
	unsupported: Record<Unsupported, Explained>;
	reloaded: Explained;
	lobby: {
		title: string;
		asks: string;
		turnOn: string;
		withoutDevices: string;
		/** The browser's own question is open now. */
		asking: string;
		name: string;
		nameHint: string;
		join: string;
		devices: string;
		cameraIsOff: string;
		trustTitle: string;
		/** Says honestly what a guest relies on; `host` served this page. */
		trust(host: string): string[];
	};
	joining: string;
	joiningSlow: string;
	waiting: { title: string; explain: string };
	source: {
		microphone: Record<"denied" | "busy" | "absent", string>;
		camera: Record<"denied" | "busy" | "absent", string>;
	};
	devices: {
		title: string;
		microphone: string;
		camera: string;
		speaker: string;
		/** The browser's own choice. */
		standard: string;
		/** A device that the browser doesn't name. */
		unnamed(place: number): string;
	};
	call: {
		duration: string;
		/** Sound waits for a touch: the browser's rule. */
		hear: string;
		farPicture(name: string): string;
		/** Says that the people there let it be turned from here. */
		turnFar: string;
		mayTurnFar: string;
		controls: string;
		/** Short, for the bar. */
		devices: string;
		devicesTitle: string;
		nowOff(what: "microphone" | "camera"): string;
		nowOn(what: "microphone" | "camera"): string;
	};
	ended: { again: string; lasted(duration: string): string; close: string };
	switchLanguage: string;
}
