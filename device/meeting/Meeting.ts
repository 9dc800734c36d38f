import { type Clock, systemClock } from "../core/clock.ts";
import { Emitter } from "../core/Emitter.ts";
import { Call } from "./Call.ts";
import { isSecurityFailure, type MeetingFailure } from "./failures.ts";
import type { Session } from "./handshake.ts";
import { loadCertificates } from "./identity.ts";
import type { MeetingEvents, MeetingOptions } from "./MeetingOptions.ts";
import { type FarMember, Membership } from "./Membership.ts";
import { meetingTimes } from "./meetingTimes.ts";
import type { ByeReason } from "./messages.ts";
import type { FarMedia } from "./Peer.ts";
import { PeerSupply } from "./PeerSupply.ts";
import { ReplayCache } from "./ReplayCache.ts";
import { Timers } from "./Timers.ts";
import { IncomingTurns, type TurnWish } from "./turning.ts";

export type { Connected, MeetingEvents, MeetingOptions, MeetingSecurity } from "./MeetingOptions.ts";

type Phase = "joining" | "alone" | "securing" | "connected" | "recovering" | "over";

/**
 * One member's part in one meeting, from joining to the end. Security failures end it and are never retried; a lost path is
 * rebuilt for 45 s. With the rendezvous gone, a call goes on.
 */
export class Meeting {
	readonly events = new Emitter<MeetingEvents>();
	readonly #counters = { malformed: 0, stale: 0, unsigned: 0, stray: 0, strangers: 0 };
	readonly #options: MeetingOptions;
	readonly #clock: Clock;
	readonly #random: () => number;
	readonly #replays: ReplayCache;
	readonly #membership: Membership;
	readonly #supply: PeerSupply;
	readonly #turns: IncomingTurns;
	readonly #timers: Timers<"reach" | "giveUp" | "vanish" | "showLoss">;
	#phase: Phase = "joining";
	#media: FarMedia;
	#reachable = false;
	#far: FarMember | null = null;
	#call: { with: FarMember; call: Call } | null = null;
	#wasConnected = false;
	#compared = false;
	/** The far end closed the path, and was not seen at the rendezvous since. */
	#closedByFarEnd = false;
	#farewell: (() => boolean) | null = null;

	constructor(options: MeetingOptions) {
		this.#options = options;
		this.#clock = options.clock ?? systemClock;
		this.#random = options.random ?? Math.random;
		this.#media = options.media;
		this.#replays = options.replays ?? new ReplayCache({ clock: this.#clock });
		this.#supply = new PeerSupply({ factory: options.createPeer, clock: this.#clock });
		this.#turns = new IncomingTurns(this.#clock);
		this.#timers = new Timers(this.#clock);
		const socket = options.WebSocket ? { WebSocket: options.WebSocket } : {};
		this.#membership = new Membership({
			link: options.link,
			kind: options.identity.kind,
			rendezvous: { clock: this.#clock, random: this.#random, ...socket },
			handler: {
				connection: (connected) => this.#connection(connected),
				present: (far) => this.#present(far),
				nobody: () => this.#nobody(),
				message: async (jws) => (this.#far && this.#call ? this.#call.call.receive(jws) : this.#countStale()),
				unknownVersion: () => this.#wasConnected || this.#fail("call.version_unknown"),
				refused: (code) =>
					this.#fail(code === "rendezvous.meeting_full" ? "rendezvous.meeting_full" : "rendezvous.refused"),
			},
		});
	}

	/** What was dropped so far, by reason. */
	get dropped(): Readonly<Record<string, number>> {
		const { counters, dropped, overflow } = this.#membership;
		const malformed = this.#counters.malformed + dropped.malformed;
		return { ...this.#counters, ...this.#turns.counters, ...counters, ...dropped, malformed, overflow };
	}

	/** Joins. Everything further is told by events; the meeting is over with `ended` or `failed`. */
	start(): void {
		if (this.#options.signal?.aborted) {
			this.leave();
			return;
		}
		this.#options.signal?.addEventListener("abort", this.#abort);
		this.#timers.set("reach", meetingTimes.reach, () => this.#fail("rendezvous.unreachable"));
		// Loaded while nothing waits for it; a failure shows again where it is needed.
		loadCertificates().catch(() => {});
		this.#membership.start().catch(() => this.#fail("rendezvous.unreachable"));
	}

	/** Tells the far end which of our sources it may expect, and whether it may turn our camera; now and after each rebuild. */
	setMedia(media: FarMedia): void {
		this.#media = media;
		this.#call?.call.tell({ kind: "state", ...media });
	}

	/** Asks for the far end's camera to be turned, which it does if it said that we may. */
	turn(wish: TurnWish): void {
		this.#call?.call.tell({ kind: "turn", wish });
	}

	/** What a person said who compared the code. Different: the call ends, for both ends, as `call.codes_differ`. */
	compareCode(same: boolean): void {
		if (!this.#call?.call.proved || this.#phase === "over") return;
		if (!same) {
			this.#fail("call.codes_differ", this.#call.call.makeBye("call.codes_differ"));
			return;
		}
		this.#compared = true;
		this.events.emit("security", { security: "verified" });
	}

	/** The network may have changed: finds out at once instead of with the next ping. */
	networkChanged(): void {
		this.#membership.probe();
	}

	/** Leaves at once; the farewell was made before, so that a page that is being closed can still send it. */
	leave(): void {
		if (this.#phase === "over") return;
		this.#farewell?.();
		this.#finish();
		this.#membership.close();
		this.events.emit("ended", { reason: "left" });
	}

	readonly #abort = (): void => this.leave();

	#countStale(): void {
		this.#counters.stale += 1;
	}

	#connection(connected: boolean): void {
		if (this.#reachable === connected) return;
		this.#reachable = connected;
		if (connected) this.#timers.clear("reach");
		else {
			this.#far = null;
			this.#call?.call.absent();
		}
		this.#watchVanishing();
		this.events.emit("rendezvous", { connected });
	}

	#present(far: FarMember): void {
		if (this.#phase === "over") return;
		const known = this.#call?.with.instance === far.instance;
		// Once a call was connected, this meeting is with that far end and nobody else.
		if (!known && this.#wasConnected) {
			this.#counters.strangers += 1;
			return;
		}
		this.#far = far;
		this.#closedByFarEnd = false;
		this.#watchVanishing();
		if (!known) this.#newCall(far);
		this.#call?.call.present();
		if (known) void this.#prepareFarewell();
	}

	#newCall(far: FarMember): void {
		this.#call?.call.close();
		const { identity, name, trust } = this.#options;
		const call = new Call(
			{
				identity,
				name,
				trust,
				far,
				clock: this.#clock,
				random: this.#random,
				replays: this.#replays,
				supply: this.#supply,
				instance: this.#membership.instance,
				iceServers: () => this.#membership.iceServers,
				send: async (jws) => this.#far !== null && this.#membership.send(jws),
			},
			this.#counters,
		);
		this.#call = { with: far, call };
		call.events.on("proved", () => this.#proved(call));
		call.events.on("connected", (session) => this.#connected(session));
		call.events.on("lost", ({ byFarEnd }) => this.#lost(byFarEnd));
		call.events.on("farMedia", (media) => this.events.emit("farMedia", media));
		call.events.on("farTurn", (wish) => {
			if (this.#turns.take(wish, Boolean(this.#media.turn))) this.events.emit("farTurn", wish);
		});
		call.events.on("bye", (reason) => this.#bye(reason));
		call.events.on("refused", ({ code, told }) => this.#fail(code, told));
		if (this.#phase !== "securing") {
			this.#phase = "securing";
			this.events.emit("securing", undefined);
		}
		this.#timers.set("giveUp", meetingTimes.giveUp, () =>
			this.#fail(
				call.lastError === "media.engine_failed"
					? "media.engine_failed"
					: call.proved
						? "call.no_path"
						: "call.no_answer",
			),
		);
	}

	#nobody(): void {
		if (this.#phase === "over") return;
		this.#far = null;
		this.#call?.call.absent();
		this.#watchVanishing();
		if (this.#wasConnected) return;
		this.#call?.call.close();
		this.#call = null;
		this.#farewell = null;
		this.#timers.clear("giveUp");
		if (this.#options.prepare)
			this.#supply.prepare(this.#membership.iceServers, { offer: this.#options.identity.kind === "guest" });
		if (this.#phase === "alone") return;
		this.#phase = "alone";
		this.events.emit("alone", undefined);
	}

	#proved(call: Call): void {
		call.tell({ kind: "state", ...this.#media });
		void this.#prepareFarewell();
	}

	#connected({ far, sas }: Session): void {
		const again = this.#wasConnected;
		this.#phase = "connected";
		this.#wasConnected = true;
		this.#timers.clear("giveUp");
		this.#timers.clear("showLoss");
		this.#timers.clear("vanish");
		const bothRooms = this.#options.identity.kind === "room" && far.kind === "room";
		this.events.emit("connected", {
			far: { name: far.name, kind: far.kind, deviceId: far.deviceId },
			sas,
			security: bothRooms || this.#compared ? "verified" : "encrypted",
			keyFingerprint: far.fingerprint,
			again,
		});
	}

	#lost(byFarEnd: boolean): void {
		this.#phase = "recovering";
		this.#closedByFarEnd = byFarEnd;
		this.#timers.set("showLoss", meetingTimes.showLoss, () => this.events.emit("recovering", undefined));
		this.#timers.set("giveUp", meetingTimes.giveUp, () => this.#fail("call.connection_lost"));
		this.#membership.probe();
		this.#watchVanishing();
	}

	/** Gone for good is who is gone from path and rendezvous, as far as we see. Who closed the path itself, as no server can, has left. */
	#watchVanishing(): void {
		if (this.#phase !== "recovering" || this.#far || !this.#reachable) this.#timers.clear("vanish");
		else if (this.#timers.has("vanish")) return;
		else if (this.#closedByFarEnd) this.#timers.set("vanish", meetingTimes.vanishClosed, () => this.#farEndLeft());
		else this.#timers.set("vanish", meetingTimes.vanish, () => this.#fail("call.far_end_vanished"));
	}

	#bye(reason: ByeReason): void {
		if (reason !== "left") {
			this.#fail(reason);
			return;
		}
		// Before there was a call we simply are alone again, as the rendezvous is about to say.
		if (this.#wasConnected) this.#farEndLeft();
	}

	#farEndLeft(): void {
		this.#finish();
		this.#membership.close();
		this.events.emit("ended", { reason: "far_end_left" });
	}

	async #prepareFarewell(): Promise<void> {
		const { call } = this.#call ?? {};
		if (!call?.proved) return;
		const jws = await call.makeBye("left");
		const farewell = jws ? await this.#membership.prepare(jws) : null;
		if (this.#call?.call === call) this.#farewell = farewell;
	}

	/** @param told the signed reason, for the far end to show too. */
	#fail(code: MeetingFailure, told: Promise<string | null> | null = null): void {
		if (this.#phase === "over") return;
		this.#finish();
		void this.#tellAndClose(isSecurityFailure(code) ? told : null);
		this.events.emit("failed", { code });
	}

	async #tellAndClose(told: Promise<string | null> | null): Promise<void> {
		try {
			const jws = await told;
			if (jws) await this.#membership.send(jws);
		} finally {
			this.#membership.close();
		}
	}

	#finish(): void {
		this.#phase = "over";
		this.#options.signal?.removeEventListener("abort", this.#abort);
		this.#timers.clearAll();
		this.#call?.call.close();
		this.#supply.discard();
	}
}
