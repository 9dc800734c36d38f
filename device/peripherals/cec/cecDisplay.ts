import { RoomError } from "../../core/RoomError.ts";
import type { DisplayDialect, DisplayLine, DisplayTraits } from "../display/DisplayDialect.ts";
import { OptionalAnswers } from "../display/OptionalAnswers.ts";
import { PolledDisplay } from "../display/PolledDisplay.ts";
import { fault, notSupported } from "../display/refusals.ts";
import type { Display, DisplayInput, DisplayStatus } from "../model/Display.ts";
import type { CecBus, CecMessage, CecTransmission } from "./CecBus.ts";
import { CecCtl, type CecCtlOptions } from "./CecCtl.ts";
import { AUDIO_SYSTEM, type CecKey, cecMessages, cecOpcodes, TELEVISION, vendorName } from "./cecMessages.ts";

/** What the display shows of us; at most 14 characters. */
const OUR_NAME = "InCamera";
/** Looks at the volume on the way to a level; after the first key it is known how far one goes. */
const MOST_LOOKS = 12;
/** Keys pressed between two looks: two seconds on the line. */
const MOST_KEYS = 12;

/** A television or other display at the end of an HDMI cable, by the cable itself (HDMI-CEC), through cec-ctl. */
export function cecDisplay(options: CecCtlOptions): Display {
	const bus = new CecCtl(options);
	// It has no life of its own that could be watched: what is wrong with it comes out when something is said.
	const line: DisplayLine = {
		state: { name: "up", since: options.clock.now(), failure: null },
		counters: bus.counters,
		onState: () => () => {},
		close: async () => bus.close(),
	};
	return new PolledDisplay({ line, dialect: new CecDialect(bus), clock: options.clock });
}

interface Sound {
	/** Who makes it: an amplifier on the line, or the display. */
	readonly address: number;
	readonly volume: number;
	readonly muted: boolean;
}

class CecDialect implements DisplayDialect {
	readonly traits: DisplayTraits = {
		answers: true,
		silentWhenOff: false,
		transitionMs: 45_000,
		graceMs: 0,
		restMs: { power: 0, select: 0 },
	};
	readonly #bus: CecBus;
	readonly #optional = new OptionalAnswers();
	/** Where our cable is plugged in; null: not known (any more). */
	#address: number | null = null;

	constructor(bus: CecBus) {
		this.#bus = bus;
	}

	async greet(): Promise<string> {
		this.#optional.reset();
		await this.#claim();
		const vendor = await this.#optional.ask("vendor", () => this.#ask(cecMessages.giveVendor, cecOpcodes.vendorId));
		const name = await this.#optional.ask("name", () => this.#ask(cecMessages.giveName, cecOpcodes.osdName));
		return [vendor && vendorName(vendor), name && nameOf(name)].filter(Boolean).join(" ") || "HDMI-CEC";
	}

	async read(): Promise<DisplayStatus> {
		const power = await this.#power();
		if (power !== null && power !== "on") return { power, input: null, volume: null, muted: null };
		const sound = await this.#sound();
		// Which input is shown is told on the line when it changes, and to nobody who asks.
		return { power, input: null, volume: sound?.volume ?? null, muted: sound?.muted ?? null };
	}

	async power(on: boolean): Promise<void> {
		await this.#tell([on ? cecMessages.imageViewOn : cecMessages.standby]);
	}

	/** A source can only bring itself to the screen, and is plugged into one input. */
	async select(input: DisplayInput): Promise<void> {
		const address = this.#address ?? (await this.#claim());
		if (input !== `hdmi${address >> 12}`) throw notSupported(`${input}: our cable is in hdmi${address >> 12}`);
		await this.#tell([cecMessages.imageViewOn, cecMessages.activeSource(address)]);
	}

	/** There are only the keys of a remote control: pressed until the level is there, or as near as their steps come. */
	async volume(level: number): Promise<void> {
		let step = 1;
		let pressed: { keys: number; from: number } | null = null;
		for (let look = 0; look < MOST_LOOKS; look += 1) {
			const sound = await this.#sound();
			if (!sound) throw notSupported("volume");
			if (pressed) {
				const moved = Math.abs(sound.volume - pressed.from);
				if (moved === 0) throw notSupported("volume");
				step = moved / pressed.keys;
			}
			const way = level - sound.volume;
			if (way === 0 || (pressed && Math.abs(way) <= step / 2)) return;
			const keys: number = pressed ? Math.min(MOST_KEYS, Math.max(1, Math.round(Math.abs(way) / step))) : 1;
			await this.#press(sound.address, way > 0 ? "volume-up" : "volume-down", keys);
			pressed = { keys, from: sound.volume };
		}
	}

	async mute(on: boolean): Promise<void> {
		// First the keys that say which, then the one that turns it over: older displays know only that.
		for (const key of [on ? "mute-function" : "restore-volume-function", "mute"] as const) {
			const sound = await this.#sound();
			if (!sound) break;
			if (sound.muted === on) return;
			await this.#press(sound.address, key, 1);
		}
		if ((await this.#sound())?.muted !== on) throw notSupported("mute");
	}

	close(): void {
		this.#bus.close();
	}

	/** Null: it is there and doesn't tell. */
	async #power(): Promise<DisplayStatus["power"]> {
		const [sent] = await this.#send([cecMessages.givePowerStatus]);
		if (!sent?.reply) throw silence();
		const [, opcode, code = -1] = sent.reply;
		if (opcode === cecOpcodes.featureAbort) return null;
		const power = opcode === cecOpcodes.reportPowerStatus ? powers[code] : undefined;
		if (power === undefined) throw fault("a power status that CEC doesn't know");
		return power;
	}

	/** An amplifier goes before the display. Null: nobody tells. */
	async #sound(): Promise<Sound | null> {
		for (const address of [AUDIO_SYSTEM, TELEVISION]) {
			const message = cecMessages.giveAudioStatus(address);
			const reply = await this.#optional.ask(`sound of ${address}`, () =>
				this.#ask(message, cecOpcodes.reportAudioStatus),
			);
			const value = reply?.[2];
			// 7F: it is not known.
			if (value === undefined || (value & 0x7f) > 100) continue;
			return { address, volume: value & 0x7f, muted: (value & 0x80) !== 0 };
		}
		return null;
	}

	async #press(address: number, key: CecKey, times: number): Promise<void> {
		await this.#tell(Array.from({ length: times }, () => cecMessages.press(address, key)).flat());
	}

	/** @throws RoomError `peripheral.timeout` where nobody took one of them. */
	async #tell(messages: readonly CecMessage[]): Promise<void> {
		const sent = await this.#send(messages);
		if (sent.some(({ acknowledged }) => !acknowledged)) throw silence();
	}

	/** @returns the answer: header, opcode, operands. */
	async #ask(message: CecMessage, opcode: number): Promise<Uint8Array> {
		const [sent] = await this.#send([message]);
		const reply = sent?.reply;
		if (!reply) throw silence();
		if (reply[1] === cecOpcodes.featureAbort) throw notSupported(message.words.join(" "));
		if (reply[1] !== opcode) throw fault("another answer than was asked for");
		return reply;
	}

	/** Claims first where we are no device on the line: the cable may have been out. */
	async #send(messages: readonly CecMessage[]): Promise<CecTransmission[]> {
		if (this.#address === null) await this.#claim();
		const sent = await this.#bus.send(messages);
		if (sent) return sent;
		await this.#claim();
		const again = await this.#bus.send(messages);
		if (!again) throw silence();
		return again;
	}

	async #claim(): Promise<number> {
		this.#address = await this.#bus.claim(OUR_NAME);
		// Without a cable, or with a display that lets go of the line in standby, nobody is there to be heard.
		if (this.#address === null) throw silence();
		return this.#address;
	}
}

/** HDMI 1.4b, supplement 1 (CEC), table 28, [Power Status] */
const powers: Readonly<Record<number, DisplayStatus["power"]>> = { 0: "on", 1: "off", 2: "warming", 3: "cooling" };

const nameOf = (reply: Uint8Array): string =>
	Buffer.from(reply.subarray(2))
		.toString("latin1")
		.replace(/[^ -~]/g, "")
		.trim();

const silence = (): RoomError => new RoomError("peripheral.timeout", "nobody answers on the HDMI line");
