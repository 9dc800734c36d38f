import { batch, effect, type Signal, signal } from "@preact/signals";
import type { FailureReason } from "../../../device/contract/failure.ts";
import type { Locale } from "../../../device/contract/snapshot.ts";
import { systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { type Link, parseLink } from "../../../device/meeting/link.ts";
import { displayName } from "../../../device/meeting/messages.ts";
import { ReplayCache } from "../../../device/meeting/ReplayCache.ts";
import { pickLocale } from "../../kit/i18n/languages.ts";
import type { PageWords } from "../words/words.ts";
import { GuestCall, type Outcome } from "./GuestCall.ts";
import { keepScreenOn } from "./keepScreenOn.ts";
import { LocalMedia, type SourceKind } from "./LocalMedia.ts";
import { mark } from "./marks.ts";
import { findUnsupported, type Unsupported } from "./support.ts";
import { takeLink } from "./takeLink.ts";

export type Screen =
	| { name: "unsupported"; why: Unsupported }
	| { name: "reloaded" }
	| { name: "link-refused"; code: Extract<FailureReason, `link.${string}`> }
	| { name: "lobby" }
	| { name: "call"; call: GuestCall }
	| { name: "ended"; outcome: Outcome };

export type Panel = "none" | "compare" | "devices";

/** What a screen reader says next: a sentence picked when it is drawn, so that it is in the language of that moment. */
type Sentence = (words: PageWords) => string;

/** The guest's page: which screen, what a touch does. Holds the link in memory only; nothing is stored in this browser. */
export class GuestPage {
	readonly screen: Signal<Screen> = signal({ name: "lobby" });
	readonly locale: Signal<Locale>;
	/** As typed; said to the far end in the handshake, kept nowhere. */
	readonly name = signal("");
	readonly panel: Signal<Panel> = signal("none");
	/** 0–100. */
	readonly volume = signal(100);
	/** The browser wants a touch before it plays sound. */
	readonly hearNeeded = signal(false);
	/** Counts the touches that asked for sound. */
	readonly hearAsked = signal(0);
	readonly media: LocalMedia;
	/** The server that this page came from. */
	readonly host = location.host;
	readonly canChooseSpeaker = "setSinkId" in HTMLMediaElement.prototype;
	readonly canSetVolume = canSetVolume();
	readonly #sentence: Signal<Sentence> = signal(() => "");
	/** One for the page, so that an offer of an earlier stay is refused in a later one. */
	readonly #replays = new ReplayCache({ clock: systemClock });
	#revoked: ReadonlySet<string> = new Set();
	#link: Link | null = null;

	constructor() {
		this.locale = signal(pickLocale(navigator.languages));
		this.media = new LocalMedia((kind, track) => this.#call()?.replaceTrack(kind, track));
		effect(() => {
			const [microphone, camera] = [this.media.microphone.value === "on", this.media.camera.value === "on"];
			this.#call()?.setMedia({ microphone, camera });
		});
	}

	/** Reads the link, shows the lobby or says why not. */
	open(): void {
		const taken = takeLink(window);
		const why = findUnsupported(globalThis);
		if (why) this.screen.value = { name: "unsupported", why };
		else if ("reloaded" in taken) this.screen.value = { name: "reloaded" };
		else {
			try {
				this.#link = parseLink(taken.link);
				void this.#lookUpRevoked(this.#link.caPin);
			} catch (error) {
				this.screen.value = { name: "link-refused", code: linkCode(error) };
			}
		}
		mark("ready");
	}

	/** The heaviest part of the script, and the list, are fetched while the guest looks into the mirror. */
	async #lookUpRevoked(caPin: Uint8Array): Promise<void> {
		try {
			const { fetchRevoked } = await import("./revocations.ts");
			this.#revoked = await fetchRevoked(caPin);
		} catch {
			// joining fetches the script again, and says so when that fails
		}
	}

	/** A link was pasted into the address bar of the open page: browsers then only move within the page. */
	linkPasted(): void {
		if (location.hash.length < 2) return;
		if (this.screen.value.name === "call") history.replaceState(history.state, "", location.pathname);
		else location.reload();
	}

	join(): void {
		if (!this.#link || this.screen.value.name === "call") return;
		mark("join");
		const call = new GuestCall({
			link: this.#link,
			name: displayName(this.name.value),
			media: this.media,
			replays: this.#replays,
			isRevoked: (serial) => this.#revoked.has(serial),
			clock: systemClock,
		});
		batch(() => {
			this.panel.value = "none";
			this.screen.value = { name: "call", call };
		});
		const stop = [this.#announce(call), keepScreenOn()];
		void call.run().then((outcome) => {
			for (const release of stop) release();
			this.media.close();
			this.screen.value = { name: "ended", outcome };
			mark("ended");
		});
	}

	leave(): void {
		this.#call()?.leave();
	}

	again(): void {
		this.screen.value = { name: "lobby" };
	}

	async setSource(kind: SourceKind, on: boolean): Promise<void> {
		await this.media.set(kind, on);
		const is = this.media[kind].value === "on";
		this.#say(({ own }) => (is ? own.call.nowOn(kind) : own.call.nowOff(kind)));
	}

	compare(same: boolean): void {
		this.#call()?.compare(same);
	}

	toggle(panel: Exclude<Panel, "none">): void {
		const closing = this.panel.value === panel;
		this.panel.value = closing ? "none" : panel;
		// Back to the button that opened it.
		if (closing) document.querySelector<HTMLElement>(`.bar [data-testid="${panel}"]`)?.focus();
	}

	switchLanguage(): void {
		this.locale.value = this.locale.value === "de" ? "en" : "de";
	}

	soundBlocked(blocked: boolean): void {
		this.hearNeeded.value = blocked;
	}

	hear(): void {
		this.hearAsked.value += 1;
	}

	/** The far end's own name, or what it is. */
	farName({ shared }: PageWords): string {
		const far = this.#call()?.far.value;
		return far?.name || (far?.kind === "guest" ? shared.far.guest : shared.far.room);
	}

	/** The sentence for the screen reader. */
	said(words: PageWords): string {
		return this.#sentence.value(words);
	}

	/** The browser came back to a network, or to the front. */
	networkChanged(): void {
		this.#call()?.networkChanged();
	}

	/** The page goes away: the far end is told as well as a browser lets us, and the devices are released. */
	close(): void {
		this.#call()?.leave();
		this.media.close();
	}

	#call(): GuestCall | null {
		const screen = this.screen.value;
		return screen.name === "call" ? screen.call : null;
	}

	#say(sentence: Sentence): void {
		this.#sentence.value = sentence;
	}

	/** Says aloud what changes without a touch: the phase, the badge, what the far end switches. */
	#announce(call: GuestCall): () => void {
		const phases = effect(() => {
			switch (call.phase.value) {
				case "joining":
					return this.#say(({ own }) => own.joining);
				case "waiting":
					return this.#say(({ own }) => `${own.waiting.title}. ${own.waiting.explain}`);
				case "recovering":
					return this.#say(({ shared }) => `${shared.reconnecting}. ${shared.reconnectingKept}`);
				case "securing":
				case "connected": {
					const security = call.security.value;
					return this.#say(({ shared }) => shared.securitySaid[security]);
				}
			}
		});
		const sources = effect(() => {
			const far = call.far.value;
			if (far && !far.microphone) this.#say(({ shared }) => shared.far.microphoneOff);
			else if (far && !far.camera) this.#say(({ shared }) => shared.far.cameraOff);
		});
		const turning = effect(() => {
			if (call.offer.value) this.#say(({ own }) => own.call.mayTurnFar);
		});
		return () => {
			for (const stop of [phases, sources, turning]) stop();
		};
	}
}

function linkCode(error: unknown): Extract<FailureReason, `link.${string}`> {
	return error instanceof RoomError && error.code === "link.version_unknown" ? "link.version_unknown" : "link.invalid";
}

/** Safari on phones leaves the volume to the keys at the side; a slider would do nothing there. */
function canSetVolume(): boolean {
	const probe = document.createElement("audio");
	probe.volume = 0.5;
	return probe.volume === 0.5;
}
