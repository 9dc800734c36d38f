import { batch, type Signal, signal } from "@preact/signals";
import type { EndReason, FailureReason } from "../../../device/contract/failure.ts";
import type { FarEnd, Security } from "../../../device/contract/snapshot.ts";
import type { Clock } from "../../../device/core/clock.ts";
import { createGuestIdentity } from "../../../device/meeting/identity.ts";
import type { Link } from "../../../device/meeting/link.ts";
import { Meeting, type MeetingEvents } from "../../../device/meeting/Meeting.ts";
import type { FarMedia, IceServer } from "../../../device/meeting/Peer.ts";
import type { ReplayCache } from "../../../device/meeting/ReplayCache.ts";
import type { TurnOffer, TurnWish } from "../../../device/meeting/turning.ts";
import { BrowserPeer, type MediaKind } from "./BrowserPeer.ts";
import { FarThumb } from "./FarThumb.ts";
import type { LocalMedia } from "./LocalMedia.ts";
import { mark } from "./marks.ts";

/** `seconds`: how long the call was connected. */
export type Outcome =
	| { failure: FailureReason; end: null; seconds: number }
	| { failure: null; end: EndReason; seconds: number };

export type Phase = "joining" | "waiting" | "securing" | "connected" | "recovering" | "over";

/** After this long in one step, a sentence says why it may take its time. */
const SLOW_MS = 10_000;

export interface GuestCallOptions {
	link: Link;
	/** Empty: the far end shows "Guest". */
	name: string;
	media: LocalMedia;
	replays: ReplayCache;
	/** Whether the fleet took a room's certificate back, by serial. */
	isRevoked(serial: string): boolean;
	clock: Clock;
}

/** One stay in a meeting, from the touch on Join to its end, as signals for the page to draw. */
export class GuestCall {
	readonly phase: Signal<Phase> = signal("joining");
	/** The present step takes longer than usual. */
	readonly slow = signal(false);
	/** Null while nobody proved anything. */
	readonly far: Signal<FarEnd | null> = signal(null);
	readonly security: Signal<Security> = signal("securing");
	/** Seven indices, 0–63; null until the handshake is proved. */
	readonly code: Signal<readonly number[] | null> = signal(null);
	readonly compared = signal(false);
	/** When the far end was first connected, epoch milliseconds. */
	readonly since: Signal<number | null> = signal(null);
	/** Where this guest can send the far end's camera; null: nobody there lets them turn it. */
	readonly offer: Signal<TurnOffer | null> = signal(null);
	/** On the far end's camera. */
	readonly thumb = new FarThumb((wish) => this.turn(wish));
	/** The far end's sound and picture, once its gate is open. */
	readonly farMedia: Signal<MediaStream | null> = signal(null);
	readonly #options: GuestCallOptions;
	#meeting: Meeting | null = null;
	#peer: BrowserPeer | null = null;
	#says: FarMedia = { microphone: true, camera: true };
	#cancelSlow: () => void = () => {};
	#finish: (outcome: Outcome) => void = () => {};

	constructor(options: GuestCallOptions) {
		this.#options = options;
	}

	/** Joins, and resolves when the stay is over; never rejects. */
	run(): Promise<Outcome> {
		const over = new Promise<Outcome>((resolve) => {
			this.#finish = resolve;
		});
		this.#enter("joining");
		void this.#join().catch(() => this.#end({ failure: "room.unexpected", end: null }));
		return over;
	}

	/** Ends the stay: the far end is told. */
	leave(): void {
		const reached = this.phase.value !== "joining" && this.phase.value !== "waiting";
		this.#end({ failure: null, end: reached ? "left" : "cancelled" });
		this.#meeting?.leave();
	}

	/** Says what a person found who compared the seven pictures. "Different" ends the call on both sides. */
	compare(same: boolean): void {
		this.#meeting?.compareCode(same);
	}

	/** Tells the far end what it may expect from here. */
	setMedia(media: FarMedia): void {
		this.#meeting?.setMedia(media);
	}

	/** Asks for the far end's camera to be turned, if it lets us. */
	turn(wish: TurnWish): void {
		if (this.offer.value !== null || wish.do === "stop") this.#meeting?.turn(wish);
	}

	/** Sends another track, or none, from now on. */
	replaceTrack(kind: MediaKind, track: MediaStreamTrack | null): void {
		void this.#peer?.replaceTrack(kind, track).catch(() => {});
	}

	networkChanged(): void {
		this.#meeting?.networkChanged();
	}

	async #join(): Promise<void> {
		const { link, name, media, replays, isRevoked, clock } = this.#options;
		const identity = await createGuestIdentity();
		if (this.phase.value === "over") return;
		const meeting = new Meeting({
			link,
			identity,
			name,
			// The pin came with the link; the list of revoked rooms was checked against it.
			trust: { caPin: link.caPin, isRevoked },
			createPeer: async ({ iceServers }) => this.#createPeer(iceServers),
			media: { microphone: media.microphone.value === "on", camera: media.camera.value === "on" },
			replays,
			prepare: true,
			clock,
		});
		this.#meeting = meeting;
		const on = <E extends keyof MeetingEvents>(event: E, act: (payload: MeetingEvents[E]) => void) =>
			meeting.events.on(event, (payload) => batch(() => act(payload)));
		on("alone", () => this.#alone());
		on("securing", () => this.#enter("securing"));
		on("connected", (connected) => this.#connected(connected));
		on("security", ({ security }) => {
			this.security.value = security;
			this.compared.value = true;
		});
		on("farMedia", (says) => this.#farSays(says));
		on("recovering", () => this.#enter("recovering"));
		on("ended", ({ reason }) => this.#end({ failure: null, end: reason }));
		on("failed", ({ code }) => this.#end({ failure: code, end: null }));
		meeting.start();
	}

	async #createPeer(iceServers: IceServer[]): Promise<BrowserPeer> {
		const peer = await BrowserPeer.create({
			iceServers,
			localTrack: (kind) => this.#options.media.track(kind),
			onFarMedia: (stream) => {
				this.#peer = peer;
				this.farMedia.value = stream;
			},
			clock: this.#options.clock,
		});
		return peer;
	}

	#enter(phase: Phase): void {
		if (this.phase.value === "over") return;
		this.phase.value = phase;
		if (phase !== "connected") this.thumb.end();
		if (phase === "waiting" || phase === "securing" || phase === "recovering") mark(phase);
		this.slow.value = false;
		this.#cancelSlow();
		this.#cancelSlow = this.#options.clock.after(SLOW_MS, () => {
			this.slow.value = true;
		});
	}

	#alone(): void {
		this.#enter("waiting");
		this.far.value = null;
		this.security.value = "securing";
		this.code.value = null;
		this.compared.value = false;
		this.farMedia.value = null;
		this.offer.value = null;
	}

	#connected({ far, sas, security, again }: MeetingEvents["connected"]): void {
		this.#enter("connected");
		this.far.value = { name: far.name || null, kind: far.kind, ...this.#says };
		this.security.value = security;
		this.code.value = sas.indices;
		if (!again) this.compared.value = false;
		this.since.value ??= this.#options.clock.now();
	}

	#farSays({ microphone, camera, turn = null }: FarMedia): void {
		this.#says = { microphone, camera };
		if (turn === null) this.thumb.end();
		this.offer.value = turn;
		if (this.far.value) this.far.value = { ...this.far.value, microphone, camera };
	}

	#end(how: { failure: FailureReason; end: null } | { failure: null; end: EndReason }): void {
		if (this.phase.value === "over") return;
		this.phase.value = "over";
		this.#cancelSlow();
		this.thumb.end();
		this.offer.value = null;
		this.farMedia.value = null;
		this.#peer = null;
		const since = this.since.value;
		const seconds = since === null ? 0 : (this.#options.clock.now() - since) / 1000;
		this.#finish({ ...how, seconds });
	}
}
