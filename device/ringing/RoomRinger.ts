import { randomBytes } from "node:crypto";
import { encodePayload, PAYLOAD_VERSION } from "../../provisioning/contract/envelope.ts";
import {
	type Presence,
	type PublicJwk,
	RING_MS,
	type RingAnswer,
	type RingFrame,
	type RingMessage,
	ringFrame,
} from "../../provisioning/contract/ring.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { Emitter } from "../core/Emitter.ts";
import { type Log, silentLog } from "../core/log.ts";
import { RoomError } from "../core/RoomError.ts";
import type { Trust } from "../meeting/certificates.ts";
import { Directory, type ListedRoom } from "./Directory.ts";
import { IncomingRings } from "./IncomingRings.ts";
import { OutgoingRings, type RingOutcome } from "./OutgoingRings.ts";
import type { Delivery, RingLine } from "./RingLine.ts";
import { announceRingKey, createRingKeys, type RingKeys, readRingKey } from "./ringKeys.ts";
import { sealRing } from "./ringSeal.ts";
import { createSigner, type Signer } from "./signature.ts";

export interface RingerOptions {
	/** This room: the CN of its certificate. */
	deviceId: string;
	/** Carries frames to the broker and back. */
	line: RingLine;
	/** PEM. `chain`: from the device's certificate to the fleet's authority. */
	identity: { key: string; chain: string };
	/** Whose signatures count; the same as for meetings. */
	trust: Trust;
	/** The rooms that can be called from here. */
	rooms: readonly ListedRoom[];
	clock?: Clock;
	log?: Log;
}

export interface RingerEvents {
	/** Connected, and the directory is known. */
	"broker.up": undefined;
	"broker.down": undefined;
	/** A listed room; null: not known, while the broker is down or nobody looks. */
	"presence.changed": { room: string; online: boolean | null };
	/**
	 * Another room of this organisation rings: its device key signed it. `name`: from our directory, null if it is not listed.
	 * `link` is a secret.
	 */
	"ring.incoming": { ring: string; from: string; name: string | null; verified: true; link: string };
	/** The ring is over without our doing: taken back, or nobody answered. */
	"ring.cancelled": { ring: string };
}

/** How long it may take to learn who is there, when somebody rings before. */
const KNOWN_MS = 5000;

const random16 = (): string => randomBytes(16).toString("base64url");

/**
 * The room's end of ringing: knows which rooms are there, rings them and is rung (docs/adr/0004).
 *
 * Broker and line are trusted to deliver or not, and with nothing else: what they carry is signed by device keys and sealed to a key
 * that the ringing room made when it started.
 */
export class RoomRinger {
	readonly events = new Emitter<RingerEvents>();
	readonly #options: RingerOptions;
	readonly #clock: Clock;
	readonly #log: Log;
	readonly #signer: Signer;
	readonly #keys: RingKeys;
	readonly #directory: Directory;
	readonly #incoming: IncomingRings;
	readonly #outgoing: OutgoingRings;
	/** Rings that are being taken back; the line closes after them. */
	readonly #farewells = new Set<Promise<unknown>>();
	/** Rings that ended because the broker was lost. */
	readonly #orphans = new Map<string, Omit<Extract<RingMessage, { op: "cancel" }>, "op"> & { key: PublicJwk }>();
	/** Who waits until it is known who is there. */
	readonly #lookers = new Set<(who: "known" | "nobody") => void>();
	#stopListening: (() => void) | null = null;
	#up = false;

	private constructor(options: RingerOptions, signer: Signer, keys: RingKeys) {
		this.#options = options;
		this.#clock = options.clock ?? systemClock;
		this.#log = options.log ?? silentLog;
		this.#signer = signer;
		this.#keys = keys;
		this.#directory = new Directory(options.rooms);
		this.#outgoing = new OutgoingRings(this.#clock);
		this.#incoming = new IncomingRings({
			self: options.deviceId,
			privateKey: keys.privateKey,
			trust: options.trust,
			clock: this.#clock,
			refused: (code) => this.#log.write("warn", "ring.refused", { code }),
			rung: (ring) => this.#rung(ring),
			over: (ring) => this.events.emit("ring.cancelled", { ring }),
			answered: ({ ringId, from, op }) => this.#outgoing.answered(ringId, from, op),
		});
	}

	/** Error: `identity.malformed`. */
	static async create(options: RingerOptions): Promise<RoomRinger> {
		return new RoomRinger(options, await createSigner(options.identity), await createRingKeys());
	}

	/** Begins to ring and to be rung whenever the line is there. Once. */
	start(): void {
		this.#stopListening ??= this.#options.line.listen({
			opened: (epoch) => void this.#announce(epoch),
			lost: () => this.#lost(),
			presence: (id, presence) => this.#heardOf(id, presence),
			settled: (watched) => this.#settled(watched),
			ring: (from, payload, retained) => this.#incoming.received(from, payload, retained),
		});
	}

	/** Takes back what still rings, and ends. Rings of ours end with `cancelled`. */
	async close(): Promise<void> {
		this.#stopListening?.();
		this.#outgoing.end(null, "cancelled");
		for (const looker of [...this.#lookers]) looker("nobody");
		this.#incoming.clear();
		await Promise.all(this.#farewells);
		this.events.clear();
	}

	/** From now on these rooms can be called from here, and no others. What is known of them is told. */
	list(rooms: readonly ListedRoom[]): void {
		this.#directory.list(rooms);
		for (const { id } of rooms) this.#presenceChanged(id);
	}

	/** Somebody looks at the listed rooms: for the next minute it is said who of them is there. Without it that is known in small fleets only. */
	look(): void {
		this.#options.line.look();
	}

	get connected(): boolean {
		return this.#up;
	}

	/** The listed rooms. `online` is null while the broker can't be asked, or nobody looks. */
	get directory(): { id: string; name: string; online: boolean | null }[] {
		return this.#directory.rooms.map(({ id, name }) => ({ id, name, online: this.#directory.isOnline(id) }));
	}

	/**
	 * Rings a listed room for up to 30 s. `signal` takes the ring back (`cancelled`). `link` goes to that room only, sealed. If that room
	 * rings us meanwhile, the two rings are one: of the lower device id, and the other room ends with `met`.
	 * Errors: `ring.broker_unreachable` (also when the broker is lost meanwhile), `ring.room_offline` (also when it goes meanwhile),
	 * `ring.refused` (not listed, its ring key does not hold, or the broker refused; `context.check`).
	 */
	async ring(room: string, link: string, options: { signal?: AbortSignal } = {}): Promise<RingOutcome> {
		const { signal } = options;
		if (!this.#directory.lists(room)) throw refused("directory");
		if (!this.#up) throw new RoomError("ring.broker_unreachable", "the broker can't be reached");
		if (this.#directory.isOnline(room) === false) throw roomOffline();
		if (signal?.aborted) return "cancelled";

		const ringId = random16();
		const parts = this.#parts(ringId, room);
		const key = this.#ringKeyOf(room);
		const takeBack = (): void => {
			// After the ring itself, or it would ring on.
			const farewell: Promise<unknown> = sent
				.then(async (delivery) => delivery && this.#send({ op: "cancel", ...parts }, await key))
				.catch(() => {})
				.finally(() => this.#farewells.delete(farewell));
			this.#farewells.add(farewell);
		};
		// Before anything is waited for: a ring of that room that arrives from here on meets this one.
		const answer = this.#outgoing.wait(ringId, { room, takeBack, signal });
		const sent = key.then(async (to) => {
			const message = { op: "ring", ...parts, link, replyTo: this.#keys.publicJwk } as const;
			return this.#outgoing.waits(ringId) ? this.#send(message, to) : null;
		});
		answer.catch(async (error: unknown) => {
			if (asRingError(error).code !== "ring.broker_unreachable") return;
			await key.then((to) => this.#orphans.set(ringId, { ...parts, key: to })).catch(() => {});
		});
		sent
			.then((delivery) => {
				if (delivery === "nobody") throw roomOffline();
			})
			.catch((error: unknown) => this.#outgoing.fail(ringId, asRingError(error)));
		return answer;
	}

	/** Answers an incoming ring; without effect if it is over. Never fails: if the answer is lost, the caller's ring times out. */
	async answer(ring: string, answer: RingAnswer): Promise<void> {
		const from = this.#incoming.take(ring);
		if (!from) return;
		try {
			await this.#send({ op: answer, ...this.#parts(ring, from.id) }, from.replyTo);
		} catch (error) {
			this.#log.write("warn", "ring.refused", { code: RoomError.from(error, "ring.refused").code });
		}
	}

	/**
	 * A room that we ring ourselves wants what we want, so nobody is to be asked. Each side decides alike, by the ids, which of the two
	 * rings it is: its sender waits for the answer, the other answers it and takes its own back.
	 */
	#rung({ ringId, from, link }: { ringId: string; from: string; link: string }): void {
		if (!this.#outgoing.ringTo(from)) {
			const name = this.#directory.nameOf(from);
			this.events.emit("ring.incoming", { ring: ringId, from, name, verified: true, link });
		} else if (this.#options.deviceId < from) {
			this.#incoming.take(ringId);
		} else {
			void this.answer(ringId, "accepted");
			this.#outgoing.met(from, link);
		}
	}

	/** Errors: `ring.room_offline`, `ring.broker_unreachable`, and those of `readRingKey`. */
	async #ringKeyOf(room: string): Promise<PublicJwk> {
		// also if they are known: they are to stay so while it rings
		this.look();
		if (!this.#directory.known) await this.#untilKnown();
		const there = this.#directory.presenceOf(room);
		if (!there?.online || !there.ring) throw roomOffline();
		return readRingKey(there.ring, { id: room, epoch: there.epoch }, this.#trustNow());
	}

	#untilKnown(): Promise<void> {
		return new Promise((resolve, reject) => {
			const looker = (who: "known" | "nobody"): void => {
				cancel();
				this.#lookers.delete(looker);
				if (who === "known") resolve();
				else reject(new RoomError("ring.broker_unreachable", "the broker does not say who is there"));
			};
			const cancel = this.#clock.after(KNOWN_MS, () => looker("nobody"));
			this.#lookers.add(looker);
		});
	}

	#parts(ringId: string, to: string) {
		const iat = this.#clock.now();
		return { v: PAYLOAD_VERSION, ringId, from: this.#options.deviceId, to, iat, exp: iat + RING_MS } as const;
	}

	async #send(message: RingMessage, to: PublicJwk): Promise<Delivery> {
		const sealed = await sealRing(message, to, this.#signer);
		const envelope = { v: PAYLOAD_VERSION, mid: random16(), ts: this.#clock.now() } as const;
		const frame: RingFrame = { ...envelope, exp: message.exp, sealed };
		return this.#options.line.send(message.to, encodePayload(ringFrame, frame), RING_MS / 1000);
	}

	async #announce(epoch: number): Promise<void> {
		const { deviceId, line } = this.#options;
		try {
			line.announce(epoch, await announceRingKey(this.#signer, deviceId, epoch, this.#keys.publicJwk));
		} catch (error) {
			this.#log.write("warn", "ring.refused", { code: RoomError.from(error, "ring.refused").code });
		}
	}

	#heardOf(room: string, heard: Presence): void {
		const before = this.#directory.isOnline(room);
		this.#directory.note(room, heard);
		if (this.#directory.isOnline(room) !== before) this.#presenceChanged(room);
	}

	/** A broker that was lost may have the ring all the same: without this it would ring on, for nobody. */
	#takeOrphansBack(): void {
		for (const [ringId, { key, ...parts }] of this.#orphans) {
			this.#orphans.delete(ringId);
			if (parts.exp > this.#clock.now()) this.#send({ op: "cancel", ...parts }, key).catch(() => {});
		}
	}

	#settled(watched: boolean): void {
		const wasUp = this.#up;
		this.#up = true;
		if (!wasUp) this.#takeOrphansBack();
		this.#directory.settle(watched);
		if (!wasUp) this.events.emit("broker.up", undefined);
		if (watched) for (const looker of [...this.#lookers]) looker("known");
		for (const { id } of this.#directory.rooms) {
			if (watched) this.#presenceChanged(id);
			else this.events.emit("presence.changed", { room: id, online: null });
		}
	}

	#presenceChanged(room: string): void {
		const online = this.#directory.isOnline(room);
		if (online === null) return;
		this.events.emit("presence.changed", { room, online });
		if (online) return;
		this.#outgoing.end(room, new RoomError("ring.room_offline", "the room went away"));
	}

	#lost(): void {
		this.#directory.forget();
		const wasUp = this.#up;
		this.#up = false;
		for (const looker of [...this.#lookers]) looker("nobody");
		this.#outgoing.end(null, new RoomError("ring.broker_unreachable", "the broker was lost"));
		if (!wasUp) return;
		this.events.emit("broker.down", undefined);
		for (const { id } of this.#directory.rooms) this.events.emit("presence.changed", { room: id, online: null });
	}

	#trustNow(): Trust & { nowMs: number } {
		const { trust } = this.#options;
		return { caPin: trust.caPin, isRevoked: (serial) => trust.isRevoked(serial), nowMs: this.#clock.now() };
	}
}

const roomOffline = () => new RoomError("ring.room_offline", "the room is not there");
const refused = (check: string): RoomError =>
	new RoomError("ring.refused", "the room can't be rung", { context: { check } });

/** Only the three codes that a caller is told leave `ring()`. */
function asRingError(error: unknown): RoomError {
	const known = RoomError.from(error, "ring.refused");
	return ["ring.broker_unreachable", "ring.room_offline", "ring.refused"].includes(known.code)
		? known
		: refused(known.code);
}
