import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { decodePayload, PAYLOAD_BYTES } from "../../contract/envelope.ts";
import type { FromRoom } from "../../contract/local.ts";
import { type Presence, presence as presenceSchema } from "../../contract/ring.ts";
import { topics } from "../../contract/topics.ts";
import type { BrokerLine } from "../../line/BrokerLine.ts";
import type { RoomLink } from "../local/RoomLink.ts";
import type { Refusals } from "../Refusals.ts";
import { OwnPresence } from "./OwnPresence.ts";
import { mayPublish } from "./rights.ts";

export interface PresencesOptions {
	self: string;
	line: BrokerLine;
	link: RoomLink;
	/** The other rooms that can be called from here. */
	directory: () => readonly string[];
	clock: Clock;
	refusals: Refusals;
}

/**
 * So many rooms are watched all the time, more while somebody looks: in a fleet of thousands each would else hear of hundreds of others, and a broker
 * to which all come back would have a million messages to carry before anybody is there.
 */
const ALWAYS_WATCHED = 30;
const LOOK_MS = 60_000;
/** The room program signs its ring key for each connection; so long the first presence waits for it, to be said once and not twice. */
const RING_KEY_MS = 500;
const MOST_EXPIRY_SECONDS = 60;
/** Who rings is to hear soon that the broker hangs, and not that nobody answers. */
const RING_MOST_MS = 5000;
/** Who ends waits no longer for a broker that hangs: it says our last will when it comes to itself. */
const FAREWELL_MOST_MS = 2000;

/**
 * Who is there: says it of this room, and tells the room program of those that it lists; and carries frames of rings, which it can neither
 * read nor make (docs/adr/0004).
 */
export class Presences {
	readonly own: OwnPresence;
	readonly #options: PresencesOptions;
	readonly #heard = new Map<string, Presence>();
	readonly #stops: (() => void)[];
	#listed = new Set<string>();
	/** Of the listed rooms those whose presences are subscribed to: all or none. */
	#watched = new Set<string>();
	#stopLook: (() => void) | null = null;
	/** Our own echo has come: all that was retained came before it. */
	#settled = false;
	#open = false;
	#closing = false;
	#ringKeyCame: () => void = () => {};

	constructor(options: PresencesOptions) {
		this.#options = options;
		this.own = new OwnPresence({ id: options.self, clock: options.clock });
		const { events } = options.link;
		this.#stops = [
			events.on("arrived", () => this.#tellAll()),
			events.on("left", () => this.#setRing(null)),
			events.on("ringKey", (ring) => this.#setRing(ring)),
			events.on("send", (send) => void this.#send(send)),
			events.on("look", () => this.#look()),
		];
	}

	/** What has to be subscribed before `introduce`. */
	subscriptions(): string[] {
		const { self, directory } = this.#options;
		this.#listed = new Set(directory().filter((id) => id !== self));
		this.#watched = this.#wanted();
		return [topics.rings(self), topics.presence(self), ...[...this.#watched].map(topics.presence)];
	}

	/** Subscribed: the room program learns of the line, and everybody of us. Errors: those of `BrokerLine.publish`. */
	async introduce(): Promise<void> {
		this.#open = true;
		this.#options.link.send({ t: "line", epoch: this.own.epoch });
		if (this.#options.link.present) await this.#ringKey();
		await this.#say();
	}

	lost(): void {
		const was = this.#open;
		this.#open = false;
		this.#settled = false;
		this.#heard.clear();
		if (was) this.#options.link.send({ t: "line", epoch: null });
	}

	/** The directory in force has changed. */
	relist(): Promise<void> {
		const { self, directory } = this.#options;
		this.#listed = new Set(directory().filter((id) => id !== self));
		return this.#watch();
	}

	/** A presence of anybody. */
	received(id: string, payload: Uint8Array): void {
		const { self, refusals, link } = this.#options;
		if (!this.#open || this.#closing) return;
		const decoded = decodePayload(presenceSchema, payload);
		if (!decoded.ok) refusals.note(`presence.${decoded.reason}`);
		else if (id === self) this.#heardOurselves(decoded.value);
		else if (this.#watched.has(id)) {
			const before = this.#heard.get(id);
			if (before && decoded.value.epoch < before.epoch) return;
			this.#heard.set(id, decoded.value);
			link.send({ t: "presence", id, presence: decoded.value });
		}
	}

	/** A frame that rings us. */
	rung(from: string, payload: Uint8Array, retained: boolean): void {
		if (payload.byteLength > PAYLOAD_BYTES) {
			this.#options.refusals.note("ring.too_large");
			return;
		}
		this.#options.link.send({ t: "ring", from, retained, payload: Buffer.from(payload).toString("base64") });
	}

	/** Says good-bye; never fails. */
	async farewell(): Promise<void> {
		this.#closing = true;
		const { line } = this.#options;
		if (!line.isOpen) return;
		const how = { retain: true, withinMs: FAREWELL_MOST_MS };
		await line.publish(this.own.topic, this.own.offline(), how).catch(() => {});
	}

	close(): void {
		this.#stopLook?.();
		for (const stop of this.#stops.splice(0)) stop();
		this.lost();
	}

	#wanted(): Set<string> {
		return this.#listed.size <= ALWAYS_WATCHED || this.#stopLook ? new Set(this.#listed) : new Set();
	}

	/** Whether it is known who of the listed rooms is there. */
	get #watches(): boolean {
		return this.#watched.size === this.#listed.size;
	}

	#look(): void {
		this.#stopLook?.();
		this.#stopLook = this.#options.clock.after(LOOK_MS, () => {
			this.#stopLook = null;
			void this.#watch();
		});
		void this.#watch();
	}

	/** Brings what is subscribed to in line with what is wanted; when all that is retained has come, the room program hears so. */
	async #watch(): Promise<void> {
		const { line, link } = this.#options;
		const [before, wanted] = [this.#watched, this.#wanted()];
		const [gone, added] = [before.difference(wanted), wanted.difference(before)];
		this.#watched = wanted;
		for (const id of gone) this.#heard.delete(id);
		if (!this.#open) return;
		try {
			if (gone.size > 0) await line.unsubscribe([...gone].map(topics.presence));
			if (added.size > 0) {
				await line.subscribe([...added].map(topics.presence));
				// its echo comes after what is retained
				this.#settled = false;
				await this.#say();
			} else if (this.#settled && (gone.size > 0 || !this.#watches)) {
				link.send({ t: "directory", watched: this.#watches });
			}
		} catch {
			line.drop();
		}
	}

	#heardOurselves(heard: Presence): void {
		const { line, link, self } = this.#options;
		const meaning = this.own.judge(heard);
		if (meaning === "ahead") line.drop();
		else if (meaning === "stale") this.#say().catch(() => line.drop());
		else {
			link.send({ t: "presence", id: self, presence: heard });
			if (!this.#settled) link.send({ t: "directory", watched: this.#watches });
			this.#settled = true;
		}
	}

	#tellAll(): void {
		if (!this.#open) return;
		const { link } = this.#options;
		link.send({ t: "line", epoch: this.own.epoch });
		for (const [id, presence] of this.#heard) link.send({ t: "presence", id, presence });
		if (this.#settled) link.send({ t: "directory", watched: this.#watches });
	}

	#ringKey(): Promise<void> {
		if (this.own.hasRing) return Promise.resolve();
		return new Promise((resolve) => {
			const cancel = this.#options.clock.after(RING_KEY_MS, resolve);
			this.#ringKeyCame = () => {
				cancel();
				resolve();
			};
		});
	}

	#setRing(ring: { epoch: number; jws: string } | null): void {
		const waiting = this.#ringKeyCame;
		this.#ringKeyCame = () => {};
		const changed = this.own.setRing(ring);
		waiting();
		if (changed && this.#settled && !this.#closing) this.#say().catch(() => this.#options.line.drop());
	}

	async #say(): Promise<void> {
		await this.#options.line.publish(this.own.topic, this.own.online(), { retain: true });
	}

	async #send({ id, to, payload, expirySeconds }: Extract<FromRoom, { t: "send" }>): Promise<void> {
		const { line, link, self } = this.#options;
		const topic = topics.ring(to, self);
		const bytes = new Uint8Array(Buffer.from(payload, "base64"));
		try {
			if (bytes.byteLength > PAYLOAD_BYTES || !mayPublish(self, topic)) {
				throw new RoomError("line.refused", "not for the bus");
			}
			const expiry = Math.min(MOST_EXPIRY_SECONDS, Math.max(1, Math.round(expirySeconds)));
			const outcome = await line.publish(topic, bytes, { expirySeconds: expiry, withinMs: RING_MOST_MS });
			link.send({ t: "sent", id, outcome });
		} catch (error) {
			const refused = RoomError.from(error, "line.unreachable").code === "line.refused";
			link.send({ t: "sent", id, outcome: refused ? "refused" : "unreachable" });
		}
	}
}
