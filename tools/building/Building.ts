import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { systemClock } from "../../device/core/clock.ts";
import { silentLog } from "../../device/core/log.ts";
import { createLink, formatLink } from "../../device/meeting/link.ts";
import type { TwinDoc } from "../../provisioning/contract/twin.ts";
import { type Broker, startBroker } from "../../provisioning/service/broker/mosquitto.ts";
import { FleetCa } from "../../provisioning/service/ca/FleetCa.ts";
import { type Service, startService } from "../../provisioning/service/startService.ts";
import { startTurn, type Turn } from "../../provisioning/service/turn/coturn.ts";
import type { AgentBusOptions } from "../../test/sim/fleet/AgentBus.ts";
import { SimulatedAgent } from "../../test/sim/fleet/SimulatedAgent.ts";
import { demonstrationCalendar } from "./calendar.ts";
import { Program } from "./Program.ts";
import { assertFree } from "./ports.ts";

const root = join(import.meta.dirname, "..", "..");

export interface BuildingOptions {
	/** The rendezvous' port; rooms have the next ones. */
	base: number;
	/** Starts coturn and hands out its credentials. `host`: the address of this machine that it relays on instead of loopback. */
	turn?: boolean | { host: string };
	/** Puts something before a server (a bad network, say) and returns the address that everybody is told instead. */
	front?: {
		rendezvous?: (port: number) => Promise<string>;
		turn?: (turn: Turn) => Promise<readonly string[]>;
	};
	/** Lines about what is being started. */
	say?: (line: string) => void;
	/** Where the rooms' logs go; default: this process' stderr, warnings and errors only. */
	log?: "quiet" | "all";
	/** Gets the rooms' log, lines of level info and above, instead; for benches that read moments out of it. */
	onLogLine?: (room: RoomId, line: string) => void;
	/** Changes what a room is started with, for tests and benches. */
	configure?: (room: RoomId, parts: RoomParts) => void;
}

/** What a room is made of, before it starts. */
export interface RoomParts {
	/** The device's configuration file. */
	config: Record<string, unknown>;
	/** What the fleet wants the room to be. */
	twin: TwinDoc;
	/** Files of the identity that the agent tells the room program. */
	identity: { certificate: string; key: string; ca: string; crl: string };
}

export type RoomId = "berlin" | "muenchen";
const roomsOfTheBuilding: { id: RoomId; deviceId: string; name: string; seats: number }[] = [
	{ id: "berlin", deviceId: "room-berlin", name: "Berlin", seats: 8 },
	{ id: "muenchen", deviceId: "room-muenchen", name: "München", seats: 12 },
];

export interface RunningBuilding {
	rendezvous: string;
	rooms: Record<RoomId, string>;
	/** Opens Berlin's meeting that is due now, in a browser. */
	guestLink: string;
}

/**
 * Two rooms, a rendezvous, a broker and (on request) a TURN server on loopback, with a state folder that goes when it stops: for tests and
 * benches of meetings, quick to start. Its agents are simulated; `FleetBuilding` is the whole thing.
 */
export class Building {
	readonly #options: BuildingOptions;
	readonly #rooms = new Map<RoomId, Program>();
	readonly #agents: SimulatedAgent[] = [];
	#folder: string | null = null;
	#ca: FleetCa | null = null;
	#broker: Broker | null = null;
	#service: Service | null = null;
	/** The rendezvous' address as everybody is told it. */
	#origin = "";
	#turn: Turn | null = null;
	/** Called when a room's program ends without being told to. */
	onRoomGone: (room: string) => void = () => {};

	constructor(options: BuildingOptions) {
		this.#options = options;
	}

	/** Process id of a room's program, for tests and benches that look at it or end it. */
	pidOf(room: RoomId): number {
		return this.#rooms.get(room)?.pid ?? -1;
	}

	/** Issues and revokes certificates of this building, for tests. */
	get ca(): FleetCa | null {
		return this.#ca;
	}

	get broker(): Broker | null {
		return this.#broker;
	}

	get turn(): Turn | null {
		return this.#turn;
	}

	/** @throws RoomError `start.port_busy` and whatever a part of the building says that it is missing. */
	async start(): Promise<RunningBuilding> {
		const { base, say = () => {} } = this.#options;
		for (const port of [base, ...roomsOfTheBuilding.map((_, i) => base + 1 + i)]) await assertFree(port);
		this.#folder = await mkdtemp(join(tmpdir(), "incamera-building-"));
		// the broker gives root's rights up and must still reach its own files below
		await chmod(this.#folder, 0o711);
		say("Starting certificate authority and broker …");
		const ca = await FleetCa.open(join(this.#folder, "ca"), { development: true });
		this.#ca = ca;
		this.#broker = await startBroker({ ca });
		if (this.#options.turn) {
			say("Starting the TURN server …");
			this.#turn = await startTurn(this.#options.turn === true ? {} : this.#options.turn);
		}
		const { front = {} } = this.#options;
		const turnUrls = this.#turn && ((await front.turn?.(this.#turn)) ?? this.#turn.urls);
		say("Starting the rendezvous …");
		this.#service = await startService({
			port: base,
			guestFolder: join(root, "build", "ui", "guest"),
			caFolder: ca.folder,
			...(this.#turn && turnUrls ? { turn: { urls: turnUrls, secret: this.#turn.secret } } : {}),
		});
		this.#origin = (await front.rendezvous?.(this.#service.port)) ?? this.#service.url;
		say("Starting the rooms …");
		const links = { berlin: this.#link(ca), muenchen: this.#link(ca) };
		await Promise.all(roomsOfTheBuilding.map((room, i) => this.#startRoom(room, base + 1 + i, ca, links[room.id])));
		return {
			rendezvous: this.#origin,
			rooms: { berlin: `http://127.0.0.1:${base + 1}`, muenchen: `http://127.0.0.1:${base + 2}` },
			guestLink: links.berlin,
		};
	}

	#link(ca: FleetCa): string {
		const caPin = new Uint8Array(Buffer.from(ca.pin, "base64url"));
		return formatLink(createLink({ origin: this.#origin, caPin }));
	}

	async #startRoom(room: (typeof roomsOfTheBuilding)[number], port: number, ca: FleetCa, link: string): Promise<void> {
		const folder = join(this.#folder as string, room.id);
		await mkdir(folder, { mode: 0o700 });
		const credentials = await ca.issueDevice(room.deviceId);
		const file = (name: string) => join(folder, name);
		await writeFile(file("device.key.pem"), credentials.key, { mode: 0o600 });
		await writeFile(file("device.pem"), credentials.certificate);
		await writeFile(file("ca.pem"), ca.certificate);
		await writeFile(file("today.ics"), demonstrationCalendar(Date.now(), link));
		const others = roomsOfTheBuilding.filter(({ id }) => id !== room.id);
		const parts: RoomParts = {
			config: {
				panel: { host: "127.0.0.1", port },
				agent: file("agent.sock"),
				calendar: { ics: file("today.ics") },
				state: file("state"),
			},
			twin: {
				room: { name: room.name, seats: room.seats, locale: "de", timeZone: "Europe/Berlin" },
				directory: others.map(({ deviceId, name }) => ({ id: deviceId, name })),
				rendezvous: null,
				showTitles: false,
				update: { window: { days: ["sun"], from: "02:00", to: "04:00" } },
			},
			identity: {
				certificate: file("device.pem"),
				key: file("device.key.pem"),
				ca: file("ca.pem"),
				crl: join(ca.folder, "crl.pem"),
			},
		};
		this.#options.configure?.(room.id, parts);
		await this.#startAgent(room.deviceId, parts, { ...credentials, ca: ca.certificate });
		await writeFile(file("room.yaml"), stringify(parts.config), { mode: 0o600 });
		const { log, onLogLine } = this.#options;
		const program = new Program({
			entry: "device/main.ts",
			config: file("room.yaml"),
			folder,
			log,
			onLogLine: onLogLine && ((line) => onLogLine(room.id, line)),
			onGone: () => this.onRoomGone(room.name),
		});
		this.#rooms.set(room.id, program);
		await program.start();
	}

	/** A simulated agent in this process: the fleet's part of a room, as far as rooms that meet need it. */
	async #startAgent(deviceId: string, { config, twin, identity }: RoomParts, own: AgentBusOptions["identity"]) {
		const agent = await SimulatedAgent.start(String(config["agent"]), {
			state: "claimed",
			deviceId,
			generation: 1,
			identity,
			rendezvous: this.#origin,
		});
		this.#agents.push(agent);
		agent.twin(1, twin);
		const rooms = twin.directory.map(({ id }) => id);
		const broker = (this.#broker as Broker).url;
		agent.connect({ deviceId, broker, identity: own, rooms, clock: systemClock, log: silentLog });
	}

	/** Ends every process and removes the state folder; idempotent. */
	async stop(): Promise<void> {
		await Promise.all([...this.#rooms.values()].map((room) => room.stop()));
		this.#rooms.clear();
		await Promise.allSettled(this.#agents.splice(0).map((agent) => agent.stop()));
		await Promise.allSettled([this.#service?.close(), this.#broker?.close(), this.#turn?.close()]);
		if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
		this.#folder = null;
	}
}
