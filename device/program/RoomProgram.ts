import { join } from "node:path";
import type { Command } from "../../provisioning/contract/commands.ts";
import type { Claim, FromRoom } from "../../provisioning/contract/local.ts";
import type { TwinDoc, TwinError } from "../../provisioning/contract/twin.ts";
import type { RoomConfig } from "../config/RoomConfig.ts";
import { Backoff } from "../core/backoff.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { RoomError } from "../core/RoomError.ts";
import { AgentLine } from "../fleet/AgentLine.ts";
import { AgentLink } from "../fleet/AgentLink.ts";
import { judgeTwin, type TwinSettings } from "../fleet/judgeTwin.ts";
import { RoomReporter } from "../fleet/RoomReporter.ts";
import { PanelServer } from "../panel/PanelServer.ts";
import { type Claimed, ClaimedRoom } from "./ClaimedRoom.ts";
import { PanelFront } from "./PanelFront.ts";
import { wipeState } from "./roomState.ts";
import { runDoctor } from "./runDoctor.ts";
import { serialPortsOf } from "./serialPortsOf.ts";

export interface RoomProgramOptions {
	version: string;
	log: Log;
	/** The program can't go on, or was asked to begin anew: the process should end and be started again. */
	over(why: "restart" | "broken", error?: RoomError): void;
}

/** An agent that is there says so within milliseconds; after this the panel says that it doesn't. */
const AGENT_MS = 5000;
const clock: Clock = systemClock;

/**
 * The room program: the panel always, and behind it the room that the fleet wants, or none. What the agent says (whose the device is,
 * what the room should be) is the wish; `#settle` brings the room there, one change at a time, and never in the middle of a call.
 */
export class RoomProgram {
	readonly #config: RoomConfig;
	readonly #options: RoomProgramOptions;
	readonly #link: AgentLink;
	readonly #line: AgentLine;
	readonly #reporter: RoomReporter;
	readonly #front: PanelFront;
	readonly #retries = new Backoff({ baseMs: 2000, capMs: 60_000 });
	#panel: PanelServer | null = null;
	#room: ClaimedRoom | null = null;
	#claim: Claim | null = null;
	#twin: { rev: number; doc: TwinDoc } | null = null;
	/** The revision that the agent was told the fate of, on this connection. */
	#answered: number | null = null;
	#settling: Promise<void> | null = null;
	#again = false;
	/** The room is to start anew, and somebody is in a call. */
	#waitsForIdle = false;
	#cancelRetry: () => void = () => {};
	#cancelPatience: () => void = () => {};
	#stopped = false;
	#usable: { resolve(): void; reject(error: RoomError): void } | null = null;

	constructor(config: RoomConfig, options: RoomProgramOptions) {
		this.#config = config;
		this.#options = options;
		const { version, log } = options;
		this.#link = new AgentLink({ path: config.agent, version, clock, log });
		this.#line = new AgentLine({ link: this.#link, clock });
		this.#reporter = new RoomReporter({ link: this.#link, clock, version });
		this.#front = new PanelFront({
			clock,
			enrol: (code) => this.#link.send({ t: "enrol", code }),
			answerUpdate: (now) => this.#link.send({ t: "update", now }),
			installStick: (version) => this.#link.send({ t: "installStick", version }),
			saveSupport: () => this.#link.send({ t: "support" }),
			factoryReset: () => this.#link.send({ t: "reset" }),
			touched: () => this.#reporter.touched(),
		});
		this.#front.onSnapshot(() => {
			this.#reporter.saw(this.#room ? this.#front.snapshot() : null);
			// a restart waits for the end of the call
			if (this.#waitsForIdle && this.#room?.idle) this.#settle();
		});
		this.#listen();
	}

	/**
	 * Resolves once the panel is usable: a room that can call, or a device that takes a code. Until the agent is there the panel says
	 * that it isn't, and this waits. @throws RoomError `panel.…`, `media.…`.
	 */
	async start(): Promise<void> {
		const { panel } = this.#config;
		this.#panel = await PanelServer.listen({
			port: this.#front,
			log: this.#options.log,
			listenPort: panel.port,
			host: panel.host,
			names: panel.names,
			pairingToken: panel.pairing ?? null,
			pages: join(import.meta.dirname, "..", "..", "build", "ui"),
		});
		const usable = new Promise<void>((resolve, reject) => {
			this.#usable = { resolve, reject };
		});
		this.#waitForAgent();
		this.#link.open();
		await usable;
	}

	/** Leaves a call in order, closes the sources, ends the engine. */
	async stop(): Promise<void> {
		this.#stopped = true;
		this.#cancelRetry();
		this.#cancelPatience();
		this.#reporter.stop();
		await this.#room?.stop();
		this.#front.close();
		this.#link.close();
		await this.#panel?.close();
	}

	/** The engine's process id; null while there is none. */
	get enginePid(): number | null {
		return this.#room?.enginePid ?? null;
	}

	#listen(): void {
		const { events } = this.#link;
		const front = this.#front;
		events.on("opened", () => {
			this.#answered = null;
			this.#cancelPatience();
			if (this.#claim) front.trouble(null);
		});
		events.on("lost", () => this.#waitForAgent());
		events.on("claim", ({ claim }) => {
			this.#claim = claim;
			if (claim.state === "unclaimed") this.#twin = null;
			front.claim(claim);
			front.trouble(null);
			this.#settle();
		});
		events.on("twin", ({ rev, doc }) => {
			this.#twin = { rev, doc };
			this.#answered = null;
			this.#settle();
		});
		events.on("update", ({ update }) => front.update(update));
		events.on("firmware", ({ firmware }) => front.firmware(firmware));
		events.on("support", ({ support }) => front.support(support));
		events.on("reset", ({ reset }) => front.reset(reset));
		events.on("command", ({ mid, command }) => {
			void this.#obey(command).then((answer) => this.#link.send({ t: "command", mid, ...answer }));
		});
	}

	/** A room that runs goes on without its agent; one that can't begin says why. */
	#waitForAgent(): void {
		this.#cancelPatience();
		this.#cancelPatience = clock.after(AGENT_MS, () => {
			if (!this.#room) this.#front.trouble("agent.unreachable");
		});
	}

	/** Goes on until nothing is left to change; asked again while it does, it looks again. */
	#settle(): void {
		this.#again = true;
		this.#settling ??= (async () => {
			while (this.#again && !this.#stopped) {
				this.#again = false;
				await this.#step().catch((thrown: unknown) => this.#failed(thrown));
			}
			this.#settling = null;
		})();
	}

	async #step(): Promise<void> {
		const claim = this.#claim;
		if (claim?.state !== "claimed") return this.#beUnclaimed(claim);
		const twin = this.#twin;
		if (!twin) return;
		const judged = judgeTwin(twin.doc, claim);
		if (!judged.ok) {
			this.#answer(twin.rev, judged.errors);
			if (!this.#room) this.#front.trouble("room.twin_refused");
			return;
		}
		const anew = this.#room !== null && this.#room.key !== ClaimedRoom.keyOf(claim, judged.settings);
		this.#waitsForIdle = anew && this.#room?.idle === false;
		if (anew) {
			if (this.#waitsForIdle) return;
			await this.#endRoom();
		}
		if (this.#room) this.#room.configure(judged.settings);
		else await this.#beginRoom(claim, judged.settings);
		this.#answer(twin.rev, []);
	}

	async #beUnclaimed(claim: Claim | null): Promise<void> {
		await this.#endRoom();
		if (claim?.state !== "unclaimed") return;
		await wipeState(this.#config.state);
		this.#usable?.resolve();
	}

	async #endRoom(): Promise<void> {
		const room = this.#room;
		if (!room) return;
		this.#room = null;
		await room.stop();
		this.#front.show(null);
		this.#reporter.saw(null);
	}

	async #beginRoom(claim: Claimed, settings: TwinSettings): Promise<void> {
		const { log, over } = this.#options;
		const room = await ClaimedRoom.open({
			config: this.#config,
			claim,
			settings,
			line: this.#line,
			log,
			engineFailed: () => this.#reporter.engineFailed(),
			broken: () => over("broken"),
		});
		if (this.#stopped) return room.stop();
		this.#retries.reset();
		this.#room = room;
		this.#front.trouble(null);
		this.#front.show(room);
		// not waited for: a twin that comes while the engine starts is applied at once
		void room.start().then(
			() => this.#usable?.resolve(),
			(thrown: unknown) => {
				if (this.#room === room) this.#fatal(RoomError.from(thrown, "media.engine_failed"));
			},
		);
	}

	/** The identity can't be used: the agent may put it right any time. */
	#failed(thrown: unknown): void {
		const { code } = RoomError.from(thrown, "room.unexpected");
		this.#options.log.write("error", "error.unexpected", { code });
		this.#front.trouble("room.identity_refused");
		this.#cancelRetry();
		this.#cancelRetry = clock.after(this.#retries.nextMs(), () => this.#settle());
	}

	#fatal(error: RoomError): void {
		if (this.#stopped) return;
		this.#usable?.reject(error);
		this.#options.over("broken", error);
	}

	#answer(rev: number, errors: TwinError[]): void {
		if (this.#answered === rev) return;
		this.#answered = rev;
		this.#link.send({ t: "twin", rev, applied: errors.length === 0, errors });
	}

	async #obey(command: Command): Promise<Omit<Extract<FromRoom, { t: "command" }>, "t" | "mid">> {
		switch (command.op) {
			case "identify":
				this.#front.identify(command.args.number, command.args.seconds);
				return { status: 200 };
			case "restart":
				if (this.#room && !this.#room.idle) return { status: 409, code: "room.in_call" };
				// after the answer is on its way
				setImmediate(() => this.#options.over("restart"));
				return { status: 200 };
			case "doctor":
				return runDoctor(
					this.#claim?.state === "claimed" ? this.#claim : null,
					serialPortsOf(this.#config.peripherals, this.#room?.equipment ?? null),
				);
			case "unenrol":
				// the agent's own
				return { status: 501, code: "room.not_ours" };
		}
	}
}
