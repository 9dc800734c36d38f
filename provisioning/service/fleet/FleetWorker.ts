import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { serviceNamePrefix, topics } from "../../contract/topics.ts";
import type { BrokerAdapter } from "../broker/BrokerAdapter.ts";
import { renewing } from "../broker/renewing.ts";
import { Counters } from "../bus/Counters.ts";
import { Intake, type IntakeHandlers, type IntakeOptions } from "../bus/Intake.ts";
import { OutboundPublisher } from "../bus/OutboundPublisher.ts";
import { ServiceLine } from "../bus/ServiceLine.ts";
import type { Credentials, FleetCa } from "../ca/FleetCa.ts";
import { Commands } from "../commands/Commands.ts";
import type { Database } from "../db/Database.ts";
import type { ServiceKey } from "../db/ServiceKey.ts";
import { CertificateRenewals } from "../enrolment/CertificateRenewals.ts";
import { CodeKeys } from "../enrolment/CodeKeys.ts";
import { Confirmations } from "../enrolment/Confirmations.ts";
import { Enrolments } from "../enrolment/Enrolments.ts";
import { HandshakeLimits, type HandshakeLimitsOptions } from "../enrolment/HandshakeLimits.ts";
import { Handshakes } from "../enrolment/Handshakes.ts";
import { Issuance } from "../enrolment/Issuance.ts";
import { ListenerCertificates } from "../enrolment/ListenerCertificates.ts";
import { storeEvents } from "../events/events.ts";
import type { DatabaseRevocations } from "../registry/DatabaseRevocations.ts";
import { takePresences } from "../registry/presences.ts";
import { Registry } from "../registry/Registry.ts";
import { takeResets } from "../registry/resets.ts";
import { Director } from "../rollouts/Director.ts";
import { takeJobReports } from "../rollouts/jobReports.ts";
import { Rollouts } from "../rollouts/Rollouts.ts";
import { takeReports } from "../twins/reports.ts";
import { Twins } from "../twins/Twins.ts";
import { Leader } from "./Leader.ts";

export interface FleetWorkerOptions {
	/** From 1; no two workers of a fleet have the same. */
	number: number;
	database: Database;
	/** Its newest list is fetched by whoever composes the worker: another may have signed it. */
	ca: FleetCa;
	/** What `ca` was opened with. */
	revocations: DatabaseRevocations;
	/** Seals the codes' secrets. */
	key: ServiceKey;
	broker: BrokerAdapter;
	/** What an enrolled device is told: brokers in the order to be tried (absent: the adapter's), and the rendezvous' origin. */
	brokers?: readonly string[];
	rendezvous: string;
	clock: Clock;
	log: Log;
	limits?: HandshakeLimitsOptions;
	/** What became of a frame from the bus, for metrics. */
	outcome?: NonNullable<IntakeOptions["outcome"]>;
}

/** What workers share between them: each message goes to one of them. */
const filters = [
	topics.presence("+"),
	topics.twinReported("+"),
	topics.jobStatus("+", "+"),
	topics.commandResponse("+"),
	topics.event("+", "+"),
	topics.certificateRequest("+"),
	topics.enrolConfirm("+"),
	topics.enrolUp("+"),
].map((filter) => `$share/fleet/${filter}`);

/**
 * A worker of the fleet service: its line to the broker, what comes over it, what goes out, and as long as it leads the duties of one. All state is
 * in the database, so workers may come, go and die at any time.
 */
export class FleetWorker {
	readonly counters = new Counters();
	/** What the HTTP API asks for. */
	readonly duties: {
		readonly registry: Registry;
		readonly twins: Twins;
		readonly commands: Commands;
		readonly enrolments: Enrolments;
		readonly rollouts: Rollouts;
	};
	readonly #options: FleetWorkerOptions;
	readonly #line: ServiceLine;
	readonly #intake: Intake;
	readonly #publisher: OutboundPublisher;
	readonly #leader: Leader;
	readonly #director: Director;
	#identity: Credentials;
	#endRenewing: () => Promise<void> = async () => {};

	private constructor(options: FleetWorkerOptions, identity: Credentials, director: Director) {
		this.#director = director;
		this.#options = options;
		this.#identity = identity;
		const { database, clock, log, ca, revocations, broker, key } = options;
		const { db } = database;
		const registry = new Registry({ db, clock });
		const twins = new Twins({ db, clock });
		const commands = new Commands({ db, clock, registry });
		this.duties = {
			registry,
			twins,
			commands,
			enrolments: new Enrolments({ db, key, clock }),
			rollouts: new Rollouts({ db, clock, director }),
		};
		this.#line = new ServiceLine({
			url: broker.serviceUrl,
			name: `${serviceNamePrefix}${options.number}`,
			identity: () => ({ key: this.#identity.key, certificate: this.#identity.chain, ca: ca.certificate }),
			filters,
			receive: (delivery) => {
				if (delivery.topic !== topics.revocations()) return this.#intake.take(delivery);
				this.#leader.marked();
				delivery.done();
			},
			clock,
			log,
		});
		this.#intake = new Intake({
			handlers: this.#handlers(commands),
			clock,
			log,
			counters: this.counters,
			...(options.outcome ? { outcome: options.outcome } : {}),
		});
		this.#publisher = new OutboundPublisher({ database, line: this.#line, counters: this.counters, clock });
		this.#leader = new Leader({
			database,
			line: this.#line,
			ca,
			director,
			revocations,
			broker,
			twins,
			commands,
			clock,
			log,
		});
	}

	/** Starts a worker; it works as soon as the broker is there, and again whenever it is back. Error: `ca.worker_invalid`. */
	static async start(options: FleetWorkerOptions): Promise<FleetWorker> {
		const { ca, clock, log, number } = options;
		const failed = renewalFailed(log);
		const worker = new FleetWorker(options, await ca.issueWorker(number), await Director.start({ ca, clock, failed }));
		worker.#start();
		return worker;
	}

	/** Whether it can work now: for health checks. Never throws. */
	async health(): Promise<{ broker: boolean; database: boolean; leads: boolean }> {
		return {
			broker: this.#line.isOpen,
			database: await this.#options.database.isThere(),
			leads: this.#leader.leads,
		};
	}

	/** Ends in order: takes no more, waits for what is under way, gives up its share and its leadership. */
	async close(): Promise<void> {
		await this.#endRenewing();
		await this.#director.close();
		await this.#line.quiesce();
		await this.#leader.close();
		await this.#intake.close();
		await this.#publisher.close();
		await this.#line.close();
	}

	#start(): void {
		this.#publisher.start();
		this.#leader.start();
		this.#line.open();
		const { ca, number, clock, log } = this.#options;
		// the connection keeps the certificate that it has; the next one has the new one
		const renew = async (): Promise<void> => {
			this.#identity = await ca.issueWorker(number);
		};
		this.#endRenewing = renewing(clock, renew, renewalFailed(log));
	}

	#handlers(commands: Commands): IntakeHandlers {
		const { database, ca, key, broker, brokers, rendezvous, clock, log, limits } = this.#options;
		const { db } = database;
		const { counters } = this;
		const handshakes = new Handshakes({
			db,
			key,
			codeKeys: new CodeKeys(),
			issuance: new Issuance({ db, ca, clock, brokers: brokers ?? [broker.url], rendezvous }),
			publish: (topic, payload) => this.#line.publish(topic, payload),
			listenerCertificates: (() => {
				const certificates = new ListenerCertificates({ broker, clock });
				return () => certificates.read();
			})(),
			clock,
			log,
			counters,
			...(limits ? { limits: new HandshakeLimits(clock, limits) } : {}),
		});
		const confirmations = new Confirmations({ db, clock, log, counters });
		const renewals = new CertificateRenewals({ db, ca, clock, log });
		return {
			presence: { most: 500, take: (frames) => takePresences(db, frames, clock.now()) },
			twinReported: { most: 100, take: (frames) => takeReports(db, frames, clock.now()) },
			commandResponse: { most: 50, take: (frames) => commands.takeResponses(frames) },
			event: {
				most: 500,
				take: async (frames) => {
					counters.add("events_stored", {}, await storeEvents(db, frames, clock.now()));
					await takeResets(this.duties.registry, frames);
				},
			},
			jobStatus: {
				most: 200,
				take: async (frames) => {
					const reports = frames.map(({ id, job, message }) => ({ device: id, job, status: message }));
					await takeJobReports(db, reports, clock.now(), this.#director);
				},
			},
			certificateRequest: { most: 10, take: (frames) => renewals.take(frames) },
			enrolConfirm: { most: 500, take: (frames) => confirmations.take(frames) },
			enrolUp: ({ nonce, message }) => handshakes.take(nonce, message),
		};
	}
}

const renewalFailed =
	(log: Log) =>
	(thrown: unknown): void =>
		log.write("error", "error.unexpected", { code: RoomError.from(thrown, "ca.unusable").code });
