import type { CalendarFailure, ServiceTrouble } from "../../../device/contract/failure.ts";
import type { PeripheralFailure, Peripherals } from "../../../device/contract/peripherals.ts";
import type { AgendaEntry, Snapshot } from "../../../device/contract/snapshot.ts";
import type { Notice } from "../model/PanelModel.ts";

type Device = Peripherals["devices"][number];
type Display = NonNullable<Peripherals["display"]>;

/** What went wrong in one sentence, and what a person can do next. */
interface TroubleWords {
	title: string;
	next: string;
}

/** The words that only the panel says. */
export interface PanelWords {
	seats(count: number): string;
	freeUntil(time: string): string;
	busyUntil(time: string): string;
	freeToday: string;
	reserved: string;
	agenda: string;
	nothingToday: string;
	more(count: number): string;
	/** Why the calendar says nothing. */
	calendar: Record<CalendarFailure, TroubleWords>;
	join: string;
	inMinutes(minutes: number): string;
	sinceMinutes(minutes: number): string;
	minutes(minutes: number): string;
	/** Why an entry has no Join button. */
	why(entry: AgendaEntry): string;
	meetNow: string;
	callRoom: string;
	enterLink: string;
	/** The same beside a meeting that has no link. */
	enterLinkHere: string;
	back: string;
	rooms: { title: string; none: string; online: string; offline: string; unknown: string; cannot: string };
	link: {
		title: string;
		explain: string;
		field: string;
		join: string;
		instead: string;
		erase: string;
		shift: string;
		keys: string;
	};
	joining: { title: string; explain: string; slow: string };
	alone: { title: string; explain: string; copy: string; copied: string };
	ringingIn: {
		title: string;
		verified: string;
		unverified: string;
		answer: string;
		answerWithoutCamera: string;
		decline: string;
	};
	ringingOut: { title(name: string): string; explain: string };
	call: {
		unknown: string;
		verified: string;
		verifiedExplain: string;
		compared: string;
		comparedExplain: string;
		encrypted: string;
		encryptedExplain: string;
		sameKey: string;
		newKey: string;
	};
	source: Record<"microphone" | "camera", Record<"absent" | "busy" | "denied" | "still", string>>;
	selfView: { on: string; off: string; none: string };
	volumeDown: string;
	volumeUp: string;
	ended: {
		lasted(minutes: number, seconds: number): string;
		question: string;
		fine: string;
		wrong: string;
		thanks: string;
		advice(time: string): string;
		done: string;
	};
	trouble: { retryIn(seconds: number): string; retrying: string; retry: string };
	enrol: {
		title: string;
		explain: string;
		field: string;
		enrol: string;
		/** Beside the QR code that opens the fleet's page. */
		qr: string;
		serial: string;
		network(addresses: string): string;
		noNetwork: string;
		starting: string;
		startingExplain: string;
		underway: string;
		steps: Record<"connecting" | "proving" | "waiting" | "confirming", string>;
		configuring: string;
		slow: string;
		failures: Record<ServiceTrouble, TroubleWords>;
	};
	/** Beneath the number. */
	identify: string;
	update: {
		asks: string;
		now: string;
		later: string;
		states: Record<NonNullable<Snapshot["update"]>["state"], string>;
	};
	lost: string;
	lostExplain: string;
	connecting: string;
	notices: Record<Notice, string>;
	/** On the tile of a source that hardware holds closed: where it is opened. */
	held: Record<"microphone" | "camera", string>;
	/** The same on the clock. */
	heldAtRest: Record<"microphone" | "camera", string>;
	camera: {
		open: string;
		title: string;
		home: string;
		noPresets: string;
		store: string;
		choose: string;
		replace(name: string): string;
		tracking: string;
		farControl: string;
		/** Its control is lost. */
		lost: string;
		/** The device doesn't allow it, and the panel doesn't know why. */
		cannot: string;
	};
	display: {
		open: string;
		title: string;
		name: string;
		lost: string;
		states: Record<NonNullable<Display["power"]> | "unknown", string>;
		on: string;
		off: string;
		volume: string;
		volumeExplain: string;
		muted: string;
		louder: string;
		quieter: string;
	};
	/** The button that opens what is seldom needed, and that page. */
	moreThings: string;
	service: {
		open: string;
		title: string;
		explain: string;
		lost(count: number): string;
		none: string;
		kinds: Record<Device["kind"], string>;
		states: Record<Device["state"], string>;
		since(when: string): string;
		failures: Record<PeripheralFailure, TroubleWords>;
		/** What the hardware says just now. */
		hardware: Record<keyof Peripherals["hardware"], Record<"yes" | "no", string>>;
	};
	missing(what: Snapshot["missing"]): string;
}
