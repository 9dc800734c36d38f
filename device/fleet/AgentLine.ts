import type { FromAgent } from "../../provisioning/contract/local.ts";
import type { Presence } from "../../provisioning/contract/ring.ts";
import type { Clock } from "../core/clock.ts";
import { RoomError } from "../core/RoomError.ts";
import type { Delivery, RingLine, RingLineListener } from "../ringing/RingLine.ts";
import type { AgentLink } from "./AgentLink.ts";

/** The agent gives its broker five seconds; one that hasn't answered by then hangs itself. */
const ANSWER_MS = 7000;
/** Presences that are kept: more than any room lists. */
const MOST_PRESENCES = 2000;

const unreachable = (): RoomError<"ring.broker_unreachable"> =>
	new RoomError("ring.broker_unreachable", "the broker can't be reached");

/** The agent's line to the broker, for ringing. It outlives the rooms that listen, and tells each what is known already. */
export class AgentLine implements RingLine {
	readonly #link: AgentLink;
	readonly #clock: Clock;
	readonly #listeners = new Set<RingLineListener>();
	readonly #presences = new Map<string, Presence>();
	readonly #waiting = new Map<number, (outcome: Extract<FromAgent, { t: "sent" }>["outcome"]) => void>();
	#epoch: number | null = null;
	/** Null until all that was retained has come. */
	#watched: boolean | null = null;
	#sends = 0;

	constructor(options: { link: AgentLink; clock: Clock }) {
		this.#link = options.link;
		this.#clock = options.clock;
		const { events } = options.link;
		events.on("line", ({ epoch }) => this.#line(epoch));
		events.on("lost", () => this.#line(null));
		events.on("presence", ({ id, presence }) => this.#presence(id, presence));
		events.on("directory", ({ watched }) => this.#settle(watched));
		events.on("ring", ({ from, payload, retained }) => {
			const bytes = new Uint8Array(Buffer.from(payload, "base64"));
			for (const listener of [...this.#listeners]) listener.ring(from, bytes, retained);
		});
		events.on("sent", ({ id, outcome }) => this.#waiting.get(id)?.(outcome));
	}

	listen(listener: RingLineListener): () => void {
		this.#listeners.add(listener);
		if (this.#epoch !== null) {
			listener.opened(this.#epoch);
			for (const [id, presence] of this.#presences) listener.presence(id, presence);
			if (this.#watched !== null) listener.settled(this.#watched);
		}
		return () => this.#listeners.delete(listener);
	}

	announce(epoch: number, jws: string): void {
		// signed for a connection that is gone by now: the next one asks anew
		if (epoch === this.#epoch) this.#link.send({ t: "ringKey", epoch, jws });
	}

	look(): void {
		this.#link.send({ t: "look" });
	}

	send(to: string, payload: Uint8Array, expirySeconds: number): Promise<Delivery> {
		const id = ++this.#sends;
		const message = { t: "send", id, to, payload: Buffer.from(payload).toString("base64"), expirySeconds } as const;
		if (this.#epoch === null || !this.#link.send(message)) return Promise.reject(unreachable());
		return new Promise((resolve, reject) => {
			const stopClock = this.#clock.after(ANSWER_MS, () => settle("unreachable"));
			const settle = (outcome: Extract<FromAgent, { t: "sent" }>["outcome"]): void => {
				stopClock();
				this.#waiting.delete(id);
				if (outcome === "unreachable") reject(unreachable());
				else if (outcome === "refused") reject(new RoomError("ring.refused", "the broker refused"));
				else resolve(outcome);
			};
			this.#waiting.set(id, settle);
		});
	}

	#line(epoch: number | null): void {
		if (epoch === this.#epoch) return;
		const wasOpen = this.#epoch !== null;
		this.#epoch = epoch;
		this.#watched = null;
		this.#presences.clear();
		for (const settle of [...this.#waiting.values()]) settle("unreachable");
		for (const listener of [...this.#listeners]) {
			if (wasOpen) listener.lost();
			if (epoch !== null) listener.opened(epoch);
		}
	}

	#presence(id: string, presence: Presence): void {
		if (this.#epoch === null || (this.#presences.size >= MOST_PRESENCES && !this.#presences.has(id))) return;
		this.#presences.set(id, presence);
		for (const listener of [...this.#listeners]) listener.presence(id, presence);
	}

	#settle(watched: boolean): void {
		if (this.#epoch === null || watched === this.#watched) return;
		this.#watched = watched;
		if (!watched) this.#presences.clear();
		for (const listener of [...this.#listeners]) listener.settled(watched);
	}
}
