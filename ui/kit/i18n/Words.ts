import type { EndReason, FailureReason } from "../../../device/contract/failure.ts";
import type { Locale, Security } from "../../../device/contract/snapshot.ts";
import type { Way } from "../thumb/ways.ts";

/** What went wrong in one sentence, and what a person can do next. */
export interface FailureWords {
	title: string;
	next: string;
}

/** The words that the room's panel and the guest's page share. Each language is an object of this type: a missing one doesn't compile. */
export interface Words {
	locale: Locale;
	/** The other language, in its own words. */
	otherLanguage: string;
	failures: Record<FailureReason, FailureWords>;
	/** "Code" before a failure's code, as it is read to IT on the phone. */
	failureCode: string;
	ends: Record<EndReason, string>;
	/** On the badge. */
	security: Record<Security, string>;
	/** Said aloud when the badge changes. */
	securitySaid: Record<Security, string>;
	compare: {
		open: string;
		title: string;
		explain: string;
		list: string;
		same: string;
		different: string;
		/** What "different" does, within its button. */
		differentExplain: string;
		later: string;
		done: string;
	};
	controls: {
		microphone: string;
		microphoneOn: string;
		microphoneOff: string;
		camera: string;
		cameraOn: string;
		cameraOff: string;
		volume: string;
		leave: string;
		cancel: string;
		close: string;
	};
	/** What people at the other end have switched off. */
	far: {
		microphoneOff: string;
		cameraOff: string;
		guest: string;
		room: string;
	};
	/** Turns a camera: the room's own, or the far end's. */
	turning: {
		pad: string;
		ways: Record<Way, string>;
		presets: string;
		/** A place that nobody named. */
		preset(number: number): string;
	};
	selfView: string;
	reconnecting: string;
	reconnectingKept: string;
	securing: string;
	qr: string;
}
