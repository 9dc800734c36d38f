import type { Clock } from "../../core/clock.ts";
import { Emitter } from "../../core/Emitter.ts";
import { RoomError } from "../../core/RoomError.ts";
import type { LinkCounters, LinkFailure, LinkState } from "../link/FrameLink.ts";
import type { Display, DisplayInput, DisplayStatus } from "../model/Display.ts";
import type { PeripheralFailure, PeripheralHealth } from "../model/Peripheral.ts";
import { type Command, type CommandKind, CommandSlots } from "./CommandSlots.ts";
import type { DisplayDialect, DisplayLine } from "./DisplayDialect.ts";
import { notNow } from "./refusals.ts";

export interface PolledDisplayOptions {
	/** Closed when the display is stopped. */
	line: DisplayLine;
	dialect: DisplayDialect;
	clock: Clock;
	/** With the timeouts, where something counts them. Default: the line's. */
	counters?: () => Readonly<LinkCounters>;
}

/** From one look at the display to the next: soon after something changed, then ever less often. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** While it comes on or goes off. */
const TRANSITION_PAUSE_MS = 2000;
/** So often nothing, or nothing sensible, before the display counts as lost: one lost answer is no event. */
const MOST_MISSES = 3;
/** So often after it was told to go off, before it is taken for off and silent. */
const MISSES_OF_STANDBY = 2;
/** Projectors lock out who tries wrong passwords too often. */
const WRONG_PASSWORD_PAUSE_MS = 60_000;

const unknown: DisplayStatus = { power: null, input: null, volume: null, muted: null };

const failuresAtOnce = ["link.absent", "link.busy", "link.denied", "peripheral.tool_missing"] as const;

/**
 * A display that is asked how it is, time and again, and whose changes are published; one call of its dialect is under way at a time.
 * Of each kind of command the newest waits, older ones reject with `peripheral.overtaken`: there is no queue to fill.
 *
 * What can't be done while the display warms up waits until it can; what a display refuses that is off and not asked to be on rejects
 * with `peripheral.not_now`. Commands can be repeated without harm, so one whose line broke is sent again when the line is back in time.
 */
export class PolledDisplay implements Display {
	readonly kind = "display";
	readonly #line: DisplayLine;
	readonly #dialect: DisplayDialect;
	readonly #clock: Clock;
	readonly #counters: () => Readonly<LinkCounters>;
	readonly #events = new Emitter<{ health: PeripheralHealth; status: DisplayStatus }>();
	#health: PeripheralHealth;
	#status: DisplayStatus = unknown;
	#unlisten: (() => void) | null = null;
	#stopped = false;

	readonly #waiting = new CommandSlots();
	#busy = false;
	#cancelTimer: () => void = () => {};
	#cancelGrace: (() => void) | null = null;
	#pauseMs = FIRST_PAUSE_MS;
	#nextReadAt = 0;
	/** Nothing is sent before: the maker's manual asks for a rest after some commands. */
	#restUntil = 0;
	/** A command could not be done yet: the display is looked at before it is tried again. */
	#lookFirst = false;
	/** In this life of the line. */
	#greeted = false;
	#misses = 0;
	/** What the display was asked to be, for as long as that may take. */
	#asked: { readonly on: boolean; readonly until: number } | null = null;
	/** It answered at some time: from then on its silence can mean standby. */
	#heard = false;
	/** Known from the start, or learned: it fell silent when it was told to go off. */
	#silentWhenOff: boolean;

	constructor(options: PolledDisplayOptions) {
		this.#line = options.line;
		this.#dialect = options.dialect;
		this.#clock = options.clock;
		this.#silentWhenOff = options.dialect.traits.silentWhenOff;
		this.#counters = options.counters ?? (() => options.line.counters);
		this.#health = { state: "starting", since: options.clock.now(), failure: null, model: null };
	}

	get health(): PeripheralHealth {
		return this.#health;
	}

	get status(): DisplayStatus {
		return this.#status;
	}

	get counters(): Readonly<LinkCounters> {
		return this.#counters();
	}

	onHealth(callback: (health: PeripheralHealth) => void): () => void {
		return this.#events.on("health", callback);
	}

	onStatus(callback: (status: DisplayStatus) => void): () => void {
		return this.#events.on("status", callback);
	}

	start(): void {
		if (this.#unlisten || this.#stopped) return;
		this.#unlisten = this.#line.onState((state) => this.#lineChanged(state));
		this.#lineChanged(this.#line.state);
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		this.#unlisten?.();
		this.#cancelTimer();
		this.#cancelGrace?.();
		this.#waiting.dropAll(notDriven());
		this.#dialect.close();
		await this.#line.close();
	}

	power(on: boolean): Promise<void> {
		return this.#command("power", () => this.#dialect.power(on), on);
	}

	select(input: DisplayInput): Promise<void> {
		return this.#command("select", () => this.#dialect.select(input));
	}

	volume(level: number): Promise<void> {
		const whole = Math.round(Math.min(100, Math.max(0, level)));
		return this.#command("volume", () => this.#dialect.volume(whole));
	}

	mute(on: boolean): Promise<void> {
		return this.#command("mute", () => this.#dialect.mute(on));
	}

	#command(kind: CommandKind, run: () => Promise<void>, on: boolean | null = null): Promise<void> {
		if (this.#stopped || !this.#unlisten) return Promise.reject(notDriven());
		if (!this.#lineMayCome) return Promise.reject(lineIsDown(this.#line.state));
		if (this.#health.failure === "peripheral.wrong_password") return Promise.reject(wrongPassword());
		const until = this.#clock.now() + this.#dialect.traits.transitionMs;
		const done = this.#waiting.add({ kind, run, on, until });
		if (on !== null) this.#ask(on);
		this.#wake();
		return done;
	}

	/** The line is up, or has been gone so shortly that it may be back. */
	get #lineMayCome(): boolean {
		return this.#line.state.name === "up" || (this.#cancelGrace !== null && this.#health.state !== "lost");
	}

	#lineChanged(state: LinkState): void {
		if (state.name === "up") {
			this.#cancelGrace?.();
			this.#cancelGrace = null;
			this.#greeted = false;
			this.#misses = 0;
			if (this.#health.failure !== "peripheral.wrong_password") this.#readSoon();
			this.#wake();
			return;
		}
		this.#greeted = false;
		// Opened anew because nothing was answered: what that means is judged by our own count of it.
		if (state.failure === "link.silent") return;
		if (state.failure === null || this.#health.state === "lost" || this.#dialect.traits.graceMs === 0)
			this.#lineStaysAway();
		else this.#cancelGrace ??= this.#clock.after(this.#dialect.traits.graceMs, () => this.#lineStaysAway());
	}

	/** Of a line that was not heard of for longer than it may be away. */
	#lineStaysAway(): void {
		const { state } = this.#line;
		if (state.name === "up" || state.failure === null) return;
		this.#cancelGrace?.();
		this.#cancelGrace = null;
		this.#lost(state.failure);
		this.#waiting.dropAll(lineIsDown(state));
	}

	/** Does what is due, and sees to it that it is called again. */
	#wake(): void {
		this.#cancelTimer();
		if (this.#busy || this.#stopped || this.#line.state.name !== "up") return;
		const due = this.#lookFirst ? null : this.#nextCommand();
		const at = Math.max(this.#restUntil, due ? 0 : this.#nextReadAt);
		const waitMs = at - this.#clock.now();
		if (waitMs > 0) {
			this.#cancelTimer = this.#clock.after(waitMs, () => this.#wake());
			return;
		}
		this.#busy = true;
		const turn = due ? this.#perform(due) : this.#read();
		void turn.finally(() => {
			this.#busy = false;
			this.#wake();
		});
	}

	/** Power at once; anything else when the display is not on its way. */
	#nextCommand(): Command | null {
		const comesOn = this.#status.power === "warming" || (this.#asked?.on === true && this.#status.power !== "on");
		return this.#waiting.next(comesOn && this.#dialect.traits.answers);
	}

	async #perform(command: Command): Promise<void> {
		if (command.kind !== "power" && this.#isOff) {
			this.#waiting.reject(command, notNow("it is off"));
			return;
		}
		let wasSent = false;
		try {
			await this.#greetOnce();
			wasSent = true;
			await command.run();
			this.#done(command);
		} catch (error) {
			this.#failed(command, RoomError.from(error, "peripheral.fault"), wasSent);
		}
	}

	/** As far as is known, and nobody asked it to be on. */
	get #isOff(): boolean {
		const { power } = this.#status;
		return (power === "off" || power === "cooling") && this.#asked?.on !== true;
	}

	#done(command: Command): void {
		const { kind, on } = command;
		if (on !== null && this.#waiting.has(command)) this.#goes(on);
		if (kind === "power" || kind === "select") this.#rest(this.#dialect.traits.restMs[kind]);
		this.#readSoon();
		this.#waiting.resolve(command);
	}

	#failed(command: Command, error: RoomError, wasSent: boolean): void {
		const silent = error.code === "peripheral.timeout";
		// Some acknowledge only when they are wholly on, others not at all once they are off.
		if (command.kind === "power" && silent && wasSent && this.#silentWhenOff) {
			this.#done(command);
			return;
		}
		// On its way it may say no to what it will do a little later.
		const mayStill =
			error.code === "peripheral.not_now" || (this.#inTransition && (silent || error.code === "peripheral.refused"));
		const lineMayComeBack = error.code === "link.lost" && this.#lineMayCome;
		if ((mayStill || lineMayComeBack) && this.#clock.now() < command.until) {
			this.#rest(FIRST_PAUSE_MS);
			this.#nextReadAt = 0;
			this.#lookFirst = true;
			return;
		}
		this.#waiting.reject(command, error);
	}

	async #read(): Promise<void> {
		this.#lookFirst = false;
		try {
			await this.#greetOnce();
			if (this.#dialect.traits.answers) this.#hears(await this.#dialect.read());
			else this.#ok();
		} catch (error) {
			this.#misread(RoomError.from(error, "peripheral.fault"));
		}
		this.#waiting.dropExpired(this.#clock.now());
		this.#nextReadAt = this.#clock.now() + this.#pauseMs;
		const longest = this.#inTransition ? TRANSITION_PAUSE_MS : LONGEST_PAUSE_MS;
		this.#pauseMs = Math.min(this.#pauseMs * 2, longest);
		if (this.#health.failure === "peripheral.wrong_password") this.#nextReadAt += WRONG_PASSWORD_PAUSE_MS;
	}

	async #greetOnce(): Promise<void> {
		if (this.#greeted || !this.#dialect.traits.answers) return;
		const model = await this.#dialect.greet();
		this.#greeted = true;
		if (model !== this.#health.model) this.#setHealth({ ...this.#health, model });
	}

	#hears(status: DisplayStatus): void {
		this.#heard = true;
		this.#misses = 0;
		const { power } = status;
		const reached = power === null || power === (this.#asked?.on ? "on" : "off");
		if (!this.#waiting.power && (reached || !this.#inTransition)) this.#asked = null;
		this.#ok();
		this.#setStatus({ ...status, power: this.#onItsWay() ?? power });
		if (this.#isOff) this.#waiting.dropAllButPower(notNow("it is off"));
	}

	/** What is shown of a display that was asked to change and has not yet. */
	#onItsWay(): "warming" | "cooling" | null {
		if (!this.#asked) return null;
		return this.#asked.on ? "warming" : "cooling";
	}

	#misread(error: RoomError): void {
		const { code } = error;
		if (code === "peripheral.not_now") {
			// It is there, and busy.
			this.#misses = 0;
			this.#ok();
			return;
		}
		// Lines that are opened anew for each word have no state that would tell of it.
		const atOnce = failuresAtOnce.find((failure) => failure === code);
		if (atOnce) {
			this.#lost(atOnce);
			this.#waiting.dropAll(error);
			return;
		}
		// Of these the line's own state tells.
		if (code === "link.lost" || code === "link.congested" || this.#line.state.name !== "up") return;
		if (code === "peripheral.wrong_password") {
			this.#lost("peripheral.wrong_password");
			this.#waiting.dropAll(wrongPassword());
			return;
		}
		this.#misses += 1;
		if (code === "peripheral.timeout" && this.#mayStandBy()) {
			if (this.#misses >= (this.#asked ? MISSES_OF_STANDBY : MOST_MISSES)) this.#standsBy();
			return;
		}
		if (this.#misses < MOST_MISSES || this.#inTransition) return;
		const failure = code === "peripheral.timeout" ? "link.silent" : "peripheral.fault";
		this.#lost(failure);
		this.#waiting.dropAll(error);
	}

	/** It was heard, has fallen silent, and was told to, or is known to be silent in standby. */
	#mayStandBy(): boolean {
		if (!this.#heard || this.#asked?.on === true) return false;
		return this.#silentWhenOff || this.#asked?.on === false;
	}

	#standsBy(): void {
		this.#silentWhenOff = true;
		this.#asked = null;
		this.#ok();
		this.#setStatus({ ...unknown, power: "off" });
		const { power } = this.#waiting;
		if (power?.on === false) this.#waiting.resolve(power);
	}

	get #inTransition(): boolean {
		return this.#asked !== null && this.#clock.now() < this.#asked.until;
	}

	/** It took the command; whether it is there yet is seen by the next look, which may be a while off. */
	#goes(on: boolean): void {
		this.#ask(on);
		const there = this.#status.power === (on ? "on" : "off");
		if (!there) this.#setStatus({ ...this.#status, power: this.#onItsWay() });
	}

	#ask(on: boolean): void {
		this.#asked = { on, until: this.#clock.now() + this.#dialect.traits.transitionMs };
	}

	#rest(ms: number): void {
		this.#restUntil = Math.max(this.#restUntil, this.#clock.now() + ms);
	}

	#readSoon(): void {
		this.#pauseMs = FIRST_PAUSE_MS;
		this.#nextReadAt = this.#clock.now();
	}

	#ok(): void {
		if (this.#health.state !== "ok") this.#setHealth({ ...this.#health, state: "ok", failure: null });
	}

	#lost(failure: PeripheralFailure): void {
		const { state, failure: before } = this.#health;
		// That the password is wrong remains the reason when the display hangs up on us for it.
		if (state === "lost" && (before === failure || before === "peripheral.wrong_password")) return;
		this.#setHealth({ ...this.#health, state: "lost", failure });
		this.#asked = null;
		this.#heard = false;
		this.#setStatus(unknown);
	}

	#setHealth(health: PeripheralHealth): void {
		const changed = health.state !== this.#health.state || health.failure !== this.#health.failure;
		this.#health = changed ? { ...health, since: this.#clock.now() } : health;
		if (!this.#stopped) this.#events.emit("health", this.#health);
	}

	#setStatus(status: DisplayStatus): void {
		const keys = ["power", "input", "volume", "muted"] as const;
		if (keys.every((key) => status[key] === this.#status[key])) return;
		this.#status = status;
		this.#pauseMs = FIRST_PAUSE_MS;
		if (!this.#stopped) this.#events.emit("status", status);
	}
}

const notDriven = (): RoomError => new RoomError("link.lost", "the display is not driven");

const wrongPassword = (): RoomError =>
	new RoomError("peripheral.wrong_password", "the display does not take this password");

function lineIsDown(state: LinkState): RoomError {
	const failure: LinkFailure | "" = state.failure ?? "";
	return new RoomError("link.lost", "the line to the display is down", { context: { failure } });
}
