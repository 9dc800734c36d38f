import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { decodePayload } from "../../../provisioning/contract/envelope.ts";
import type { FromAgent, FromRoom } from "../../../provisioning/contract/local.ts";
import { type Presence, presence as presenceSchema } from "../../../provisioning/contract/ring.ts";
import { parseTopic, topics } from "../../../provisioning/contract/topics.ts";
import { BrokerLine } from "../../../provisioning/line/BrokerLine.ts";
import { OwnPresence } from "./OwnPresence.ts";

export interface AgentBusOptions {
	deviceId: string;
	/** `mqtts://host:port`. */
	broker: string;
	identity: { key: string; certificate: string; ca: string };
	/** The rooms whose presence is looked after. */
	rooms: readonly string[];
	/** As an agent in a large fleet: their presences are asked for when somebody looks. */
	onDemand?: boolean;
	clock: Clock;
	log: Log;
	random?: () => number;
	tell(message: FromAgent): void;
}

/** The simulated agent's end of a broker: presence with the room program's ring key, and rings both ways. */
export class AgentBus {
	readonly #options: AgentBusOptions;
	readonly #line: BrokerLine;
	readonly #presence: OwnPresence;
	readonly #heard = new Map<string, Presence>();
	#open = false;
	#settled = false;
	#watching = false;
	#closing = false;

	constructor(options: AgentBusOptions) {
		this.#options = options;
		const { deviceId, broker, identity, clock, log, random } = options;
		this.#presence = new OwnPresence({ id: deviceId, clock });
		this.#line = new BrokerLine({
			target: () => ({ url: broker, clientId: deviceId, tls: identity }),
			will: () => {
				this.#presence.begin();
				return { topic: this.#presence.topic, payload: this.#presence.offline() };
			},
			clock,
			log,
			...(random ? { random } : {}),
		});
		this.#line.events.on("opened", () => void this.#introduce());
		this.#line.events.on("lost", () => this.#lost());
		this.#line.events.on("message", (message) => this.#received(message));
	}

	/** Connects, and again for ever. */
	open(): void {
		this.#line.open();
	}

	/** What a room program that comes now has to know. */
	known(): FromAgent[] {
		if (!this.#open) return [{ t: "line", epoch: null }];
		const heard = [...this.#heard].map(([id, presence]): FromAgent => ({ t: "presence", id, presence }));
		return [
			{ t: "line", epoch: this.#presence.epoch },
			...heard,
			...(this.#settled ? [{ t: "directory", watched: this.#watching } as const] : []),
		];
	}

	ringKey(epoch: number, jws: string): void {
		if (epoch !== this.#presence.epoch) return;
		this.#presence.ring = jws;
		void this.#sayPresent().catch(() => this.#line.drop());
	}

	/** Somebody looks at the rooms. */
	async look(): Promise<void> {
		if (this.#watching || !this.#open) return;
		this.#watching = true;
		await this.#line.subscribe(this.#options.rooms.map((id) => topics.presence(id)));
		this.#settled = false;
		await this.#sayPresent();
	}

	/** Nobody has looked for a while. */
	async lookAway(): Promise<void> {
		this.#watching = false;
		this.#heard.clear();
		await this.#line.unsubscribe(this.#options.rooms.map((id) => topics.presence(id)));
		this.#options.tell({ t: "directory", watched: false });
	}

	/** Without a room program nobody here can be rung. */
	roomGone(): void {
		this.#presence.ring = null;
		if (this.#open && !this.#closing) void this.#sayPresent().catch(() => {});
	}

	send({ id, to, payload, expirySeconds }: Extract<FromRoom, { t: "send" }>): void {
		const { deviceId, tell } = this.#options;
		this.#line
			.publish(topics.ring(to, deviceId), Buffer.from(payload, "base64"), { expirySeconds, withinMs: 5000 })
			.then(
				(outcome) => tell({ t: "sent", id, outcome }),
				(error: { code?: string }) =>
					tell({ t: "sent", id, outcome: error.code === "line.refused" ? "refused" : "unreachable" }),
			);
	}

	/** Says good-bye and ends. */
	async close(): Promise<void> {
		// from here on what we hear of ourselves is our good-bye, not a will to be put right
		this.#closing = true;
		if (this.#open) {
			await this.#line.publish(this.#presence.topic, this.#presence.offline(), { retain: true }).catch(() => {});
		}
		await this.#line.close();
	}

	/** First listens, then says that we are there: the echo of that comes after all retained presences. */
	async #introduce(): Promise<void> {
		const { deviceId, rooms, tell } = this.#options;
		this.#open = true;
		tell({ t: "line", epoch: this.#presence.epoch });
		try {
			this.#watching = !this.#options.onDemand;
			const presences = this.#watching ? rooms.map((id) => topics.presence(id)) : [];
			await this.#line.subscribe([...new Set([topics.rings(deviceId), topics.presence(deviceId), ...presences])]);
			await this.#sayPresent();
		} catch {
			this.#line.drop();
		}
	}

	async #sayPresent(): Promise<void> {
		await this.#line.publish(this.#presence.topic, this.#presence.online(), { retain: true });
	}

	#received({ topic, payload, retained }: { topic: string; payload: Uint8Array; retained: boolean }): void {
		if (this.#closing) return;
		const { deviceId, log, tell } = this.#options;
		const parsed = parseTopic(topic);
		if (parsed?.kind === "ring" && parsed.to === deviceId) {
			const base64 = Buffer.from(payload).toString("base64");
			tell({ t: "ring", from: parsed.from, retained, payload: base64 });
		} else if (parsed?.kind === "presence") {
			const decoded = decodePayload(presenceSchema, payload);
			if (!decoded.ok) log.write("warn", "ring.refused", { code: `presence.${decoded.reason}` });
			else if (parsed.id === deviceId) this.#heardOurselves(decoded.value);
			else {
				this.#heard.set(parsed.id, decoded.value);
				tell({ t: "presence", id: parsed.id, presence: decoded.value });
			}
		}
	}

	#heardOurselves(heard: Presence): void {
		const meaning = this.#presence.judge(heard);
		if (meaning === "ahead") this.#line.drop();
		else if (meaning === "echo" && !this.#settled) {
			this.#settled = true;
			this.#options.tell({ t: "directory", watched: this.#watching });
		} else if (meaning === "stale" && this.#settled) this.#sayPresent().catch(() => this.#line.drop());
	}

	#lost(): void {
		this.#open = false;
		this.#settled = false;
		this.#heard.clear();
		this.#options.tell({ t: "line", epoch: null });
	}
}
