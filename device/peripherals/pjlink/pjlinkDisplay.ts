import type { Clock } from "../../core/clock.ts";
import { RoomError } from "../../core/RoomError.ts";
import type { DisplayDialect, DisplayTraits } from "../display/DisplayDialect.ts";
import { OptionalAnswers } from "../display/OptionalAnswers.ts";
import { PolledDisplay } from "../display/PolledDisplay.ts";
import { fault, notNow, notSupported } from "../display/refusals.ts";
import type { FrameLink, LinkCounters, LinkState } from "../link/FrameLink.ts";
import { RequestQueue } from "../link/RequestQueue.ts";
import type { Display, DisplayInput, DisplayStatus } from "../model/Display.ts";
import { mapInputs, type PjlinkInput } from "./pjlinkInputs.ts";
import { encodePjlink, type PjlinkClass, parsePjlink, pjlinkDigest } from "./pjlinkLines.ts";

export interface PjlinkOptions {
	clock: Clock;
	/** Where the projector asks for one. */
	password?: string;
	/** Which input is which, where the projector does not say it, or says it in words of its own. */
	inputs?: Readonly<Partial<Record<DisplayInput, PjlinkInput>>>;
}

/** A projector speaks first (class 1 version 1.04, §5.1); one that doesn't in this time is none, or hangs. */
const GREETING_MS = 3000;
/** "Within two seconds" is the rule, and each maker may set another (§6). */
const TIMEOUT_MS = 4000;
/** Names that are asked for: more inputs than any projector has. */
const MOST_INPUTS = 16;

/** A projector or display in the network that speaks PJLink, class 1 or 2. It takes the link. */
export function pjlinkDisplay(link: FrameLink, options: PjlinkOptions): Display {
	const dialect = new PjlinkDialect(link, options);
	return new PolledDisplay({ line: link, dialect, clock: options.clock, counters: () => dialect.counters });
}

/** Of a connection, or the next one while there is none: rejects when nothing is said, and when a password is missing. */
type Greeting = PromiseWithResolvers<void>;

class PjlinkDialect implements DisplayDialect {
	readonly traits: DisplayTraits = {
		answers: true,
		silentWhenOff: false,
		// A lamp warms up for half a minute, and must cool down before it may be lit again.
		transitionMs: 120_000,
		// It hangs up after 30 idle seconds, some after each answer (§5.4), and the line is opened again with pauses of up to ten seconds.
		graceMs: 12_000,
		restMs: { power: 0, select: 0 },
	};
	readonly #clock: Clock;
	readonly #password: string;
	readonly #configured: Readonly<Partial<Record<DisplayInput, PjlinkInput>>>;
	readonly #requests: RequestQueue;
	readonly #unlisten: (() => void)[];
	readonly #optional = new OptionalAnswers();
	#greeting: Greeting = newGreeting();
	#connected = false;
	#cancelGreeting: () => void = () => {};
	#unheardGreetings = 0;
	/** Stands before the first command of a connection. */
	#digest = "";
	#class: PjlinkClass = 1;
	#inputs: ReadonlyMap<DisplayInput, PjlinkInput> = new Map();
	/** What it calls itself; it stays the same over the many connections to it. */
	#model: string | null = null;

	constructor(link: FrameLink, { clock, password = "", inputs = {} }: PjlinkOptions) {
		this.#clock = clock;
		this.#password = password;
		this.#configured = inputs;
		this.#unlisten = [link.onState((state) => this.#lineChanged(state)), link.onFrame((frame) => this.#heard(frame))];
		this.#requests = new RequestQueue(link, { clock });
		this.#lineChanged(link.state);
	}

	get counters(): Readonly<LinkCounters> {
		const { counters } = this.#requests;
		return { ...counters, timeouts: counters.timeouts + this.#unheardGreetings };
	}

	async greet(): Promise<string> {
		await this.#greeting.promise;
		this.#model ??= await this.#introduce();
		return this.#model;
	}

	async read(): Promise<DisplayStatus> {
		const power = powers[await this.#ask("POWR", "?")];
		if (power === undefined) throw fault("a power that PJLink doesn't know");
		if (power !== "on") return { power, input: null, volume: null, muted: null };
		const input = await this.#optional.ask("INPT", () => this.#ask("INPT", "?", this.#class));
		const mutes = await this.#optional.ask("AVMT", () => this.#ask("AVMT", "?"));
		return {
			power,
			input: input === null ? null : this.#inputOf(input),
			// It can be made louder or softer (class 2, SVOL), but can't be asked how loud it is.
			volume: null,
			muted: mutes !== null && /^[123][01]$/.test(mutes) ? mutes === "21" || mutes === "31" : null,
		};
	}

	async power(on: boolean): Promise<void> {
		await this.#set("POWR", on ? "1" : "0");
	}

	async select(input: DisplayInput): Promise<void> {
		const code = this.#inputs.get(input);
		if (code === undefined) throw notSupported(input);
		await this.#set("INPT", code, this.#class);
	}

	async volume(): Promise<void> {
		throw notSupported("volume");
	}

	async mute(on: boolean): Promise<void> {
		await this.#set("AVMT", on ? "21" : "20");
	}

	close(): void {
		for (const unlisten of this.#unlisten) unlisten();
		this.#cancelGreeting();
		this.#endGreeting();
		this.#requests.close();
	}

	/** Who it is, and what its inputs are called. */
	async #introduce(): Promise<string> {
		this.#optional.reset();
		const tell = (body: string, value = "?", pjlinkClass: PjlinkClass = 1) =>
			this.#optional.ask(body + value, () => this.#ask(body, value, pjlinkClass));
		this.#class = (await tell("CLSS")) === "2" ? 2 : 1;
		const maker = await tell("INF1");
		const product = await tell("INF2");
		const listed =
			(await tell("INST", "?", this.#class))?.split(" ").filter((code) => /^[1-6][1-9A-Z]$/.test(code)) ?? null;
		const named = new Map<PjlinkInput, string>();
		if (this.#class === 2 && listed) {
			for (const code of listed.slice(0, MOST_INPUTS)) {
				const name = await tell("INNM", `?${code}`, 2);
				if (name) named.set(code, name);
			}
		}
		this.#inputs = mapInputs(listed, named, this.#configured);
		return `${maker ?? ""} ${product ?? ""}`.trim() || "PJLink";
	}

	#inputOf(code: PjlinkInput): DisplayInput | "other" {
		for (const [input, its] of this.#inputs) if (its === code) return input;
		return "other";
	}

	async #set(body: string, value: string, pjlinkClass: PjlinkClass = 1): Promise<void> {
		const answer = await this.#ask(body, value, pjlinkClass);
		if (answer !== "OK") throw fault("neither OK nor an error");
	}

	/** Again on the next connection, where this one ends before the answer. @returns what stands behind the `=`. */
	async #ask(body: string, value: string, pjlinkClass: PjlinkClass = 1): Promise<string> {
		await this.#greeting.promise;
		try {
			return await this.#askOnce(body, value, pjlinkClass);
		} catch (error) {
			if (RoomError.from(error, "peripheral.fault").code !== "link.lost") throw error;
			await this.#greeting.promise;
			return this.#askOnce(body, value, pjlinkClass);
		}
	}

	#askOnce(body: string, value: string, pjlinkClass: PjlinkClass): Promise<string> {
		return this.#requests.ask({
			timeoutMs: TIMEOUT_MS,
			frame: () => {
				const line = this.#digest + encodePjlink(body, value, pjlinkClass);
				this.#digest = "";
				return Buffer.from(line);
			},
			judge: (frame) => {
				const line = parsePjlink(frame);
				if (line?.kind === "wrongPassword") return { is: "failed", error: wrongPassword("it refused it") };
				if (line?.kind !== "response" || line.body !== body) return { is: "other" };
				// `OK` answers a command and never a question: it is late.
				if (value.startsWith("?") && line.value === "OK") return { is: "other" };
				const error = whyNot(line.value, `${body} ${value}`);
				return error ? { is: "failed", error } : { is: "done", value: line.value };
			},
		});
	}

	#lineChanged(state: LinkState): void {
		this.#cancelGreeting();
		if (state.name !== "up") {
			if (this.#connected) this.#endGreeting();
			this.#connected = false;
			return;
		}
		this.#connected = true;
		const greeting = this.#greeting;
		this.#cancelGreeting = this.#clock.after(GREETING_MS, () => {
			this.#unheardGreetings += 1;
			greeting.reject(new RoomError("peripheral.timeout", "the projector says nothing"));
		});
	}

	#endGreeting(): void {
		this.#digest = "";
		this.#greeting.reject(new RoomError("link.lost", "the projector hung up before it said who it is"));
		this.#greeting = newGreeting();
	}

	#heard(frame: Uint8Array): void {
		const line = parsePjlink(frame);
		if (line?.kind !== "greeting" && line?.kind !== "wrongPassword") return;
		this.#cancelGreeting();
		if (line.kind === "wrongPassword") this.#greeting.reject(wrongPassword("it refused it"));
		else if (line.challenge === null) this.#greeting.resolve();
		else if (this.#password === "") this.#greeting.reject(wrongPassword("it asks for one, and none is set"));
		else {
			this.#digest = pjlinkDigest(line.challenge, this.#password);
			this.#greeting.resolve();
		}
	}
}

/** §4.2 */
const powers: Readonly<Record<string, DisplayStatus["power"]>> = {
	"0": "off",
	"1": "on",
	"2": "cooling",
	"3": "warming",
};

/** §2.2: undefined command, out of parameter, unavailable time, failure of the projector. Null: it is none of these. */
function whyNot(value: string, what: string): RoomError | null {
	if (value === "ERR1" || value === "ERR2") return notSupported(what);
	if (value === "ERR3") return notNow("it asks to wait");
	return value === "ERR4" ? fault("it says so itself") : null;
}

const wrongPassword = (why: string): RoomError =>
	new RoomError("peripheral.wrong_password", `the projector wants another password: ${why}`);

function newGreeting(): Greeting {
	const greeting = Promise.withResolvers<void>();
	// Nobody may be waiting for it.
	greeting.promise.catch(() => {});
	return greeting;
}
