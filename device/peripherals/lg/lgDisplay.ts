import type { Clock } from "../../core/clock.ts";
import type { RoomError } from "../../core/RoomError.ts";
import type { DisplayDialect, DisplayTraits } from "../display/DisplayDialect.ts";
import { codeOfInput, type InputCodes, inputOfCode } from "../display/inputCodes.ts";
import { OptionalAnswers } from "../display/OptionalAnswers.ts";
import { PolledDisplay } from "../display/PolledDisplay.ts";
import { fault, notNow, notSupported, refused } from "../display/refusals.ts";
import type { FrameLink } from "../link/FrameLink.ts";
import { RequestQueue } from "../link/RequestQueue.ts";
import type { Display, DisplayInput, DisplayStatus } from "../model/Display.ts";
import { encodeLg, LG_ASK, LG_EVERYBODY, lgCommands, parseLg } from "./lgFrames.ts";

export interface LgOptions {
	clock: Clock;
	/** The display's own, 1 to 255, as its menu shows it (Set ID). 0 is every display on the line: nothing is read then. */
	id: number;
	/** "In this model, set will not send the status during the standby mode" (LG 55LV5400, p. 135). Default true. */
	silentWhenOff?: boolean;
}

/** LG, user guide 55EF5C, p. 45: each input has a second code for a PC. */
const inputs: InputCodes = {
	hdmi1: [0x90, 0xa0],
	hdmi2: [0x91, 0xa1],
	hdmi3: [0x92, 0xa2],
	displayport1: [0xc0, 0xd0],
	dvi1: [0x70, 0x80],
	vga1: [0x60],
};

/** An LG display over its serial port. It takes the link. */
export function lgDisplay(link: FrameLink, options: LgOptions): Display {
	const requests = new RequestQueue(link, { clock: options.clock });
	const dialect = new LgDialect(link, requests, options);
	return new PolledDisplay({ line: link, dialect, clock: options.clock, counters: () => requests.counters });
}

class LgDialect implements DisplayDialect {
	readonly traits: DisplayTraits;
	readonly #link: FrameLink;
	readonly #requests: RequestQueue;
	readonly #id: number;
	readonly #optional = new OptionalAnswers();

	constructor(link: FrameLink, requests: RequestQueue, { id, silentWhenOff = true }: LgOptions) {
		this.#link = link;
		this.#requests = requests;
		this.#id = id;
		this.traits = {
			answers: id !== LG_EVERYBODY,
			silentWhenOff,
			transitionMs: 45_000,
			graceMs: 0,
			restMs: { power: 0, select: 0 },
		};
	}

	/** It has no word for its model. */
	async greet(): Promise<string> {
		this.#optional.reset();
		return "LG";
	}

	async read(): Promise<DisplayStatus> {
		const power = await this.#ask(lgCommands.power);
		if (power === 0) return { power: "off", input: null, volume: null, muted: null };
		const input = await this.#optional.ask("input", () => this.#ask(lgCommands.input));
		const volume = await this.#optional.ask("volume", () => this.#ask(lgCommands.volume));
		const sound = await this.#optional.ask("mute", () => this.#ask(lgCommands.volumeMute));
		return {
			power: "on",
			input: input === null ? null : inputOfCode(inputs, input),
			volume: volume !== null && volume <= 100 ? volume : null,
			muted: sound === null ? null : sound === 0,
		};
	}

	async power(on: boolean): Promise<void> {
		await this.#set(lgCommands.power, on ? 1 : 0);
	}

	async select(input: DisplayInput): Promise<void> {
		await this.#set(lgCommands.input, codeOfInput(inputs, input));
	}

	async volume(level: number): Promise<void> {
		await this.#set(lgCommands.volume, level);
	}

	/** Its 0 is mute, its 1 sound (LG 32VS10MS, p. A7). */
	async mute(on: boolean): Promise<void> {
		await this.#set(lgCommands.volumeMute, on ? 0 : 1);
	}

	close(): void {
		this.#requests.close();
	}

	async #set(command: string, value: number): Promise<void> {
		if (this.traits.answers) await this.#ask(command, value);
		else await this.#link.send(encodeLg(command, this.#id, value));
	}

	#ask(command: string, data = LG_ASK): Promise<number> {
		return this.#requests.ask({
			frame: () => encodeLg(command, this.#id, data),
			judge: (frame) => {
				const answer = parseLg(frame);
				if (answer?.id !== this.#id || answer.letter !== command[1]) return { is: "other" };
				if (!answer.ok) return { is: "failed", error: whyNot(command, answer.data) };
				if (answer.data === null) return { is: "failed", error: fault("an answer without a value") };
				return { is: "done", value: answer.data };
			},
		});
	}
}

/** LG 55LV5400, p. 135: 1 an illegal code, 2 a function that is not there, 3 wait. Others say 0 and mean any of them. */
function whyNot(command: string, data: number | null): RoomError {
	if (data === 2) return notSupported(`command ${command}`);
	return data === 3 ? notNow("it asks to wait") : refused(`command ${command}`);
}
