import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { enrolConfirm } from "../../contract/enrolment.ts";
import { encodePayload } from "../../contract/envelope.ts";
import type { FromRoom } from "../../contract/local.ts";
import { parseTopic, topics } from "../../contract/topics.ts";
import type { DeviceFacts } from "../../contract/twin.ts";
import { BrokerLine } from "../../line/BrokerLine.ts";
import { CommandDesk } from "../commands/CommandDesk.ts";
import { envelopeOf } from "../envelope.ts";
import { FirmwareDesk } from "../firmware/FirmwareDesk.ts";
import type { IdentityStore, Membership } from "../identity/IdentityStore.ts";
import { diskFiles } from "../identity/StateFiles.ts";
import type { FirmwareExecutor } from "../jobs/FirmwareExecutor.ts";
import { JobDesk } from "../jobs/JobDesk.ts";
import type { RoomLink } from "../local/RoomLink.ts";
import type { RoomState } from "../local/RoomState.ts";
import type { Refusals } from "../Refusals.ts";
import type { AgentStore } from "../store/AgentStore.ts";
import type { Outbox } from "../store/Outbox.ts";
import { OutboxSender } from "../store/OutboxSender.ts";
import type { UpdateTrust } from "../trust/UpdateTrust.ts";
import { Reporter } from "../twin/Reporter.ts";
import { Twin } from "../twin/Twin.ts";
import { roomEvent } from "./deviceEvents.ts";
import { Presences } from "./Presences.ts";
import { Renewal } from "./Renewal.ts";
import { RevocationFile } from "./RevocationFile.ts";

/** What a session works with; all of it outlives the session. */
export interface SessionParts {
	identities: IdentityStore;
	store: AgentStore;
	outbox: Outbox;
	link: RoomLink;
	room: RoomState;
	executor: FirmwareExecutor;
	/** For a member of this fleet; null: firmware is only simulated. */
	trustOf: (membership: Membership) => UpdateTrust | null;
	/** Where sticks are mounted; null: none are looked at. */
	sticks: string | null;
	facts: () => DeviceFacts;
	clock: Clock;
	log: Log;
	refusals: Refusals;
	random: () => number;
	/** Something happened that nothing goes on from. */
	broken(code: string): void;
}

export interface SessionOptions extends SessionParts {
	membership: Membership;
	/** The fleet has taken the confirmation. */
	confirmed(): void;
	/** Key or certificate has changed. */
	renewed(membership: Membership): void;
	/** The fleet lets this device go. */
	unenrolled(): void;
}

const FAREWELL_MS = 5000;
const CONFIRM_AGAIN_MS = 10_000;

/** All that a device of a fleet does on the bus, from the first connection on; kept up until it is closed. */
export class FleetSession {
	readonly #options: SessionOptions;
	readonly #self: string;
	readonly #line: BrokerLine;
	readonly #twin: Twin;
	readonly #presences: Presences;
	readonly #reporter: Reporter;
	readonly #commands: CommandDesk;
	readonly #sender: OutboxSender;
	readonly #jobs: JobDesk;
	readonly #firmware: FirmwareDesk;
	readonly #renewal: Renewal;
	readonly #revocations: RevocationFile;
	readonly #stops: (() => void)[];
	/** Which of the brokers is next. */
	#broker = 0;
	#closing = false;
	#confirmed = false;
	#cancelConfirm: () => void = () => {};

	constructor(options: SessionOptions) {
		const { membership, identities, store, outbox, link, room, clock, log, random, refusals } = options;
		const self = membership.identity.deviceId;
		this.#options = options;
		this.#self = self;
		this.#renewal = new Renewal({
			membership,
			identities,
			line: () => this.#line,
			clock,
			log,
			refusals,
			random,
			renewed: (changed) => options.renewed(changed),
		});
		const line = new BrokerLine({
			target: () => {
				const { pem } = this.#renewal.next();
				const { brokers } = membership;
				return { url: brokers[this.#broker % brokers.length] as string, clientId: self, tls: pem };
			},
			will: () => {
				this.#presences.own.begin();
				return { topic: this.#presences.own.topic, payload: this.#presences.own.offline() };
			},
			clock,
			log,
			random,
		});
		this.#line = line;
		this.#twin = new Twin({ store, link, log, refusals });
		const directory = () => this.#twin.doc?.directory.map(({ id }) => id) ?? [];
		this.#presences = new Presences({ self, line, link, directory, clock, refusals });
		this.#reporter = new Reporter({ self, line, twin: this.#twin, room, facts: options.facts, store, clock, random });
		const unenrol = (response: { topic: string; payload: Uint8Array }) => void this.#unenrol(response);
		this.#commands = new CommandDesk({ self, link, room, outbox, store, clock, log, refusals, unenrol });
		this.#sender = new OutboxSender({ outbox, line, self, clock, refusals });
		const { executor } = options;
		const trust = options.trustOf(membership);
		this.#jobs = new JobDesk({
			...{ self, executor, trust, link, room, twin: this.#twin, outbox, store, clock, log, refusals },
			broken: (code) => options.broken(code),
		});
		this.#firmware = new FirmwareDesk({ executor, trust, jobs: this.#jobs, link, clock, sticks: options.sticks });
		this.#revocations = new RevocationFile({ path: identities.revocationFile, files: diskFiles, refusals });
		this.#stops = [
			line.events.on("opened", () => void this.#introduce()),
			line.events.on("lost", () => this.#lost()),
			line.events.on("failed", () => {
				this.#broker += 1;
			}),
			line.events.on("message", (message) => this.#received(message)),
			link.events.on("event", (said) => this.#tell(said)),
			this.#twin.events.on("applied", () => void this.#presences.relist()),
		];
	}

	/** Once. */
	start(): void {
		this.#jobs.start();
		this.#firmware.start();
		this.#line.open();
	}

	/** Says good-bye to the fleet and ends. */
	async close(): Promise<void> {
		if (this.#closing) return;
		this.#closing = true;
		this.#cancelConfirm();
		for (const stop of this.#stops.splice(0)) stop();
		this.#commands.close();
		await this.#presences.farewell();
		this.#renewal.close();
		this.#reporter.close();
		this.#firmware.close();
		this.#jobs.close();
		this.#sender.close();
		this.#twin.close();
		this.#presences.close();
		await this.#line.close();
	}

	/** First listens, then speaks; a step that fails ends the connection, and the next one begins anew. */
	async #introduce(): Promise<void> {
		const self = this.#self;
		this.#twin.opened();
		try {
			await this.#line.subscribe([
				...this.#presences.subscriptions(),
				topics.twinDesired(self),
				topics.jobNext(self),
				topics.commandRequest(self),
				topics.certificateResponse(self),
				topics.revocations(),
			]);
			await this.#confirm();
			this.#jobs.opened();
			this.#sender.opened();
			this.#reporter.opened();
			await this.#presences.introduce();
			await this.#renewal.opened();
		} catch {
			this.#line.drop();
		}
	}

	/** Once a connection; and until the fleet has heard it, or as long as we don't know that it has taken us: it may be away, or lose it. */
	async #confirm(): Promise<void> {
		const { clock, membership } = this.#options;
		this.#cancelConfirm();
		const confirmation = { ...envelopeOf(clock), serial: this.#renewal.using.serial };
		const payload = encodePayload(enrolConfirm, confirmation);
		const outcome = await this.#line.publish(topics.enrolConfirm(this.#self), payload);
		if (outcome === "delivered" && (membership.confirmed || this.#confirmed)) return;
		this.#cancelConfirm = clock.after(CONFIRM_AGAIN_MS, () => void this.#confirm().catch(() => {}));
	}

	#lost(): void {
		this.#cancelConfirm();
		this.#renewal.lost();
		this.#reporter.lost();
		this.#presences.lost();
	}

	#received({ topic, payload, retained }: { topic: string; payload: Uint8Array; retained: boolean }): void {
		const parsed = parseTopic(topic);
		switch (parsed?.kind) {
			case "presence":
				this.#presences.received(parsed.id, payload);
				return;
			case "revocations":
				void this.#revocations.received(payload, this.#options.membership.identity.pem.ca);
				return;
			case "ring":
				if (parsed.to === this.#self) this.#presences.rung(parsed.from, payload, retained);
				return;
			case "twinDesired":
			case "jobNext":
			case "commandRequest":
			case "certificateResponse":
				// the broker sends none of another device; one that does is not believed
				if (parsed.id !== this.#self) break;
				if (parsed.kind === "twinDesired" && this.#twin.desired(payload)) this.#taken();
				if (parsed.kind === "jobNext") this.#jobs.received(payload);
				// a command is for now; one that was kept is of nobody who waits
				if (parsed.kind === "commandRequest" && !retained) this.#commands.received(payload);
				if (parsed.kind === "certificateResponse") void this.#renewal.received(payload);
				return;
		}
		this.#options.refusals.note("topic.unexpected");
	}

	/** The fleet has said what it wants of us: we are one of its devices. */
	#taken(): void {
		this.#confirmed = true;
		this.#cancelConfirm();
		this.#options.confirmed();
	}

	#tell(said: Extract<FromRoom, { t: "event" }>): void {
		this.#options.outbox.add(roomEvent(this.#self, said));
	}

	/** The fleet hears that it is done before it can't hear it any more, if it can hear at all. */
	async #unenrol({ topic, payload }: { topic: string; payload: Uint8Array }): Promise<void> {
		const { clock } = this.#options;
		const given = Promise.withResolvers<void>();
		const cancel = clock.after(FAREWELL_MS, given.resolve);
		await Promise.race([this.#line.publish(topic, payload).catch(() => {}), given.promise]);
		cancel();
		this.#options.unenrolled();
	}
}
