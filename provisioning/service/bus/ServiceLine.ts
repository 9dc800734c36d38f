import type { Clock } from "../../../device/core/clock.ts";
import { Emitter } from "../../../device/core/Emitter.ts";
import type { Log } from "../../../device/core/log.ts";
import { BrokerLine } from "../../line/BrokerLine.ts";
import { type Delivery, LateAcknowledgements } from "./LateAcknowledgements.ts";

export interface ServiceLineOptions {
	/** `mqtts://host:port`. */
	url: string;
	/** The certificate's CN. A session of this name waits on the broker for a worker that comes back soon. */
	name: string;
	/** PEM: the worker's key and certificate, the fleet's authority. Asked for each connection: certificates are renewed. */
	identity: () => { key: string; certificate: string; ca: string };
	/** Filters that are subscribed to on each connection. */
	filters: readonly string[];
	receive: (delivery: Delivery) => void;
	clock: Clock;
	log: Log;
	random?: () => number;
}

export interface ServiceLineEvents {
	/** Connected, and subscribed to all filters. */
	opened: undefined;
	lost: undefined;
}

/** What a broker keeps for a worker that died: long enough to be started again, short enough that others soon take its share. */
const SESSION_SECONDS = 60;
/** Messages that may be on their way into the database. */
export const RECEIVE_MAXIMUM = 2000;

/**
 * A worker's line to the broker: `BrokerLine`, which keeps it up, with what a worker needs beside that.
 *
 * - Subscribed to its filters before it is said to be open.
 * - Messages are acknowledged when they are in the database (`LateAcknowledgements`), and no more than `RECEIVE_MAXIMUM` are under way.
 * - The session outlives the connection by a minute, after `close` too, so that a worker that is restarted finds what it had not acknowledged and
 *   what came meanwhile: a broker gives members of a shared subscription their share whether they are there or not, and with the session forgets
 *   it. Who goes for good calls `quiesce` first, and leaves nothing unacknowledged.
 *
 * Errors of its methods: `bus.unreachable`, `bus.refused` (no right to do it; not worth another try).
 */
export class ServiceLine {
	readonly events = new Emitter<ServiceLineEvents>();
	readonly #line: BrokerLine;
	readonly #filters: readonly string[];
	#isOpen = false;
	#closed = false;
	#sendMaximum = 1;

	constructor(options: ServiceLineOptions) {
		const { url, name, identity, filters, receive, clock, log, random } = options;
		this.#filters = filters;
		this.#line = new BrokerLine({
			target: () => ({ url, clientId: name, tls: identity() }),
			connecting: {
				clean: false,
				properties: { sessionExpiryInterval: SESSION_SECONDS, receiveMaximum: RECEIVE_MAXIMUM },
			},
			// What the session kept comes before anything is subscribed.
			attach: (client) => void new LateAcknowledgements(client, receive),
			codes: { unreachable: "bus.unreachable", refused: "bus.refused" },
			clock,
			log,
			...(random ? { random } : {}),
		});
		this.#line.events.on("opened", ({ receiveMaximum }) => {
			this.#sendMaximum = receiveMaximum;
			void this.#begin();
		});
		this.#line.events.on("lost", () => {
			const wasOpen = this.#isOpen;
			this.#isOpen = false;
			if (wasOpen) this.events.emit("lost", undefined);
		});
	}

	/** Connected and subscribed. */
	get isOpen(): boolean {
		return this.#isOpen;
	}

	/** How many publications the broker takes at once. */
	get sendMaximum(): number {
		return this.#sendMaximum;
	}

	/** Begins; a first attempt that fails is followed by others. */
	open(): void {
		this.#line.open();
	}

	/** Resolves when the broker has it. */
	async publish(
		topic: string,
		payload: Uint8Array,
		options: { retain?: boolean; expirySeconds?: number } = {},
	): Promise<void> {
		await this.#line.publish(topic, payload, options);
	}

	/** Subscribes to more than its filters, until the connection ends. */
	subscribe(filters: readonly string[]): Promise<void> {
		return this.#line.subscribe(filters);
	}

	unsubscribe(filters: readonly string[]): Promise<void> {
		return this.#line.unsubscribe(filters);
	}

	/** Gives the present connection up; a new one follows. */
	drop(): void {
		this.#line.drop();
	}

	/** Leaves its share to others; what has come can still be acknowledged. Never throws. */
	async quiesce(): Promise<void> {
		this.#closed = true;
		if (this.#line.isOpen) await this.#line.unsubscribe(this.#filters).catch(() => {});
	}

	/** Ends the line for good. */
	async close(): Promise<void> {
		this.#closed = true;
		await this.#line.close();
		this.events.clear();
	}

	async #begin(): Promise<void> {
		try {
			await this.#line.subscribe(this.#filters);
		} catch {
			this.#line.drop();
			return;
		}
		if (!this.#line.isOpen || this.#closed) return;
		this.#isOpen = true;
		this.events.emit("opened", undefined);
	}
}
