import { join } from "node:path";
import type { CalendarSource } from "../calendar/CalendarSource.ts";
import { IcsFile } from "../calendar/IcsFile.ts";
import type { RoomConfig } from "../config/RoomConfig.ts";
import { systemClock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { EngineClient } from "../media/EngineClient.ts";
import { ReplayCache } from "../meeting/ReplayCache.ts";
import { PanelServer } from "../panel/PanelServer.ts";
import { KnownKeys } from "../privacy/KnownKeys.ts";
import { RoomRinger } from "../ringing/RoomRinger.ts";
import { Room } from "../room/Room.ts";
import { engineOptionsOf } from "./engineOptions.ts";
import { type LoadedIdentity, loadIdentity } from "./loadIdentity.ts";
import { reportGates } from "./reportGates.ts";
import { runRing } from "./runRing.ts";
import { runSession } from "./runSession.ts";

/** The room program: everything that a room is made of, wired together, with one start and one stop. */
export class RoomProgram {
	readonly #config: RoomConfig;
	readonly #log: Log;
	readonly #broken: () => void;
	readonly #engine: EngineClient;
	#identity: LoadedIdentity | null = null;
	#ringer: RoomRinger | null = null;
	#calendar: CalendarSource | null = null;
	#room: Room | null = null;
	#panel: PanelServer | null = null;
	#ready = false;

	/** @param options.broken called when the room machine itself broke: the process should end and be started anew. */
	constructor(config: RoomConfig, options: { log: Log; broken(): void }) {
		this.#config = config;
		this.#log = options.log;
		this.#broken = options.broken;
		this.#engine = new EngineClient({
			...engineOptionsOf(config),
			log: options.log,
			// the clock on the TV is the room's
			env: { TZ: config.timeZone },
		});
	}

	/** Resolves once the panel is usable. What is missing beside (broker, calendar, camera) is said on the panel and looked for again. */
	async start(): Promise<void> {
		const config = this.#config;
		this.#identity = await loadIdentity(config.identity, {
			nowMs: systemClock.now(),
			onRefused: (code) => this.#log.write("warn", "error.unexpected", { code }),
		});
		this.#ringer = await this.#createRinger(this.#identity);
		const room = this.#createRoom(this.#identity);
		this.#room = room;
		this.#listen(room);
		this.#panel = await PanelServer.listen({
			port: {
				snapshot: () => room.snapshot(),
				onSnapshot: (callback) => room.onSnapshot(callback),
				onLevels: (callback) => this.#engine.events.on("levels", callback),
				intent: (intent) => room.intent(intent),
				preview: (view, onJpeg) => this.#engine.preview(view, onJpeg),
				notReady: () => (this.#ready ? null : "media.engine_starting"),
			},
			log: this.#log,
			listenPort: config.panel.port,
			host: config.panel.host,
			pairingToken: config.panel.pairing ?? null,
			pages: join(import.meta.dirname, "..", "..", "build", "ui"),
		});
		room.start();
		await Promise.all([this.#engine.start(), this.#startCalendar(room)]);
		this.#ringer?.start();
		this.#ready = true;
	}

	/** Leaves a call in order, closes the sources, ends the engine. */
	async stop(): Promise<void> {
		await this.#room?.stop();
		await Promise.allSettled([
			this.#calendar?.stop(),
			this.#ringer?.close(),
			this.#panel?.close(),
			this.#engine.stop(),
		]);
		this.#identity?.close();
	}

	async #createRinger({ trust, pem }: LoadedIdentity): Promise<RoomRinger | null> {
		const { broker, id, directory } = this.#config;
		if (!broker) return null;
		return RoomRinger.create({
			deviceId: id,
			broker: broker.url,
			identity: pem,
			trust,
			rooms: directory,
			log: this.#log,
		});
	}

	#createRoom({ identity, trust }: LoadedIdentity): Room {
		const { name, seats, timeZone, locale, directory, broker, rendezvous, state } = this.#config;
		const clock = systemClock;
		const surroundings = {
			identity,
			trust,
			name,
			rendezvous,
			createPeer: reportGates(this.#engine.createPeer, this.#log),
			replays: new ReplayCache({ clock }),
			knownKeys: new KnownKeys({ path: join(state, "known-keys.json"), clock }),
			onRendezvous: (up: boolean) => this.#room?.tell({ type: up ? "rendezvous.up" : "rendezvous.down" }),
			clock,
			log: this.#log,
		};
		return new Room(
			{ name, seats: seats ?? null, timeZone, locale, volume: 60, directory, broker: broker !== undefined },
			{
				session: (input, say) => runSession(input, say, surroundings),
				ring: (input, say) => runRing(input, say, { ringer: this.#ringer, rendezvous, caPin: trust.caPin }),
				effects: {
					answerRing: (ring, answer) => void this.#ringer?.answer(ring, answer),
					restartEngine: () => this.#engine.restart(),
				},
				media: this.#engine,
				log: this.#log,
				clock,
				broken: this.#broken,
			},
		);
	}

	/** What the world reports goes to the room; the room decides. */
	#listen(room: Room): void {
		const { events } = this.#engine;
		events.on("up", () => room.tell({ type: "engine.up" }));
		events.on("down", () => room.tell({ type: "engine.down" }));
		events.on("farPicture", ({ atMs }) => this.#log.write("info", "call.first_picture", { atMs }));
		events.on("sources", (sources) => room.tell({ type: "sources.changed", ...sources }));
		this.#ringer?.events.on("broker.up", () => room.tell({ type: "broker.up" }));
		this.#ringer?.events.on("broker.down", () => room.tell({ type: "broker.down" }));
		this.#ringer?.events.on("presence.changed", (change) => room.tell({ type: "presence.changed", ...change }));
		this.#ringer?.events.on("ring.incoming", ({ ring, from, name, verified, link }) =>
			room.tell({ type: "ring.incoming", ring, from: name ?? from, verified, link }),
		);
		this.#ringer?.events.on("ring.cancelled", ({ ring }) => room.tell({ type: "ring.cancelled", ring }));
	}

	async #startCalendar(room: Room): Promise<void> {
		const { calendar, showTitles, timeZone } = this.#config;
		if (!calendar) return;
		this.#calendar = new IcsFile({ path: calendar.ics, timeZone, showTitles, clock: systemClock, log: this.#log });
		this.#calendar.events.on("changed", ({ entries, failure }) =>
			room.tell({ type: "calendar.changed", entries, failure }),
		);
		await this.#calendar.start();
	}
}
