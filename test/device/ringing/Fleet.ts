import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt, { type MqttClient } from "mqtt";
import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { caPinOf, type Trust } from "../../../device/meeting/certificates.ts";
import { type RingerEvents, RoomRinger } from "../../../device/ringing/RoomRinger.ts";
import { createSigner, type Signer } from "../../../device/ringing/signature.ts";
import { type Broker, startBroker } from "../../../provisioning/service/broker/mosquitto.ts";
import { type Credentials, type FleetCa, openCa } from "../../../provisioning/service/ca/FleetCa.ts";

/** A room under test, with all that its ringer said. */
export interface TestRoom {
	ringer: RoomRinger;
	said: { [E in keyof RingerEvents]: { event: E; payload: RingerEvents[E] } }[keyof RingerEvents][];
	/** Codes of what it refused, from its log. */
	refused: string[];
	/** Every line that it logged. */
	log: string[];
	credentials: Credentials;
}

/** An authority and a real mosquitto, and rooms on it. */
export class Fleet {
	readonly ca: FleetCa;
	readonly broker: Broker;
	readonly revoked = new Set<string>();
	readonly #folder: string;
	readonly #rooms: TestRoom[] = [];
	readonly #clients: MqttClient[] = [];

	private constructor(folder: string, ca: FleetCa, broker: Broker) {
		this.#folder = folder;
		this.ca = ca;
		this.broker = broker;
	}

	static async open(): Promise<Fleet> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-ringing-test-"));
		const ca = await openCa(join(folder, "ca"), { development: true });
		return new Fleet(folder, ca, await startBroker({ ca }));
	}

	/** Another organisation's authority. */
	foreignCa(): Promise<FleetCa> {
		return openCa(join(this.#folder, "foreign"));
	}

	async trust(): Promise<Trust> {
		return { caPin: await caPinOf(this.ca.certificate), isRevoked: (serial) => this.revoked.has(serial) };
	}

	/** Makes a room; with `start`, waits until it is on the broker. */
	async room(
		id: string,
		options: {
			lists?: string[];
			clock?: Clock;
			credentials?: Credentials;
			ca?: string;
			broker?: string;
			start?: boolean;
			random?: () => number;
		} = {},
	): Promise<TestRoom> {
		const credentials = options.credentials ?? (await this.ca.issueDevice(id));
		const log: string[] = [];
		const refused: string[] = [];
		const writing: Log = {
			write(_level, event, fields) {
				log.push(JSON.stringify({ event, ...fields }));
				if (event === "ring.refused" && "code" in fields) refused.push(String(fields.code));
			},
		};
		const ringer = await RoomRinger.create({
			deviceId: id,
			broker: options.broker ?? this.broker.url,
			identity: { key: credentials.key, certificate: credentials.certificate, ca: options.ca ?? this.ca.certificate },
			trust: await this.trust(),
			rooms: (options.lists ?? []).map((room) => ({ id: room, name: `Room ${room}` })),
			log: writing,
			...(options.clock ? { clock: options.clock } : {}),
			...(options.random ? { random: options.random } : {}),
		});
		const room: TestRoom = { ringer, said: [], refused, log, credentials };
		for (const event of ["broker.up", "broker.down", "presence.changed", "ring.incoming", "ring.cancelled"] as const) {
			ringer.events.on(event, (payload) => room.said.push({ event, payload } as TestRoom["said"][number]));
		}
		this.#rooms.push(room);
		if (options.start !== false) {
			const up = next(room, "broker.up");
			ringer.start();
			await up;
		}
		return room;
	}

	/** A client of the broker that is no ringer: says whatever it is told to. */
	async client(credentials: Credentials, will?: { topic: string; payload: string }): Promise<MqttClient> {
		const client = await mqtt.connectAsync(this.broker.url, {
			ca: this.ca.certificate,
			key: credentials.key,
			cert: credentials.certificate,
			protocolVersion: 5,
			reconnectPeriod: 0,
			...(will ? { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } } : {}),
		});
		this.#clients.push(client);
		return client;
	}

	signer(credentials: Credentials): Promise<Signer> {
		return createSigner({ key: credentials.key, chain: credentials.chain });
	}

	/** Ends all rooms and clients; the broker stays. */
	async leave(): Promise<void> {
		await Promise.all(this.#rooms.splice(0).map(({ ringer }) => ringer.close()));
		await Promise.all(this.#clients.splice(0).map((client) => client.endAsync(true)));
		this.revoked.clear();
	}

	async close(): Promise<void> {
		await this.leave();
		await this.broker.close();
		await rm(this.#folder, { recursive: true, force: true });
	}
}

/** The next event of a kind that fits. */
export function next<E extends keyof RingerEvents>(
	{ ringer }: TestRoom,
	event: E,
	fits: (payload: RingerEvents[E]) => boolean = () => true,
): Promise<RingerEvents[E]> {
	return new Promise((resolve) => {
		const stop = ringer.events.on(event, (payload) => {
			if (!fits(payload)) return;
			stop();
			resolve(payload);
		});
	});
}

/** Resolves once `room` knows that `other` is (or is not) online. */
export async function sees(room: TestRoom, other: string, online: boolean | null): Promise<void> {
	const known = () => room.ringer.directory.find(({ id }) => id === other)?.online;
	while (known() !== online) await next(room, "presence.changed", (changed) => changed.room === other);
}
