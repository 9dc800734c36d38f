import type { Clock } from "../../core/clock.ts";
import type { DisplayDialect, DisplayTraits } from "../display/DisplayDialect.ts";
import { codeOfInput, type InputCodes, inputOfCode } from "../display/inputCodes.ts";
import { OptionalAnswers } from "../display/OptionalAnswers.ts";
import { PolledDisplay } from "../display/PolledDisplay.ts";
import { fault, refused } from "../display/refusals.ts";
import type { FrameLink } from "../link/FrameLink.ts";
import { RequestQueue } from "../link/RequestQueue.ts";
import type { Display, DisplayInput, DisplayStatus } from "../model/Display.ts";
import { encodeMdc, MDC_EVERYBODY, mdcCommands, mdcText, parseMdc } from "./mdcFrames.ts";

export interface SamsungMdcOptions {
	clock: Clock;
	/** The display's own, 0 to 254, as its menu shows it (ID Setup). 254 (FE) is every display on the line: nothing is read then. */
	id: number;
	/** Its serial port or network sleeps with it. Default false; it is learned when it falls silent after it was told to go off. */
	silentWhenOff?: boolean;
}

/** "Multiple Display Control Protocol" 13.7c, §2.1.14 (0x14): what a PC at an HDMI input makes of it can only be read. */
const inputs: InputCodes = {
	hdmi1: [0x21, 0x22],
	hdmi2: [0x23, 0x24],
	hdmi3: [0x31, 0x32],
	displayport1: [0x25],
	displayport2: [0x26],
	dvi1: [0x18, 0x1f],
	vga1: [0x14],
};

/** A Samsung display over its serial port or TCP 1515. It takes the link. */
export function samsungMdcDisplay(link: FrameLink, options: SamsungMdcOptions): Display {
	const requests = new RequestQueue(link, { clock: options.clock });
	const dialect = new MdcDialect(link, requests, options);
	return new PolledDisplay({ line: link, dialect, clock: options.clock, counters: () => requests.counters });
}

class MdcDialect implements DisplayDialect {
	readonly traits: DisplayTraits;
	readonly #link: FrameLink;
	readonly #requests: RequestQueue;
	readonly #id: number;
	readonly #optional = new OptionalAnswers();

	constructor(link: FrameLink, requests: RequestQueue, { id, silentWhenOff = false }: SamsungMdcOptions) {
		this.#link = link;
		this.#requests = requests;
		this.#id = id;
		this.traits = {
			answers: id !== MDC_EVERYBODY,
			silentWhenOff,
			transitionMs: 45_000,
			graceMs: 0,
			restMs: { power: 0, select: 0 },
		};
	}

	async greet(): Promise<string> {
		this.#optional.reset();
		const name = await this.#optional.ask("model", () => this.#ask(mdcCommands.model));
		return `Samsung ${name ? mdcText(name) : ""}`.trim();
	}

	async read(): Promise<DisplayStatus> {
		const [power, volume, muted, input] = await this.#ask(mdcCommands.status);
		if (power === undefined || volume === undefined || muted === undefined || input === undefined)
			throw fault("a status without its parts");
		return {
			power: power === 0 ? "off" : "on",
			input: inputOfCode(inputs, input),
			// FF: a display without sound.
			volume: volume <= 100 ? volume : null,
			muted: muted <= 1 ? muted === 1 : null,
		};
	}

	async power(on: boolean): Promise<void> {
		await this.#set(mdcCommands.power, on ? 1 : 0);
	}

	async select(input: DisplayInput): Promise<void> {
		await this.#set(mdcCommands.input, codeOfInput(inputs, input));
	}

	async volume(level: number): Promise<void> {
		await this.#set(mdcCommands.volume, level);
	}

	async mute(on: boolean): Promise<void> {
		await this.#set(mdcCommands.mute, on ? 1 : 0);
	}

	close(): void {
		this.#requests.close();
	}

	async #set(command: number, value: number): Promise<void> {
		if (this.traits.answers) await this.#ask(command, [value]);
		else await this.#link.send(encodeMdc(command, this.#id, [value]));
	}

	#ask(command: number, data: readonly number[] = []): Promise<Uint8Array> {
		return this.#requests.ask({
			frame: () => encodeMdc(command, this.#id, data),
			judge: (frame) => {
				const answer = parseMdc(frame);
				if (answer?.id !== this.#id || answer.command !== command) return { is: "other" };
				// Why it said no is a number that the manual does not explain.
				if (!answer.ok) return { is: "failed", error: refused(`command ${command.toString(16)}`) };
				return { is: "done", value: answer.values };
			},
		});
	}
}
