import { join } from "node:path";
import { type Actor, createActor, fromCallback, fromPromise, type SnapshotFrom } from "xstate";
import { type Clock, systemClock } from "../../device/core/clock.ts";
import type { Log } from "../../device/core/log.ts";
import { RoomError } from "../../device/core/RoomError.ts";
import { xstateClock } from "../../device/core/xstateClock.ts";
import type { DeviceFacts } from "../contract/twin.ts";
import type { AgentConfig } from "./AgentConfig.ts";
import { CarriedCode, type CodeWanted } from "./claim/CarriedCode.ts";
import { type ClaimEvent, type Code, claimMachine } from "./claim/claimMachine.ts";
import { claimOf } from "./claim/claimOf.ts";
import { Enrolment, type Issued } from "./claim/Enrolment.ts";
import { IdentityStore, type Membership } from "./identity/IdentityStore.ts";
import { diskFiles } from "./identity/StateFiles.ts";
import { chooseExecutor } from "./jobs/chooseExecutor.ts";
import type { FirmwareExecutor } from "./jobs/FirmwareExecutor.ts";
import { RoomLink } from "./local/RoomLink.ts";
import { RoomState } from "./local/RoomState.ts";
import { Refusals } from "./Refusals.ts";
import { ResetDesk } from "./reset/ResetDesk.ts";
import { eventRow } from "./session/deviceEvents.ts";
import { FleetSession } from "./session/FleetSession.ts";
import { AgentStore } from "./store/AgentStore.ts";
import { Outbox } from "./store/Outbox.ts";
import { SupportDesk } from "./support/SupportDesk.ts";
import { CLOCK_EPOCH, UpdateTrust } from "./trust/UpdateTrust.ts";

/** Firmware that can't say what runs is asked again so often. */
const LEARN_MS = 60_000;

export const VERSION = "0.1.0";

export interface AgentOptions {
	config: AgentConfig;
	log: Log;
	clock?: Clock;
	random?: () => number;
	/** Something happened that nothing goes on from. */
	broken(code: string): void;
	/** The machine is to be started anew: the simulated firmware can only end this program. */
	restart(): void;
}

/** The agent: the claim machine with its effects, the socket, the disk. */
export class Agent {
	readonly #options: AgentOptions;
	readonly #clock: Clock;
	readonly #random: () => number;
	readonly #link: RoomLink;
	readonly #room: RoomState;
	readonly #store: AgentStore;
	readonly #outbox: Outbox;
	readonly #refusals: Refusals;
	readonly #identities: IdentityStore;
	readonly #executor: FirmwareExecutor;
	#facts: DeviceFacts;
	readonly #actor: Actor<typeof claimMachine>;
	readonly #carriedCode: CarriedCode | null;
	readonly #reset: ResetDesk;
	readonly #support: SupportDesk;
	/** The last session's end. */
	#ending: Promise<void> = Promise.resolve();
	#cancelLearning: () => void = () => {};
	#told = "";
	#logged = "";
	#started = false;

	/** Errors: those of `IdentityStore.open` and `RoomLink.listen`. */
	static async start(options: AgentOptions): Promise<Agent> {
		const { config } = options;
		const { store, stored } = await IdentityStore.open(config.stateFolder);
		const executor = chooseExecutor({
			...options,
			clock: options.clock ?? systemClock,
			version: VERSION,
			inCall: () => (agent === null ? false : agent.#room.inCall),
		});
		const known = await factsOf(executor, options.log);
		const facts = { ...config.facts, ...(known ?? { firmware: VERSION, slot: null }) };
		let agent: Agent | null = null;
		agent = new Agent(options, { identities: store, stored, executor, facts });
		try {
			await agent.#link.listen();
		} catch (error) {
			await agent.close();
			throw error;
		}
		agent.#actor.start();
		if (!known) agent.#learnLater();
		return agent;
	}

	private constructor(
		options: AgentOptions,
		loaded: {
			identities: IdentityStore;
			stored: Awaited<ReturnType<typeof IdentityStore.open>>["stored"];
			executor: FirmwareExecutor;
			facts: DeviceFacts;
		},
	) {
		const { config, log, clock = systemClock } = options;
		this.#options = options;
		this.#clock = clock;
		this.#random = options.random ?? Math.random;
		this.#identities = loaded.identities;
		this.#executor = loaded.executor;
		this.#facts = loaded.facts;
		this.#store = new AgentStore(join(config.stateFolder, "agent.db"), log);
		this.#outbox = new Outbox(this.#store, log);
		this.#refusals = new Refusals({ log, clock });
		this.#link = new RoomLink({ path: config.socket, clock, log });
		this.#room = new RoomState({ link: this.#link, clock });
		this.#actor = createActor(this.#machine(), {
			input: { stored: loaded.stored, now: clock.now() },
			clock: xstateClock(clock),
		});
		const { codeFile } = config.bootstrap;
		const enrol = (code: string) => this.#actor.send({ type: "panel.enrol", code, at: clock.now() });
		this.#carriedCode = codeFile === undefined ? null : new CarriedCode({ file: codeFile, clock, enrol });
		this.#reset = new ResetDesk({
			...{ wish: config.reset ?? null, link: this.#link, room: this.#room, clock, log },
			begun: () => this.#leave(),
		});
		const { support: files = null, sticks = null } = config;
		this.#support = new SupportDesk({ files, sticks, link: this.#link, clock });
		this.#actor.subscribe({
			next: (snapshot) => {
				this.#tell();
				this.#carriedCode?.now(codeWanted(snapshot));
			},
			error: (thrown) => options.broken(RoomError.from(thrown, "agent.unexpected").code),
		});
		this.#link.events.on("arrived", () => {
			this.#told = "";
			this.#tell();
		});
		this.#link.events.on("enrol", ({ code }) => {
			// who types the same wrong code again is answered again
			this.#told = "";
			this.#actor.send({ type: "panel.enrol", code, at: clock.now() });
		});
	}

	/** Whether the agent works, for the watchdog. */
	get isWell(): boolean {
		return this.#actor.getSnapshot().status === "active";
	}

	async close(): Promise<void> {
		this.#cancelLearning();
		this.#carriedCode?.close();
		this.#reset.close();
		this.#support.close();
		this.#actor.stop();
		await this.#ending;
		this.#room.close();
		await this.#link.close();
		this.#store.close();
	}

	#machine() {
		return claimMachine.provide({
			actors: {
				exchange: fromCallback<ClaimEvent, Code>(({ input, sendBack }) => this.#exchange(input, sendBack)),
				join: fromPromise<Membership, Issued>(({ input }) => this.#identities.join(input.identity, input.fleet)),
				session: fromCallback<ClaimEvent, Membership>(({ input, sendBack }) => this.#session(input, sendBack)),
				confirm: fromPromise<Membership>(() => this.#identities.confirmed()),
				forget: fromPromise(() => this.#forget()),
			},
		});
	}

	#exchange(code: Code, sendBack: (event: ClaimEvent) => void): () => void {
		const abort = new AbortController();
		const enrolment = new Enrolment({
			code,
			facts: this.#facts,
			url: this.#options.config.bootstrap.url,
			clock: this.#clock,
			log: this.#options.log,
			random: this.#random,
			onStep: (step) => sendBack({ type: `exchange.${step}` }),
		});
		enrolment.run(abort.signal).then(
			(issued) => sendBack({ type: "exchange.issued", issued }),
			(error: unknown) => {
				const { code: why } = RoomError.from(error, "enrol.failed");
				this.#options.log.write("warn", "claim.failed", { code: why });
				if (!abort.signal.aborted) sendBack({ type: "exchange.failed", code: why });
			},
		);
		return () => abort.abort();
	}

	#session(membership: Membership, sendBack: (event: ClaimEvent) => void): () => void {
		const session = new FleetSession({
			membership,
			identities: this.#identities,
			store: this.#store,
			outbox: this.#outbox,
			link: this.#link,
			room: this.#room,
			executor: this.#executor,
			trustOf: (of) => this.#trustOf(of),
			sticks: this.#options.config.sticks ?? null,
			facts: () => this.#facts,
			clock: this.#clock,
			log: this.#options.log,
			refusals: this.#refusals,
			random: this.#random,
			broken: (code) => this.#options.broken(code),
			confirmed: () => sendBack({ type: "session.confirmed" }),
			renewed: (changed) => sendBack({ type: "session.renewed", membership: changed }),
			unenrolled: () => sendBack({ type: "session.unenrolled" }),
		});
		if (!this.#started) {
			this.#started = true;
			const started = { ts: this.#clock.now(), data: { program: "agent" as const, version: VERSION } };
			this.#outbox.add(eventRow(membership.identity.deviceId, "program.started", started));
		}
		session.start();
		return () => {
			this.#ending = session.close();
		};
	}

	/** The bootloader counts starts: who never says that this one was good falls back in the end. */
	#learnLater(): void {
		this.#cancelLearning = this.#clock.after(LEARN_MS, async () => {
			const known = await factsOf(this.#executor, this.#options.log);
			if (known) this.#facts = { ...this.#facts, ...known };
			else if (this.isWell) this.#learnLater();
		});
	}

	#trustOf({ identity }: Membership): UpdateTrust | null {
		const { stateFolder, updateRoot } = this.#options.config;
		if (updateRoot === undefined) return null;
		return new UpdateTrust({
			rootPath: updateRoot,
			epochPath: CLOCK_EPOCH,
			folder: join(stateFolder, "trust"),
			files: diskFiles,
			clock: this.#clock,
			random: this.#random,
			device: identity.deviceId,
			authority: identity.pem.ca,
		});
	}

	/** The fleet hears that this device forgets it, if it can hear just now. */
	#leave(): void {
		const { membership } = this.#actor.getSnapshot().context;
		if (!membership) return;
		this.#outbox.add(eventRow(membership.identity.deviceId, "device.reset", { ts: this.#clock.now(), data: {} }));
	}

	/** In this order: a power cut at any point leaves a device that goes on forgetting. */
	async #forget(): Promise<void> {
		await this.#identities.beginForgetting();
		await this.#ending;
		this.#store.wipe();
		this.#outbox.clear();
		await this.#executor.discard();
		await this.#identities.forget();
	}

	#tell(): void {
		const snapshot = this.#actor.getSnapshot();
		const { enrolUrl = null } = this.#options.config.bootstrap;
		const revocationFile = this.#identities.revocationFile;
		const claim = claimOf(snapshot, { facts: this.#facts, enrolUrl, revocationFile });
		if (!claim) return;
		const state = { state: claim.state, step: claim.state === "enrolling" ? claim.step : "" };
		const logged = `${state.state} ${state.step}`;
		if (logged !== this.#logged) this.#options.log.write("info", "claim.state", state);
		this.#logged = logged;
		const told = JSON.stringify(claim);
		if (told === this.#told) return;
		this.#told = told;
		this.#link.send({ t: "claim", claim });
	}
}

function codeWanted({ value, context }: SnapshotFrom<typeof claimMachine>): CodeWanted {
	if (value === "unclaimed") return { state: "unclaimed", failure: context.failure };
	// joined, and not confirmed yet: the fleet may still not take it
	return {
		state: typeof value === "object" && "member" in value && value.member === "claimed" ? "claimed" : "enrolling",
	};
}

/** Null if the firmware can't say: whatever is amiss with it, a device without an agent could never be helped. */
async function factsOf(executor: FirmwareExecutor, log: Log): Promise<Pick<DeviceFacts, "firmware" | "slot"> | null> {
	try {
		await executor.started();
		const { version, slot } = await executor.booted();
		return { firmware: version, slot: executor.supported ? slot : null };
	} catch (thrown) {
		log.write("error", "error.unexpected", { code: RoomError.from(thrown, "update.failed").code });
		return null;
	}
}
