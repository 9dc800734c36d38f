import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../device/core/clock.ts";
import { jsonLog, type Log, silentLog } from "../../device/core/log.ts";
import { RoomError } from "../../device/core/RoomError.ts";
import { createLink, formatLink } from "../../device/meeting/link.ts";
import { FleetApi } from "../../provisioning/service/api/FleetApi.ts";
import { freePort } from "../../provisioning/service/child/freePort.ts";
import { consolePage } from "../../provisioning/service/consolePage.ts";
import { fleetHealth } from "../../provisioning/service/fleet/fleetHealth.ts";
import { type Fleet, startFleet } from "../../provisioning/service/fleet/startFleet.ts";
import { FleetMetrics } from "../../provisioning/service/metrics/FleetMetrics.ts";
import { type Service, startService } from "../../provisioning/service/startService.ts";
import { startTurn, type Turn } from "../../provisioning/service/turn/coturn.ts";
import { SimulatedEquipment } from "../../test/sim/equipment/SimulatedEquipment.ts";
import { demonstrationCalendar } from "./calendar.ts";
import { Desk } from "./Desk.ts";
import { Device } from "./Device.ts";
import { assertFree } from "./ports.ts";

const root = join(import.meta.dirname, "..", "..");

export interface FleetBuildingOptions {
	/** The service's port; the panels of Berlin, München and the new device have the next three, the desk of Berlin's equipment the one after. */
	base: number;
	/** Starts coturn and hands out its credentials. */
	turn?: boolean;
	/** Lines about what is being started. */
	say?: (line: string) => void;
	/** Where the programs' logs go; default: this process' stderr, warnings and errors only. */
	log?: "quiet" | "all";
	/** Gets the programs' log, lines of level info and above, instead. */
	onLogLine?: (device: DeviceName, line: string) => void;
	/** Which cameras and so on the rooms use; absent: what is there. */
	devices?: Record<string, unknown>;
	/** Gives Berlin a camera that turns, a display, and a light bar with keys, all simulated. */
	equipment?: boolean;
}

export type DeviceName = "berlin" | "muenchen" | "new";
const rooms = {
	berlin: { name: "Berlin", seats: 8 },
	muenchen: { name: "München", seats: 12 },
} as const;
const devices: readonly DeviceName[] = ["berlin", "muenchen", "new"];

export interface RunningFleetBuilding {
	rendezvous: string;
	/** Where people manage the fleet. */
	console: string;
	/** Lets the first admin in, once. */
	invitation: string;
	rooms: Record<keyof typeof rooms, string>;
	/** The panel of a device that is nobody's. */
	newDevice: string;
	/** Keys, light and camera of Berlin's equipment, for a person's hands; null: it has none. */
	desk: string | null;
	/** Opens Berlin's meeting that is due now, in a browser. */
	guestLink: string;
}

/**
 * The whole building on loopback: fleet service with its database, brokers and console, rendezvous, two rooms that were enrolled the real
 * way, by codes typed at their panels, and a third device that waits for somebody to do it. Everything is gone when it stops.
 */
export class FleetBuilding {
	readonly #options: FleetBuildingOptions;
	readonly #devices = new Map<DeviceName, Device>();
	#equipment: SimulatedEquipment | null = null;
	#desk: Desk | null = null;
	#folder: string | null = null;
	#turn: Turn | null = null;
	#fleet: Fleet | null = null;
	#service: Service | null = null;
	#starting: Promise<unknown> = Promise.resolve();
	#stopped = false;
	#stopping: Promise<void> | null = null;
	/** Called when a program ends without being told to. */
	onGone: (device: DeviceName) => void = () => {};

	constructor(options: FleetBuildingOptions) {
		this.#options = options;
	}

	get fleet(): Fleet {
		if (!this.#fleet) throw new Error("the building does not run");
		return this.#fleet;
	}

	device(name: DeviceName): Device {
		const device = this.#devices.get(name);
		if (!device) throw new Error("the building does not run");
		return device;
	}

	/** Berlin's; null: it has none. */
	get equipment(): SimulatedEquipment | null {
		return this.#equipment;
	}

	/** @throws RoomError `start.port_busy`, `start.stopped`, and whatever a part of the building says that it is missing. */
	start(): Promise<RunningFleetBuilding> {
		const starting = this.#start();
		this.#starting = starting.catch(() => {});
		return starting;
	}

	/** Ends every process and removes the state folder; idempotent, and at any moment: what is being started is there first, and then ended. */
	stop(): Promise<void> {
		this.#stopped = true;
		this.#stopping ??= this.#stop();
		return this.#stopping;
	}

	async #stop(): Promise<void> {
		// who waits for a device hears that it is gone; nobody starts a new one any more
		await this.#stopDevices();
		await this.#starting;
		await this.#stopDevices();
		await this.#service?.close().catch(() => {});
		await Promise.allSettled([
			this.#fleet?.close(),
			this.#turn?.close(),
			this.#desk?.close(),
			this.#equipment?.close(),
		]);
		this.#desk = null;
		this.#equipment = null;
		this.#service = null;
		this.#fleet = null;
		if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
		this.#folder = null;
	}

	async #stopDevices(): Promise<void> {
		await Promise.allSettled([...this.#devices.values()].map((device) => device.stop()));
	}

	async #start(): Promise<RunningFleetBuilding> {
		const { base, equipment, say: tell = () => {} } = this.#options;
		/** Before each step. */
		const say = (line: string): void => {
			this.#assertWanted();
			tell(line);
		};
		for (const port of [base, base + 1, base + 2, base + 3, ...(equipment ? [base + 4] : [])]) await assertFree(port);
		this.#folder = await mkdtemp(join(tmpdir(), "incamera-building-"));
		// broker and database give root's rights up and must still reach their own files below
		await chmod(this.#folder, 0o711);
		if (equipment) {
			say("Plugging in Berlin's equipment …");
			this.#equipment = await SimulatedEquipment.open(join(this.#folder, "camera"));
			this.#desk = await Desk.open(this.#equipment, base + 4);
		}
		const origin = `http://127.0.0.1:${base}`;
		// passkeys belong to a name, not to an address
		const consoleOrigin = `http://localhost:${base}`;
		const ports = { port: await freePort("127.0.0.1"), bootstrap: { port: await freePort("127.0.0.1") } };
		if (this.#options.turn) {
			say("Starting the TURN server …");
			this.#turn = await startTurn();
		}
		say("Starting database, broker and fleet service, and two devices that are nobody's yet …");
		const where = { bootstrapUrl: `mqtts://127.0.0.1:${ports.bootstrap.port}`, consoleOrigin };
		const [invitation] = await settled([
			this.#startService({ origin, consoleOrigin, ports }),
			this.#startDevice("berlin", where),
			this.#startDevice("muenchen", where),
		]);
		say("Putting Berlin and München into service …");
		const links = { berlin: this.#link(origin), muenchen: this.#link(origin) };
		await settled([this.#enrol("berlin", links.berlin), this.#enrol("muenchen", links.muenchen)]);
		say("Starting a third device …");
		await this.#startDevice("new", where);
		this.#assertWanted();
		return {
			rendezvous: origin,
			console: `${consoleOrigin}/console/`,
			invitation,
			rooms: { berlin: this.device("berlin").url, muenchen: this.device("muenchen").url },
			newDevice: this.device("new").url,
			desk: this.#desk?.url ?? null,
			guestLink: links.berlin,
		};
	}

	#assertWanted(): void {
		if (this.#stopped) throw new RoomError("start.stopped", "the building was told to stop while it started");
	}

	async #startService(options: {
		origin: string;
		consoleOrigin: string;
		ports: { port: number; bootstrap: { port: number } };
	}): Promise<string> {
		const { origin, consoleOrigin, ports } = options;
		const stateFolder = join(this.#folder as string, "service");
		const log = this.#log();
		const fleet = await startFleet({ stateFolder, broker: ports, rendezvous: origin, development: true, log });
		this.#fleet = fleet;
		this.#assertWanted();
		const { database, worker } = fleet;
		let invitation = "";
		this.#service = await startService({
			port: this.#options.base,
			guestFolder: join(root, "build", "ui", "guest"),
			caFolder: fleet.ca.folder,
			...(this.#turn ? { turn: { urls: this.#turn.urls, secret: this.#turn.secret } } : {}),
			routes: async (app) => {
				const metrics = new FleetMetrics({ db: database.db, counters: worker.counters });
				const api = await FleetApi.register(app, {
					...{ database, duties: worker.duties, clock: systemClock, log, metrics },
					name: "InCamera",
					origin: consoleOrigin,
				});
				await app.register(consolePage, { folder: join(root, "build", "ui", "console"), origin: consoleOrigin });
				fleetHealth(app, worker);
				invitation = (await api.inviteFirstAdmin(join(stateFolder, "first-admin.url")))?.url ?? "";
			},
		});
		return invitation;
	}

	async #startDevice(
		name: DeviceName,
		{ bootstrapUrl, consoleOrigin }: { bootstrapUrl: string; consoleOrigin: string },
	): Promise<void> {
		this.#assertWanted();
		const { base, log, onLogLine } = this.#options;
		const place = devices.indexOf(name);
		const equipment = name === "berlin" ? this.#equipment : null;
		const device = new Device({
			folder: join(this.#folder as string, name),
			serial: `DEMO-${1001 + place}`,
			port: base + 1 + place,
			bootstrapUrl,
			enrolUrl: `${consoleOrigin}/console/#/enrol`,
			devices: {
				// its TV is the page /tv: the screen here is somebody's desk
				display: "none",
				...this.#options.devices,
				...(equipment ? { camera: equipment.source } : {}),
			},
			peripherals: equipment?.peripherals,
			log,
			onLogLine: onLogLine && ((line) => onLogLine(name, line)),
			onGone: () => {
				if (!this.#stopped) this.onGone(name);
			},
		});
		this.#devices.set(name, device);
		await device.start();
	}

	async #enrol(name: keyof typeof rooms, link: string): Promise<void> {
		const device = this.device(name);
		const room = { ...rooms[name], locale: "de", timeZone: "Europe/Berlin" } as const;
		const [{ code }] = await Promise.all([
			this.fleet.worker.duties.enrolments.create({ room, by: "service" }),
			writeFile(device.calendar, demonstrationCalendar(Date.now(), link)),
		]);
		await device.enrol(code);
	}

	#link(origin: string): string {
		const caPin = new Uint8Array(Buffer.from(this.fleet.ca.pin, "base64url"));
		return formatLink(createLink({ origin, caPin }));
	}

	#log(): Log {
		const { log } = this.#options;
		if (log === "quiet") return silentLog;
		return jsonLog({ write: (line) => process.stderr.write(line), level: log === "all" ? "info" : "warn" });
	}
}

/** As `Promise.all`, but rejects only when all are settled: nothing goes on that somebody takes for ended. */
async function settled<const T extends readonly Promise<unknown>[]>(promises: T) {
	await Promise.allSettled(promises);
	return Promise.all(promises);
}
