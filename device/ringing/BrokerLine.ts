import mqtt, { type IPublishPacket, type MqttClient } from "mqtt";
import { Backoff } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { Emitter } from "../core/Emitter.ts";
import type { Log } from "../core/log.ts";
import { RoomError } from "../core/RoomError.ts";

export interface LineOptions {
	/** `mqtts://host:port`. */
	url: string;
	clientId: string;
	/** PEM: device key, device certificate, fleet CA. */
	tls: { key: string; certificate: string; ca: string };
	/** Asked for each new connection, since its last will belongs to it. */
	will: () => { topic: string; payload: Uint8Array };
	clock: Clock;
	log: Log;
	random?: () => number;
}

export interface LineEvents {
	/** Connected anew: nothing is subscribed yet. */
	opened: undefined;
	lost: undefined;
	message: { topic: string; payload: Uint8Array; retained: boolean };
}

/** A message that nobody receives is worth nothing; MQTT 5 brokers say so (reason code 0x10). */
export type Delivery = "delivered" | "nobody";

const NO_MATCHING_SUBSCRIBERS = 0x10;
/** TCP, TLS and CONNECT together; a line that hangs longer is given up. */
const CONNECT_MS = 15_000;
const CLOSE_MS = 2000;
/** A broker that hasn't acknowledged by then hangs: who rings is to hear so, not that nobody answers. Keepalive would notice later. */
const ACKNOWLEDGE_MS = 5000;
/** A connection that lasted so long was a good one: the next attempt starts from small delays again. */
const GOOD_MS = 10_000;

const unreachable = (cause?: unknown): RoomError<"ring.broker_unreachable"> =>
	new RoomError("ring.broker_unreachable", "the broker can't be reached", cause === undefined ? {} : { cause });

/**
 * The line to the broker: kept up for ever, with full jitter between attempts. Each attempt is a new mqtt.js client, because a
 * client keeps its first last will, sends old messages again, and stops for good after a refused CONNECT.
 */
export class BrokerLine {
	readonly events = new Emitter<LineEvents>();
	readonly #options: LineOptions;
	readonly #backoff: Backoff;
	#client: MqttClient | null = null;
	#open = false;
	#closed = false;
	#drop: (() => void) | null = null;
	#cancelWait: () => void = () => {};
	/** Message ids that the broker took and had nobody to give to. */
	readonly #unheard = new Set<number>();
	readonly #waiting = new Set<(error: RoomError) => void>();

	constructor(options: LineOptions) {
		this.#options = options;
		const random = options.random ? { random: options.random } : {};
		this.#backoff = new Backoff({ baseMs: 500, capMs: 30_000, ...random });
	}

	open(): void {
		const { url, clientId, tls, will, clock } = this.#options;
		const { topic, payload } = will();
		const client = mqtt.connect(url, {
			clientId,
			key: tls.key,
			cert: tls.certificate,
			ca: tls.ca,
			rejectUnauthorized: true,
			minVersion: "TLSv1.3",
			protocolVersion: 5,
			clean: true,
			keepalive: 30,
			connectTimeout: CONNECT_MS,
			reconnectPeriod: 0,
			resubscribe: false,
			queueQoSZero: false,
			will: { topic, payload: Buffer.from(payload), qos: 1, retain: true },
		} as mqtt.IClientOptions);
		this.#client = client;
		this.#unheard.clear();
		let over = false;
		const drop = (): void => {
			if (over) return;
			over = true;
			this.#cancelWait();
			client.end(true);
			this.#lost();
		};
		this.#drop = drop;
		this.#cancelWait = clock.after(CONNECT_MS, drop);
		client.on("connect", () => {
			this.#cancelWait();
			this.#cancelWait = clock.after(GOOD_MS, () => this.#backoff.reset());
			this.#open = true;
			this.#report("connected");
			this.events.emit("opened", undefined);
		});
		// The callback of publish() is not told which good reason code came; it comes right after this event.
		client.on("packetreceive", (packet) => {
			if (packet.cmd === "puback" && packet.reasonCode === NO_MATCHING_SUBSCRIBERS && packet.messageId !== undefined) {
				this.#unheard.add(packet.messageId);
			}
		});
		client.on("message", (from: string, bytes: Buffer, packet: IPublishPacket) => {
			if (!over) this.events.emit("message", { topic: from, payload: bytes, retained: packet.retain });
		});
		// A refused CONNECT is an error and not always a close; afterwards errors of the dying socket may follow.
		client.on("error", drop);
		client.on("close", drop);
	}

	/** Gives the present connection up; a new one follows. */
	drop(): void {
		this.#drop?.();
	}

	/** Error: `ring.broker_unreachable`, `ring.refused` (no right to receive it). */
	async subscribe(topics: readonly string[]): Promise<void> {
		await this.#ask<void>((client, done) =>
			client.subscribe([...topics], { qos: 1 }, (error, granted = []) =>
				done(error ?? (granted.some(({ qos }) => qos > 2) ? new Error("subscription refused") : null), undefined),
			),
		);
	}

	/** Resolves when the broker has it. Errors: `ring.broker_unreachable`, `ring.refused` (no right to send it). */
	publish(
		topic: string,
		payload: Uint8Array,
		options: { retain?: boolean; expirySeconds?: number } = {},
	): Promise<Delivery> {
		return this.#ask<Delivery>((client, done) =>
			client.publish(
				topic,
				Buffer.from(payload),
				{
					qos: 1,
					retain: options.retain === true,
					...(options.expirySeconds ? { properties: { messageExpiryInterval: options.expirySeconds } } : {}),
				},
				(error, packet) => done(error ?? null, this.#unheard.delete(packet?.messageId ?? -1) ? "nobody" : "delivered"),
			),
		);
	}

	/** Ends the line for good. */
	async close(): Promise<void> {
		this.#closed = true;
		this.#cancelWait();
		const client = this.#client;
		this.#client = null;
		if (client && this.#open) {
			// DISCONNECT, so that the broker drops the last will; but acknowledgements that never come are not waited for.
			await new Promise<void>((resolve) => {
				this.#cancelWait = this.#options.clock.after(CLOSE_MS, resolve);
				client.end(false, {}, () => resolve());
			});
		}
		this.#drop?.();
		this.events.clear();
	}

	#ask<T>(send: (client: MqttClient, done: (error: unknown, value: T) => void) => void): Promise<T> {
		const client = this.#client;
		if (!client || !this.#open) return Promise.reject(unreachable());
		return new Promise<T>((resolve, reject) => {
			// Dropping the line rejects everything that waits on it.
			const cancel = this.#options.clock.after(ACKNOWLEDGE_MS, () => client === this.#client && this.drop());
			const refuse = (error: RoomError): void => {
				cancel();
				reject(error);
			};
			const settle = (): void => {
				cancel();
				this.#waiting.delete(refuse);
			};
			this.#waiting.add(refuse);
			send(client, (error, value) => {
				settle();
				if (!error) resolve(value);
				else if (client !== this.#client || !this.#open) reject(unreachable(error));
				else reject(new RoomError("ring.refused", "the broker refused", { cause: error }));
			});
		});
	}

	#lost(): void {
		const wasOpen = this.#open;
		this.#open = false;
		for (const reject of [...this.#waiting]) reject(unreachable());
		this.#waiting.clear();
		if (wasOpen) this.events.emit("lost", undefined);
		if (this.#closed) return;
		this.#report(wasOpen ? "lost" : "refused");
		this.#cancelWait = this.#options.clock.after(this.#backoff.nextMs(), () => this.open());
	}

	#report(state: string): void {
		this.#options.log.write("info", "broker.connection", { state, attempt: this.#backoff.attempt });
	}
}
