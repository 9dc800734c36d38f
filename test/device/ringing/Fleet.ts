import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt, { type MqttClient } from "mqtt";
import { expect } from "vitest";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { AgentLine } from "../../../device/fleet/AgentLine.ts";
import { AgentLink } from "../../../device/fleet/AgentLink.ts";
import { caPinOf, type Trust } from "../../../device/meeting/certificates.ts";
import { type RingerEvents, RoomRinger } from "../../../device/ringing/RoomRinger.ts";
import { createSigner, type Signer } from "../../../device/ringing/signature.ts";
import { type Broker, startBroker } from "../../../provisioning/service/broker/mosquitto.ts";
import { type Credentials, type FleetCa, openCa } from "../../../provisioning/service/ca/FleetCa.ts";
import { SimulatedAgent } from "../../sim/fleet/SimulatedAgent.ts";

/** A room under test, with all that its ringer said. */
export interface TestRoom {
	ringer: RoomRinger;
	/** Between the ringer and the broker. */
	agent: SimulatedAgent;
	/** The room program ends, and the agent goes on. */
	end(): Promise<void>;
	/** The whole device goes, in order. */
	leave(): Promise<void>;
	said: { [E in keyof RingerEvents]: { event: E; payload: RingerEvents[E] } }[keyof RingerEvents][];
	/** Codes of what it refused, from its log. */
	refused: string[];
	/** Every line that it logged. */
	log: string[];
	credentials: Credentials;
}

/** An authority and a real mosquitto, and rooms on it: each with an agent of its own, over a real socket. */
export class Fleet {
	readonly ca: FleetCa;
	readonly broker: Broker;
	readonly revoked = new Set<string>();
	readonly #folder: string;
	readonly #rooms: TestRoom[] = [];
	readonly #clients: MqttClient[] = [];
	#sockets = 0;

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
			/** Whom the line to the broker trusts instead of the fleet. */
			ca?: string;
			broker?: string;
			start?: boolean;
			random?: () => number;
			/** As in a large fleet: who is there is asked for when somebody looks. */
			onDemand?: boolean;
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
		const clock = options.clock ?? systemClock;
		const identity = { ...credentials, ca: this.ca.certificate };
		const lists = options.lists ?? [];
		const agent = await SimulatedAgent.start(join(this.#folder, `agent-${++this.#sockets}.sock`));
		const link = new AgentLink({ path: agent.path, version: "0.0.0", clock, log: writing });
		const ringer = await RoomRinger.create({
			deviceId: id,
			line: new AgentLine({ link, clock }),
			identity,
			trust: await this.trust(),
			rooms: lists.map((room) => ({ id: room, name: `Room ${room}` })),
			log: writing,
			clock,
		});
		const end = async (): Promise<void> => {
			await ringer.close();
			link.close();
			await expect.poll(() => agent.rooms).toBe(0);
		};
		let left: Promise<void> | null = null;
		const leave = (): Promise<void> => {
			left ??= end().then(() => agent.stop());
			return left;
		};
		const room: TestRoom = { ringer, agent, end, leave, said: [], refused, log, credentials };
		for (const event of ["broker.up", "broker.down", "presence.changed", "ring.incoming", "ring.cancelled"] as const) {
			ringer.events.on(event, (payload) => room.said.push({ event, payload } as TestRoom["said"][number]));
		}
		this.#rooms.push(room);
		const broker = options.broker ?? this.broker.url;
		const random = options.random ? { random: options.random } : {};
		const onDemand = options.onDemand ? { onDemand: true } : {};
		const trusting = { ...identity, ca: options.ca ?? identity.ca };
		agent.connect({
			deviceId: id,
			broker,
			identity: trusting,
			rooms: lists,
			clock,
			log: writing,
			...random,
			...onDemand,
		});
		link.open();
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
		await Promise.all(this.#rooms.splice(0).map((room) => room.leave()));
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
