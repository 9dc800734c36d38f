import type { Clock } from "../../core/clock.ts";
import type { DisplayDialect, DisplayTraits } from "../display/DisplayDialect.ts";
import { codeOfInput, type InputCodes, inputOfCode } from "../display/inputCodes.ts";
import { OptionalAnswers } from "../display/OptionalAnswers.ts";
import { PolledDisplay } from "../display/PolledDisplay.ts";
import { fault, notNow, notSupported, refused } from "../display/refusals.ts";
import type { FrameLink } from "../link/FrameLink.ts";
import type { Verdict } from "../link/Request.ts";
import { RequestQueue } from "../link/RequestQueue.ts";
import type { Display, DisplayInput, DisplayStatus } from "../model/Display.ts";
import {
	NEC_EVERYBODY,
	type NecAnswer,
	necCodes,
	necGet,
	necModelRead,
	necPower,
	necPowerModes,
	necPowerRead,
	necSet,
	parseNec,
} from "./necFrames.ts";

export interface SharpNecOptions {
	clock: Clock;
	/** The monitor's own, 1 to 100, as its menu shows it (Monitor ID). `*` is every monitor on the line: nothing is read then. */
	id: number | typeof NEC_EVERYBODY;
	/** Its serial port or network sleeps with it. Default false; it is learned when it falls silent after it was told to go off. */
	silentWhenOff?: boolean;
}

/** NEC, "External Control", Rev. 3.5, §6.3, OP code 0060h; second and third HDMI and second DisplayPort in that of the UN552S, appendix A. */
const inputs: InputCodes = {
	hdmi1: [0x11, 0x04],
	hdmi2: [0x12],
	hdmi3: [0x82],
	displayport1: [0x0f],
	displayport2: [0x10],
	dvi1: [0x03],
	vga1: [0x01],
};

/** "External Control", UN552S, §3.3 (p. 6): so long after the reply nothing may be sent. */
const REST_AFTER_POWER_MS = 15_000;
const REST_AFTER_INPUT_MS = 10_000;
/** "The packet interval needs to be longer than 600msec" (P401, §3.3 (p. 1), and Sharp's of today; the UN552S asks for none). */
const PACKET_INTERVAL_MS = 650;
/** The manuals promise no time. */
const TIMEOUT_MS = 3000;

type Parameter = Extract<NecAnswer, { kind: "parameter" }>;

/** A Sharp/NEC display over its serial port or TCP 7142. It takes the link. */
export function sharpNecDisplay(link: FrameLink, options: SharpNecOptions): Display {
	const requests = new RequestQueue(link, { clock: options.clock });
	const dialect = new NecDialect(link, requests, options);
	return new PolledDisplay({ line: link, dialect, clock: options.clock, counters: () => requests.counters });
}

class NecDialect implements DisplayDialect {
	readonly traits: DisplayTraits;
	readonly #link: FrameLink;
	readonly #clock: Clock;
	readonly #requests: RequestQueue;
	readonly #id: number | typeof NEC_EVERYBODY;
	readonly #optional = new OptionalAnswers();
	/** What the monitor calls full volume. */
	#fullVolume = 100;
	#nextPacketAt = 0;
	#cancelPause: () => void = () => {};

	constructor(link: FrameLink, requests: RequestQueue, { clock, id, silentWhenOff = false }: SharpNecOptions) {
		this.#link = link;
		this.#clock = clock;
		this.#requests = requests;
		this.#id = id;
		this.traits = {
			answers: id !== NEC_EVERYBODY,
			silentWhenOff,
			transitionMs: 60_000,
			// It hangs up on whoever says nothing for 15 minutes (§3.2).
			graceMs: 3000,
			restMs: { power: REST_AFTER_POWER_MS, select: REST_AFTER_INPUT_MS },
		};
	}

	async greet(): Promise<string> {
		this.#optional.reset();
		this.#fullVolume = 100;
		const model = await this.#optional.ask("model", () => this.#ask(necModelRead(this.#id), modelOf));
		return model ? `NEC ${model}` : "NEC";
	}

	async read(): Promise<DisplayStatus> {
		const mode = await this.#ask(necPowerRead(this.#id), powerOf(false));
		if (mode !== necPowerModes.on) return { power: "off", input: null, volume: null, muted: null };
		const input = await this.#get("input", necCodes.input);
		const volume = await this.#get("volume", necCodes.volume);
		const mute = await this.#get("mute", necCodes.audioMute);
		if (volume && volume.most > 0) this.#fullVolume = volume.most;
		return {
			power: "on",
			input: input && inputOfCode(inputs, input.value),
			volume: volume && Math.min(100, Math.round((volume.value * 100) / this.#fullVolume)),
			muted: mute && mute.value === 1,
		};
	}

	async power(on: boolean): Promise<void> {
		const frame = necPower(this.#id, on);
		if (this.traits.answers) await this.#ask(frame, powerOf(true));
		else await this.#say(frame);
	}

	async select(input: DisplayInput): Promise<void> {
		await this.#set(necCodes.input, codeOfInput(inputs, input));
	}

	async volume(level: number): Promise<void> {
		await this.#set(necCodes.volume, Math.round((level * this.#fullVolume) / 100));
	}

	/** "MultiSync P702", user's manual, p. 32: 1 is mute, 2 is sound. */
	async mute(on: boolean): Promise<void> {
		await this.#set(necCodes.audioMute, on ? 1 : 2);
	}

	close(): void {
		this.#cancelPause();
		this.#requests.close();
	}

	#get(name: string, code: number): Promise<Parameter | null> {
		return this.#optional.ask(name, () => this.#ask(necGet(this.#id, code), parameterOf(code, false)));
	}

	async #set(code: number, value: number): Promise<void> {
		const frame = necSet(this.#id, code, value);
		if (this.traits.answers) await this.#ask(frame, parameterOf(code, true));
		else await this.#say(frame);
	}

	async #say(frame: Uint8Array): Promise<void> {
		await this.#interval();
		await this.#link.send(frame);
	}

	/** One call is under way at a time, so nobody else waits here. */
	async #interval(): Promise<void> {
		const waitMs = this.#nextPacketAt - this.#clock.now();
		if (waitMs > 0) {
			await new Promise<void>((resolve) => {
				this.#cancelPause = this.#clock.after(waitMs, resolve);
			});
		}
		this.#nextPacketAt = this.#clock.now() + PACKET_INTERVAL_MS;
	}

	async #ask<T>(frame: Uint8Array, judge: (answer: NecAnswer) => Verdict<T>): Promise<T> {
		await this.#interval();
		return this.#requests.ask({
			timeoutMs: TIMEOUT_MS,
			frame: () => frame,
			judge: (bytes) => {
				const answer = parseNec(bytes);
				// Its sender is always monitor 1 in the manual, and only who was asked says it.
				if (answer?.kind === "null") return { is: "failed", error: notNow("it has nothing to say") };
				if (answer?.monitor !== this.#id) return { is: "other" };
				return judge(answer);
			},
		});
	}
}

const powerOf =
	(set: boolean) =>
	(answer: NecAnswer): Verdict<number> => {
		if (answer.kind !== "power" || answer.set !== set) return { is: "other" };
		if (!answer.ok)
			return { is: "failed", error: set ? notNow("it takes no power command") : fault("it can't tell its power") };
		return { is: "done", value: answer.mode };
	};

const modelOf = (answer: NecAnswer): Verdict<string> =>
	answer.kind === "model" ? { is: "done", value: answer.model } : { is: "other" };

const parameterOf =
	(code: number, set: boolean) =>
	(answer: NecAnswer): Verdict<Parameter> => {
		if (answer.kind !== "parameter" || answer.code !== code || answer.set !== set) return { is: "other" };
		// "Unsupported operation with this monitor or unsupported operation under current condition" (§5.2): it may answer another time.
		const what = `OP code ${code.toString(16)}`;
		if (!answer.ok) return { is: "failed", error: set ? notSupported(what) : refused(what) };
		return { is: "done", value: answer };
	};
