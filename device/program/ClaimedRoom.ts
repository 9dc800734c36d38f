import type { Claim } from "../../provisioning/contract/local.ts";
import type { CalendarSource } from "../calendar/CalendarSource.ts";
import { IcsAddress } from "../calendar/IcsAddress.ts";
import { IcsFile } from "../calendar/IcsFile.ts";
import type { RoomConfig } from "../config/RoomConfig.ts";
import type { Intent } from "../contract/intents.ts";
import type { Equipment } from "../contract/peripherals.ts";
import type { Snapshot } from "../contract/snapshot.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { RoomError } from "../core/RoomError.ts";
import type { TwinSettings } from "../fleet/judgeTwin.ts";
import { isOccupied } from "../fleet/roomStatus.ts";
import { EngineClient } from "../media/EngineClient.ts";
import { ReplayCache } from "../meeting/ReplayCache.ts";
import type { Levels } from "../panel/PanelPort.ts";
import { isForEquipment, RoomEquipment } from "../peripherals/equipment/RoomEquipment.ts";
import { PresetPictures } from "../peripherals/presets/PresetPictures.ts";
import { RecordingDoor } from "../peripherals/recording/RecordingDoor.ts";
import { minuteOfDayIn } from "../peripherals/scenes/minuteOfDayIn.ts";
import { SceneRunner } from "../peripherals/scenes/SceneRunner.ts";
import { KnownKeys } from "../privacy/KnownKeys.ts";
import type { RingLine } from "../ringing/RingLine.ts";
import { RoomRinger } from "../ringing/RoomRinger.ts";
import { allowed } from "../room/allowed.ts";
import { Room } from "../room/Room.ts";
import { engineOptionsOf } from "./engineOptions.ts";
import { type LoadedIdentity, loadIdentity } from "./loadIdentity.ts";
import type { ShownRoom } from "./PanelFront.ts";
import { reportGates } from "./reportGates.ts";
import { knownKeysPath, presetPicturesPath, recordingDoorPath } from "./roomState.ts";
import { runRing } from "./runRing.ts";
import { runSession } from "./runSession.ts";
import { takePicture } from "./takePicture.ts";

export type Claimed = Extract<Claim, { state: "claimed" }>;

export interface ClaimedRoomOptions {
	config: RoomConfig;
	claim: Claimed;
	settings: TwinSettings;
	line: RingLine;
	log: Log;
	/** The engine went down; it is started again. */
	engineFailed(): void;
	/** The room machine itself broke: the program should end and be started anew. */
	broken(): void;
}

const clock: Clock = systemClock;

/** A room in service, everything that it is made of wired together, from the identity that the fleet gave it to its end. */
export class ClaimedRoom implements ShownRoom {
	/** What can't change while it runs: another key takes another room. */
	readonly key: string;
	readonly #options: ClaimedRoomOptions;
	readonly #identity: LoadedIdentity;
	readonly #engine: EngineClient;
	readonly #ringer: RoomRinger;
	readonly #room: Room;
	readonly #equipment: RoomEquipment;
	readonly #pictures: PresetPictures;
	readonly #scenes: SceneRunner;
	readonly #recordings: RecordingDoor;
	#settings: TwinSettings;
	#calendar: CalendarSource | null = null;
	#ready = false;
	#stopped = false;

	static keyOf({ deviceId, generation, identity }: Claimed, { timeZone, rendezvous }: TwinSettings): string {
		return JSON.stringify([deviceId, generation, identity, timeZone, rendezvous]);
	}

	/** Reads who the room is. @throws RoomError as `loadIdentity`: there is nothing to start then. */
	static async open(options: ClaimedRoomOptions): Promise<ClaimedRoom> {
		const { claim, log, line, settings } = options;
		const identity = await loadIdentity(claim.identity, {
			nowMs: clock.now(),
			onRefused: (code) => log.write("warn", "error.unexpected", { code }),
		});
		try {
			const ringer = await RoomRinger.create({
				deviceId: claim.deviceId,
				line,
				identity: identity.pem,
				trust: identity.trust,
				rooms: settings.directory,
				log,
			});
			const { config } = options;
			const pictures = new PresetPictures(presetPicturesPath(config.state));
			let room: ClaimedRoom | null = null;
			const equipment = await RoomEquipment.open({
				setups: config.peripherals,
				farControl: config.farControl,
				pictures,
				takePicture: async () => (room === null ? null : room.#takePicture()),
				...{ clock, log },
			});
			room = new ClaimedRoom(options, identity, ringer, { equipment, pictures });
			return room;
		} catch (thrown) {
			identity.close();
			throw thrown;
		}
	}

	private constructor(
		options: ClaimedRoomOptions,
		identity: LoadedIdentity,
		ringer: RoomRinger,
		{ equipment, pictures }: { equipment: RoomEquipment; pictures: PresetPictures },
	) {
		this.#options = options;
		this.#settings = options.settings;
		this.key = ClaimedRoom.keyOf(options.claim, options.settings);
		this.#identity = identity;
		this.#ringer = ringer;
		this.#engine = new EngineClient({
			...engineOptionsOf(options.settings.name, options.config.devices, identity),
			log: options.log,
			// the clock on the TV is the room's
			env: { TZ: options.settings.timeZone },
		});
		this.#room = this.#createRoom();
		this.#equipment = equipment;
		this.#pictures = pictures;
		const { quietMinutes, eveningAt, ...scenes } = options.config.scenes;
		const minuteOfDay = minuteOfDayIn(options.settings.timeZone);
		const rules = { quietMinutes, eveningAt, minuteOfDay };
		this.#scenes = new SceneRunner({ devices: equipment.devices, scenes, rules, clock, log: options.log });
		this.#recordings = new RecordingDoor({ taps: () => equipment.taps, clock });
		this.#listen();
	}

	/**
	 * Resolves once calls are possible. What is missing beside (broker, calendar, camera) is said on the panel and looked for again.
	 * @throws RoomError with the engine's code if it can't be started at all.
	 */
	async start(): Promise<void> {
		this.#room.start();
		this.#equipment.start();
		this.#openRecordings();
		await Promise.all([this.#engine.start(), this.#startCalendar()]);
		if (this.#stopped) return;
		this.#ringer.start();
		this.#ready = true;
	}

	/** A help for technicians, without which the room works. */
	#openRecordings(): void {
		const { config, log } = this.#options;
		if (config.peripherals.length === 0) return;
		this.#recordings.listen(recordingDoorPath(config.state)).catch((thrown: unknown) => {
			const { code } = RoomError.from(thrown, "recording.door_unusable");
			log.write("warn", "peripheral.refused", { kind: "recording", code });
		});
	}

	/** Leaves a call in order, closes the sources, ends the engine; a camera that moves stands still. */
	async stop(): Promise<void> {
		this.#stopped = true;
		this.#scenes.stop();
		const equipment = this.#equipment.stop();
		await this.#room.stop();
		await Promise.allSettled([
			this.#recordings.close(),
			equipment,
			this.#calendar?.stop(),
			this.#ringer.close(),
			this.#engine.stop(),
		]);
		this.#identity.close();
	}

	/** Settings under the same `key`; a call in progress goes on. */
	configure(settings: TwinSettings): void {
		const before = this.#settings;
		this.#settings = settings;
		const { name, seats, directory } = settings;
		// the language changes when the fleet changes it, not when it says again what somebody chose otherwise at the panel
		const locale = settings.locale === before.locale ? null : settings.locale;
		this.#room.tell({ type: "settings.changed", name, seats, locale, directory });
		this.#ringer.list(directory);
		if (settings.showTitles !== before.showTitles) void this.#startCalendar();
	}

	/** Nobody is in a call here, on the way to one, or asked to one. */
	get idle(): boolean {
		return !isOccupied(this.#room.snapshot());
	}

	get enginePid(): number | null {
		return this.#engine.pid;
	}

	get equipment(): Equipment {
		return this.#equipment.view;
	}

	get ready(): boolean {
		return this.#ready;
	}

	snapshot(): Snapshot {
		return this.#room.snapshot();
	}

	onSnapshot(callback: () => void): () => void {
		return this.#room.onSnapshot(callback);
	}

	onLevels(callback: (levels: Levels) => void): () => void {
		return this.#engine.events.on("levels", callback);
	}

	intent(intent: Intent): "ack" | "panel.not_now" {
		if (intent.type === "panel.look") {
			this.#ringer.look();
			return "ack";
		}
		if (!isForEquipment(intent)) return this.#room.intent(intent);
		// straight to the device: a thumb waits for no machine, and draws nothing anew
		if (this.#stopped || !allowed(intent, this.#room.snapshot())) return "panel.not_now";
		this.#equipment.touch(intent);
		return "ack";
	}

	preview(view: "tv" | "self", onJpeg: (jpeg: Uint8Array) => void): () => void {
		return this.#engine.preview(view, onJpeg);
	}

	presetPicture(number: number, version: string): Promise<Uint8Array | null> {
		return this.#pictures.read(number, version);
	}

	/** What the camera sees at this moment, small; null: nobody is to see it. */
	async #takePicture(): Promise<Uint8Array | null> {
		const isOpen = (): boolean => this.#room.snapshot().media.camera.state === "open";
		const picture = isOpen() ? await takePicture(this.#engine, clock) : null;
		return isOpen() ? picture : null;
	}

	#createRoom(): Room {
		const { config, log, settings, broken } = this.#options;
		const { name, seats, timeZone, locale, directory, rendezvous } = settings;
		const { identity, trust } = this.#identity;
		const surroundings = {
			identity,
			trust,
			rendezvous,
			createPeer: reportGates(this.#engine.createPeer, log),
			replays: new ReplayCache({ clock }),
			knownKeys: new KnownKeys({ path: knownKeysPath(config.state), clock }),
			onRendezvous: (up: boolean) => this.#room.tell({ type: up ? "rendezvous.up" : "rendezvous.down" }),
			clock,
			log,
		};
		return new Room(
			{ name, seats, timeZone, locale, volume: 60, directory },
			{
				session: (input, say) => runSession(input, say, { ...surroundings, name: this.#settings.name }),
				ring: (input, say) => runRing(input, say, { ringer: this.#ringer, rendezvous, caPin: trust.caPin }),
				effects: {
					answerRing: (ring, answer) => void this.#ringer.answer(ring, answer),
					turnByFar: (wish) => this.#equipment.turnFromFar(wish),
					restartEngine: () => this.#engine.restart(),
				},
				media: this.#engine,
				log,
				clock,
				broken,
			},
		);
	}

	/** What the world reports goes to the room; the room decides. */
	#listen(): void {
		const room = this.#room;
		const engine = this.#engine.events;
		const ringer = this.#ringer.events;
		const equipment = this.#equipment.events;
		equipment.on("equipment", (equipment) => room.tell({ type: "equipment.changed", equipment }));
		equipment.on("hardware", (hardware) => room.tell({ type: "hardware.changed", ...hardware }));
		room.onSnapshot(() => this.#followRoom());
		engine.on("up", () => room.tell({ type: "engine.up" }));
		engine.on("down", () => {
			room.tell({ type: "engine.down" });
			this.#options.engineFailed();
		});
		engine.on("farPicture", ({ atMs }) => this.#options.log.write("info", "call.first_picture", { atMs }));
		engine.on("sources", (sources) => room.tell({ type: "sources.changed", ...sources }));
		ringer.on("broker.up", () => room.tell({ type: "broker.up" }));
		ringer.on("broker.down", () => room.tell({ type: "broker.down" }));
		ringer.on("presence.changed", (change) => room.tell({ type: "presence.changed", ...change }));
		ringer.on("ring.incoming", ({ ring, from, name, verified, link }) =>
			room.tell({ type: "ring.incoming", ring, from: name ?? from, verified, link }),
		);
		ringer.on("ring.cancelled", ({ ring }) => room.tell({ type: "ring.cancelled", ring }));
	}

	#followRoom(): void {
		const snapshot = this.#room.snapshot();
		this.#scenes.saw(snapshot);
		// the thumb may still be down when the call is over
		if (!snapshot.can.steer) this.#equipment.letGo();
	}

	async #startCalendar(): Promise<void> {
		const { config, log } = this.#options;
		const { timeZone, showTitles } = this.#settings;
		if (!config.calendar || this.#stopped) return;
		const before = this.#calendar;
		const day = { timeZone, showTitles, clock, log };
		const calendar =
			"ics" in config.calendar
				? new IcsFile({ path: config.calendar.ics, ...day })
				: new IcsAddress({ ...config.calendar, ...day });
		this.#calendar = calendar;
		calendar.events.on("changed", ({ entries, failure }) =>
			this.#room.tell({ type: "calendar.changed", entries, failure }),
		);
		await before?.stop();
		await calendar.start();
	}
}
