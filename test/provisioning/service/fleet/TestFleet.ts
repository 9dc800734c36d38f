import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { systemClock } from "../../../../device/core/clock.ts";
import { jsonLog } from "../../../../device/core/log.ts";
import type { DeviceFacts, TwinDoc } from "../../../../provisioning/contract/twin.ts";
import { type Broker, type BrokerOptions, startBroker } from "../../../../provisioning/service/broker/mosquitto.ts";
import { type FleetCa, openCa } from "../../../../provisioning/service/ca/FleetCa.ts";
import { Database, type Db } from "../../../../provisioning/service/db/Database.ts";
import { ServiceKey } from "../../../../provisioning/service/db/ServiceKey.ts";
import { FleetWorker, type FleetWorkerOptions } from "../../../../provisioning/service/fleet/FleetWorker.ts";
import { DatabaseRevocations, REVOCATION_LIST } from "../../../../provisioning/service/registry/DatabaseRevocations.ts";
import { type EnrolDeviceOptions, enrolDevice } from "../../../sim/fleet/enrolDevice.ts";
import { SimulatedDevice, type SimulatedDeviceOptions } from "../../../sim/fleet/SimulatedDevice.ts";
import { TestDatabases } from "../db/TestDatabase.ts";

export const facts: DeviceFacts = { model: "Test box", serial: "SN-1", firmware: "1.0.0", slot: "A" };
export const room = (name = "Amber"): TwinDoc["room"] => ({ name, locale: "de", timeZone: "Europe/Berlin" });

/**
 * A fleet for one test file: real PostgreSQL, real mosquittos, an authority, as many workers as a test starts, devices. All that was started
 * is ended by `close`.
 */
export class TestFleet {
	readonly databases: TestDatabases;
	readonly database: Database & { name: string };
	readonly ca: FleetCa;
	readonly revocations: DatabaseRevocations;
	broker: Broker;
	readonly workers: FleetWorker[] = [];
	readonly devices: SimulatedDevice[] = [];
	/** Lines of all workers' logs. */
	readonly log: string[] = [];
	readonly #folder: string;
	readonly #key: ServiceKey;
	readonly #databases: Database[] = [];
	#count = 0;

	private constructor(parts: {
		databases: TestDatabases;
		database: Database & { name: string };
		ca: FleetCa;
		revocations: DatabaseRevocations;
		broker: Broker;
		folder: string;
		key: ServiceKey;
	}) {
		this.databases = parts.databases;
		this.database = parts.database;
		this.ca = parts.ca;
		this.revocations = parts.revocations;
		this.broker = parts.broker;
		this.#folder = parts.folder;
		this.#key = parts.key;
	}

	/** With `workers` workers, which are ready. */
	static async start(
		options: { workers?: number; broker?: Partial<BrokerOptions>; worker?: Partial<FleetWorkerOptions> } = {},
	): Promise<TestFleet> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-fleet-test-"));
		const databases = await TestDatabases.start();
		const database = await databases.fresh({ poolSize: 10 });
		const caFolder = join(folder, "ca");
		const revocations = new DatabaseRevocations({ db: database.db, caFolder });
		const ca = await openCa(caFolder, { development: true, revocations });
		const key = await ServiceKey.open(folder);
		const broker = await startBroker({ ca, bootstrap: {}, ...options.broker });
		const fleet = new TestFleet({ databases, database, ca, revocations, broker, folder, key });
		for (let number = 1; number <= (options.workers ?? 1); number++) await fleet.work(number, options.worker);
		return fleet;
	}

	get db(): Db {
		return this.database.db;
	}

	/** The first worker's. */
	get duties(): FleetWorker["duties"] {
		return this.workers[0]!.duties;
	}

	/** One more worker, with connections of its own; resolves when it has the broker. */
	async work(number: number, options: Partial<FleetWorkerOptions> = {}): Promise<FleetWorker> {
		// Not `databases.open`: a worker that a test adds outlives the test.
		const database = await Database.open({ url: this.database.url, migrate: false, poolSize: 5 });
		this.#databases.push(database);
		database.listen(REVOCATION_LIST, () => void this.ca.refreshCrl().catch(() => {}));
		const worker = await FleetWorker.start({
			number,
			database,
			ca: this.ca,
			revocations: this.revocations,
			key: this.#key,
			broker: this.broker,
			rendezvous: "http://127.0.0.1:1",
			clock: systemClock,
			log: jsonLog({ write: (line) => this.log.push(line), level: "debug" }),
			...options,
		});
		this.workers.push(worker);
		await until(async () => (await worker.health()).broker);
		await until(async () => (await Promise.all(this.workers.map((one) => one.health()))).some(({ leads }) => leads));
		return worker;
	}

	/** A code for a room, made by an admin. */
	async code(name?: string): Promise<{ code: string; id: string }> {
		const { code, record } = await this.duties.enrolments.create({ room: room(name), by: "person:test" });
		return { code, id: record.id };
	}

	/** Enrols by this code, and no more. */
	enrol(code: string, options: Partial<EnrolDeviceOptions> = {}): ReturnType<typeof enrolDevice> {
		return enrolDevice({ url: this.broker.bootstrapUrl!, code, facts, clock: systemClock, ...options });
	}

	/** A device that is in the fleet, is there, and has its first twin. */
	async device(options: { name?: string } & Partial<SimulatedDeviceOptions> = {}): Promise<SimulatedDevice> {
		const { name = `Room ${++this.#count}`, ...rest } = options;
		const identity = await this.enrol((await this.code(name)).code);
		const device = this.simulate({ identity, ...rest });
		device.start();
		await device.claimed;
		return device;
	}

	simulate(options: Partial<SimulatedDeviceOptions> & Pick<SimulatedDeviceOptions, "identity">): SimulatedDevice {
		const device = new SimulatedDevice({ facts, clock: systemClock, random: () => 0.2, ...options });
		this.devices.push(device);
		return device;
	}

	row(id: string) {
		return this.db.selectFrom("devices").selectAll().where("id", "=", id).executeTakeFirst();
	}

	twin(id: string) {
		return this.db.selectFrom("twins").selectAll().where("device_id", "=", id).executeTakeFirstOrThrow();
	}

	/** Sum of a counter over all workers. */
	count(...args: Parameters<FleetWorker["counters"]["sum"]>): number {
		return this.workers.reduce((sum, { counters }) => sum + counters.sum(...args), 0);
	}

	async close(): Promise<void> {
		await Promise.all(this.devices.map((device) => device.close()));
		for (const worker of this.workers.splice(0)) await worker.close();
		for (const database of this.#databases) await database.close();
		await this.broker.close();
		await this.databases.close();
		await rm(this.#folder, { recursive: true, force: true });
	}
}

/** Waits for a condition, in hooks too. */
const until = (condition: () => Promise<boolean>): Promise<void> =>
	vi.waitFor(
		async () => {
			if (!(await condition())) throw new Error("not yet");
		},
		{ timeout: 30_000, interval: 25 },
	);
