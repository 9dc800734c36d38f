import { join } from "node:path";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import type { BrokerAdapter } from "../broker/BrokerAdapter.ts";
import { CheckedBroker } from "../broker/CheckedBroker.ts";
import { type Broker, type BrokerOptions, startBroker } from "../broker/mosquitto.ts";
import { openSystemBroker, type SystemBrokerOptions } from "../broker/systemMosquitto.ts";
import type { IntakeOptions } from "../bus/Intake.ts";
import { type FleetCa, openCa } from "../ca/FleetCa.ts";
import { closeInOrder } from "../closeInOrder.ts";
import type { Database } from "../db/Database.ts";
import { ServiceKey } from "../db/ServiceKey.ts";
import { type ServiceDatabaseOptions, startDatabase } from "../db/startDatabase.ts";
import type { HandshakeLimitsOptions } from "../enrolment/HandshakeLimits.ts";
import { DatabaseRevocations, REVOCATION_LIST } from "../registry/DatabaseRevocations.ts";
import { FleetWorker } from "./FleetWorker.ts";
import { WorkerProcess } from "./WorkerProcess.ts";

export interface FleetOptions {
	/** The authority's folder, the service's key, and what a private PostgreSQL and mosquitto keep. */
	stateFolder: string;
	/** Somebody's PostgreSQL; absent: a private one. */
	database?: NonNullable<ServiceDatabaseOptions["external"]>;
	/** A private mosquitto, those of the system's units, or a broker that is run elsewhere. */
	broker:
		| Omit<BrokerOptions, "ca" | "clock">
		| Omit<SystemBrokerOptions, "ca" | "clock">
		| { url: string; serviceUrl: string; bootstrapUrl: string | null };
	/** Workers on this machine: one in this process, the others in processes of their own. */
	workers?: number;
	/** Number of the first of them; no two workers of a fleet have the same. */
	firstWorker?: number;
	/** What devices are told: brokers in the order to be tried (absent: `broker`'s address), and the rendezvous' origin. */
	brokers?: readonly string[];
	rendezvous: string;
	/** A root that is founded now says in its name that it is for trying out. */
	development?: boolean;
	clock?: Clock;
	log: Log;
	limits?: HandshakeLimitsOptions;
	/** What became of a frame from the bus at this process' worker, for metrics. */
	outcome?: NonNullable<IntakeOptions["outcome"]>;
}

/** A running fleet service, without its HTTP side. */
export interface Fleet {
	readonly database: Database;
	readonly ca: FleetCa;
	readonly broker: BrokerAdapter & Partial<Broker>;
	/** The worker in this process. */
	readonly worker: FleetWorker;
	close(): Promise<void>;
}

/** A worker that waits for a broker that hangs is left, so that the database ends in order. */
const STEP_STOP_MS = 8000;

/**
 * Starts the fleet service: database, authority, broker, workers. Errors: those of `startDatabase`, `openCa`, `startBroker`, and
 * `ca.foreign_list` (the database belongs to another authority).
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
	const { stateFolder, clock = systemClock, log } = options;
	const undo: (() => Promise<void>)[] = [];
	const close = () => closeInOrder(undo, { partMs: STEP_STOP_MS, clock, log });
	try {
		const { database, close: closeDatabase } = await startDatabase({
			stateFolder,
			clock,
			...(options.database ? { external: options.database } : {}),
		});
		undo.push(closeDatabase);
		const caFolder = join(stateFolder, "ca");
		const revocations = new DatabaseRevocations({ db: database.db, caFolder, clock });
		const ca = await openCa(caFolder, { development: options.development === true, clock, revocations });
		const key = await ServiceKey.open(stateFolder);
		const broker = await brokerOf(options, ca, clock);
		undo.push(() => broker.close());
		undo.push(await applyLists(database, ca, broker));
		const shared = { brokers: options.brokers ?? [broker.url], rendezvous: options.rendezvous };
		const first = options.firstWorker ?? 1;
		const worker = await FleetWorker.start({
			...{ number: first, database, ca, revocations, key, broker, clock, log, ...shared },
			...(options.limits ? { limits: options.limits } : {}),
			...(options.outcome ? { outcome: options.outcome } : {}),
		});
		undo.push(() => worker.close());
		for (let number = first + 1; number < first + (options.workers ?? 1); number++) {
			const child = await WorkerProcess.start({
				...{
					number,
					databaseUrl: database.url,
					stateFolder,
					url: broker.url,
					serviceUrl: broker.serviceUrl,
					bootstrapUrl: broker.bootstrapUrl,
					...shared,
				},
				...(options.limits ? { limits: options.limits } : {}),
			});
			undo.push(() => child.close());
		}
		return { database, ca, broker, worker, close };
	} catch (error) {
		await close();
		throw error;
	}
}

async function brokerOf(
	{ broker, stateFolder }: FleetOptions,
	ca: FleetCa,
	clock: Clock,
): Promise<BrokerAdapter & Partial<Broker>> {
	if ("folder" in broker) return openSystemBroker({ ca, clock, ...broker });
	if (!("url" in broker)) return startBroker({ ca, clock, dataFolder: join(stateFolder, "broker"), ...broker });
	// Its list is read by whoever runs it: see the operations guide.
	return new CheckedBroker({ ca, ...broker, apply: async () => {}, clock });
}

/** A list that another worker had signed reaches the broker through the process that has its files. */
async function applyLists(database: Database, ca: FleetCa, broker: BrokerAdapter): Promise<() => Promise<void>> {
	let running: Promise<unknown> = Promise.resolve();
	const end = database.listen(REVOCATION_LIST, () => {
		running = running
			.then(() => ca.refreshCrl())
			.then((newer) => (newer ? broker.publishRevocations() : undefined))
			// Whoever had it signed looks whether it is heeded, and tries again.
			.catch(() => {});
	});
	return async () => {
		end();
		await running;
	};
}
