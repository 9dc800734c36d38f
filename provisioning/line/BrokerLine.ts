import { createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import mqtt, { type IPublishPacket, type MqttClient } from "mqtt";
import { Backoff } from "../../device/core/backoff.ts";
import type { Clock } from "../../device/core/clock.ts";
import { Emitter } from "../../device/core/Emitter.ts";
import type { Log } from "../../device/core/log.ts";
import { RoomError } from "../../device/core/RoomError.ts";

/** Who is called, and as whom. */
export interface LineTarget {
	/** `mqtts://host:port`. */
	url: string;
	clientId: string;
	/** PEM: own key and certificate, and the authority of the broker's. */
	tls:
		| { key: string; certificate: string; ca: string }
		/** Nobody yet, and no authority known: whoever is called has to prove itself by other means (enrolment). */
		| "unproved";
}

export interface LineOptions {
	/** Asked for each new connection: a certificate is renewed, a second broker is tried. */
	target: () => LineTarget;
	/** Asked for each new connection, since its last will belongs to it. */
	will?: () => { topic: string; payload: Uint8Array };
	clock: Clock;
	log: Log;
	random?: () => number;
	/** What CONNECT says beside that: a session that outlives the connection, for example. */
	connecting?: mqtt.IClientOptions;
	/** Is given each new client before it connects. */
	attach?: (client: MqttClient) => void;
	/** Codes of its errors; absent: `line.unreachable`, `line.refused`. */
	codes?: { unreachable: string; refused: string };
}

export interface LineEvents {
	/**
	 * Connected anew: nothing is subscribed yet, unless the broker `kept` our session. `receiveMaximum`: publications that it takes at once.
	 */
	opened: { kept: boolean; receiveMaximum: number };
	/** The connection that was open is gone; another is on its way. */
	lost: undefined;
	/** An attempt came to nothing; another is on its way. `code`: Node's or OpenSSL's, empty if there is none. */
	failed: { code: string };
	message: { topic: string; payload: Uint8Array; retained: boolean };
}

/** A message that nobody receives is worth nothing; MQTT 5 brokers say so (reason code 0x10). */
export type Delivery = "delivered" | "nobody";

const NO_MATCHING_SUBSCRIBERS = 0x10;
/**
 * MQTT 5.0 §2.4: not authorized, topic filter invalid, topic name invalid, packet too large, payload format invalid. These say "never"; all other
 * errors (unspecified, implementation specific, quota exceeded) "not now".
 */
const NEVER = new Set([0x87, 0x8f, 0x90, 0x95, 0x99]);

/** What mqtt.js itself does not send has no reason code, and will not be sent another time either. */
function isNotNow(error: unknown): boolean {
	const { code } = error as { code?: unknown };
	return typeof code === "number" && !NEVER.has(code);
}

/**
 * TCP, TLS and CONNECT together; a line that hangs longer is given up, and the next is given twice as long. A broker to which a whole fleet comes
 * back takes what it takes: whoever gives up early and comes again has made it work for nothing, and with thousands who do nobody gets in.
 */
const CONNECT_MS = 15_000;
const CONNECT_MOST_MS = 60_000;
/**
 * The first packet's answer alone, which is the kernel's and comes at once, unless as many wait to be let in as the broker has room for: then nothing
 * answers, and by itself the kernel would ask ever more seldom. It cost the broker nothing, so the next attempt may come soon.
 */
const REACH_MS = 3000;
const UNREACHED_MOST_MS = 5000;
const CLOSE_MS = 2000;
/** A broker that hasn't acknowledged by then hangs. Not sooner: one that is busy with everybody's coming back would get still busier. */
const HANGS_MS = 30_000;
/** A connection that lasted so long was a good one: the next attempt starts from small delays again. */
const GOOD_MS = 10_000;

/**
 * The line to the broker: kept up for ever, with full jitter between attempts. Each attempt is a new mqtt.js client, because a
 * client keeps its first last will, sends old messages again, and stops for good after a refused CONNECT.
 */
export class BrokerLine {
	readonly events = new Emitter<LineEvents>();
	readonly #options: LineOptions;
	readonly #codes: { unreachable: string; refused: string };
	readonly #backoff: Backoff;
	/** After attempts that did not get as far as the broker. */
	readonly #unreached: Backoff;
	#client: MqttClient | null = null;
	#context: { of: string; context: SecureContext } | null = null;
	#open = false;
	#closed = false;
	#drop: (() => void) | null = null;
	#cancelWait: () => void = () => {};
	/** Message ids that the broker took and had nobody to give to. */
	readonly #unheard = new Set<number>();
	readonly #waiting = new Set<(error: RoomError) => void>();

	constructor(options: LineOptions) {
		this.#options = options;
		this.#codes = options.codes ?? { unreachable: "line.unreachable", refused: "line.refused" };
		const random = options.random ? { random: options.random } : {};
		this.#backoff = new Backoff({ baseMs: 500, capMs: 30_000, ...random });
		this.#unreached = new Backoff({ baseMs: 500, capMs: UNREACHED_MOST_MS, ...random });
	}

	/** Whether the broker can be asked at this moment. */
	get isOpen(): boolean {
		return this.#open;
	}

	/** The certificate that the other end showed for the present connection, DER; null without one. */
	get peerCertificate(): Uint8Array | null {
		if (!this.#open) return null;
		return (this.#client?.stream as Partial<TLSSocket> | undefined)?.getPeerX509Certificate?.()?.raw ?? null;
	}

	open(): void {
		const { clock } = this.#options;
		const { url, clientId, tls } = this.#options.target();
		const connectMs = Math.min(CONNECT_MOST_MS, CONNECT_MS * 2 ** Math.min(this.#backoff.attempt, 8));
		const will = this.#options.will?.();
		// mqtt.js hands what it doesn't know to tls.connect.
		const connecting: mqtt.IClientOptions & { secureContext: SecureContext } = {
			clientId,
			secureContext: this.#contextOf(tls),
			rejectUnauthorized: tls !== "unproved",
			protocolVersion: 5,
			clean: true,
			keepalive: 30,
			connectTimeout: connectMs,
			reconnectPeriod: 0,
			resubscribe: false,
			queueQoSZero: false,
			...this.#options.connecting,
			...(will ? { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } } : {}),
		};
		const client = mqtt.connect(url, connecting);
		this.#client = client;
		this.#unheard.clear();
		let over = false;
		let reached = false;
		let cancelReach = (): void => {};
		const drop = (error?: unknown): void => {
			if (over) return;
			over = true;
			cancelReach();
			this.#cancelWait();
			// First: `end` answers all that waits with an error, which would look like a refusal of the broker's.
			this.#lost(String((error as NodeJS.ErrnoException | undefined)?.code ?? ""), reached);
			client.end(true);
			// `end` does nothing for a client that is ending in order already, and waits for acknowledgements that may never come.
			client.stream.destroy();
		};
		this.#drop = drop;
		this.#cancelWait = clock.after(connectMs, drop);
		this.#options.attach?.(client);
		client.stream.on("connectionAttempt", () => {
			cancelReach();
			cancelReach = clock.after(REACH_MS, drop);
		});
		client.stream.once("connect", () => {
			reached = true;
			cancelReach();
		});
		client.on("connect", ({ sessionPresent, properties }) => {
			this.#cancelWait();
			this.#cancelWait = clock.after(GOOD_MS, () => this.#begun());
			this.#open = true;
			this.#report("connected");
			this.events.emit("opened", { kept: sessionPresent, receiveMaximum: properties?.receiveMaximum ?? 65_535 });
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
		client.on("close", () => drop());
	}

	/** Gives the present connection up; a new one follows. */
	drop(): void {
		this.#drop?.();
	}

	/** Errors: `line.unreachable`, `line.refused` (no right to receive it). */
	async subscribe(topics: readonly string[]): Promise<void> {
		await this.#ask<void>(undefined, (client, done) =>
			client.subscribe([...topics], { qos: 1 }, (error, granted = []) =>
				done(error ?? (granted.some(({ qos }) => qos > 2) ? new Error("subscription refused") : null), undefined),
			),
		);
	}

	/** Error: `line.unreachable`. */
	async unsubscribe(topics: readonly string[]): Promise<void> {
		await this.#ask<void>(undefined, (client, done) =>
			client.unsubscribe([...topics], (error) => done(error ?? null, undefined)),
		);
	}

	/**
	 * Resolves when the broker has it. Errors: `line.unreachable` (with a line that is open: it does not take it now, so wait before the next
	 * try), `line.refused` (no right to send it). `withinMs`: a broker that hasn't
	 * acknowledged by then hangs, and the line is given up; absent: half a minute.
	 */
	publish(
		topic: string,
		payload: Uint8Array,
		options: { retain?: boolean; expirySeconds?: number; withinMs?: number } = {},
	): Promise<Delivery> {
		return this.#ask<Delivery>(options.withinMs, (client, done) =>
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
		if (client && this.#open) await this.#disconnect(client);
		this.#drop?.();
		this.events.clear();
	}

	/** DISCONNECT, so that the broker drops the last will; but neither acknowledgements that never come are waited for, nor a broker that is gone. */
	#disconnect(client: MqttClient): Promise<void> {
		return new Promise((resolve) => {
			const over = (): void => {
				cancel();
				resolve();
			};
			const cancel = this.#options.clock.after(CLOSE_MS, over);
			client.once("close", over);
			client.end(false, {}, over);
		});
	}

	#ask<T>(
		withinMs: number | undefined,
		send: (client: MqttClient, done: (error: unknown, value: T) => void) => void,
	): Promise<T> {
		const client = this.#client;
		if (!client || !this.#open) return Promise.reject(this.#unreachable());
		return new Promise<T>((resolve, reject) => {
			// Dropping the line rejects everything that waits on it.
			const cancel = this.#options.clock.after(withinMs ?? HANGS_MS, () => client === this.#client && this.drop());
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
				else if (client !== this.#client || !this.#open || isNotNow(error)) reject(this.#unreachable(error));
				else reject(new RoomError(this.#codes.refused, "the broker refused", { cause: error }));
			});
		});
	}

	/** Keys and certificates are read once, and not at each of the attempts that a broker's absence takes. */
	#contextOf(tls: LineTarget["tls"]): SecureContext {
		const of = JSON.stringify(tls);
		if (this.#context?.of !== of) {
			const identity = tls === "unproved" ? {} : { key: tls.key, cert: tls.certificate, ca: tls.ca };
			this.#context = { of, context: createSecureContext({ ...identity, minVersion: "TLSv1.3" }) };
		}
		return this.#context.context;
	}

	#unreachable(cause?: unknown): RoomError {
		const because = cause === undefined ? {} : { cause };
		return new RoomError(this.#codes.unreachable, "the broker can't be reached", because);
	}

	#begun(): void {
		this.#backoff.reset();
		this.#unreached.reset();
	}

	#lost(code: string, reached: boolean): void {
		const wasOpen = this.#open;
		this.#open = false;
		for (const reject of [...this.#waiting]) reject(this.#unreachable());
		this.#waiting.clear();
		if (wasOpen) this.events.emit("lost", undefined);
		else if (!this.#closed) this.events.emit("failed", { code });
		if (this.#closed) return;
		const waitMs = (reached ? this.#backoff : this.#unreached).nextMs();
		// of attempts in vain the first are told, and ever fewer of those that follow
		if (wasOpen || Number.isInteger(Math.log2(this.#attempts))) this.#report(wasOpen ? "lost" : "refused");
		this.#cancelWait = this.#options.clock.after(waitMs, () => this.open());
	}

	/** In vain, since the last good connection. */
	get #attempts(): number {
		return this.#backoff.attempt + this.#unreached.attempt;
	}

	#report(state: string): void {
		this.#options.log.write("info", "broker.connection", { state, attempt: this.#attempts });
	}
}
