import type { Clock } from "../../../device/core/clock.ts";
import type { DisplayInput } from "../../../device/peripherals/model/Display.ts";
import type { DisplayModel } from "./DisplayModel.ts";
import type { DisplayVoice } from "./DisplayVoice.ts";

const codes = new Map<DisplayInput, number>([
	["hdmi1", 0x11],
	["hdmi2", 0x12],
	["hdmi3", 0x82],
	["displayport1", 0x0f],
	["displayport2", 0x10],
	["dvi1", 3],
	["vga1", 1],
]);
const inputOf = (code: number) => [...codes].find(([, its]) => its === code)?.[0];
const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");

function packet(from: number, type: string, message: string): Uint8Array {
	const text = `\x0100${String.fromCharCode(from)}${type}${hex(message.length + 2, 2)}\x02${message}\x03`;
	const bytes = Buffer.from(text, "latin1");
	return Uint8Array.from([...bytes, bytes.subarray(1).reduce((check, byte) => check ^ byte, 0), 0x0d]);
}

export interface NecVoiceOptions {
	clock: Clock;
	id?: number;
	/** So long after a power or input command it has nothing to say but NULL (NEC, "External Control", Rev. 3.5, §5.5.3). */
	busyMs?: number;
	/** What it calls full volume. */
	fullVolume?: number;
	/** On what it doesn't know it says nothing, as the Exx7 do (E437Q, p. 14). */
	silentOnUnknown?: boolean;
}

/** A Sharp/NEC monitor. */
export function necVoice(model: DisplayModel, options: NecVoiceOptions): DisplayVoice {
	const { clock, id = 1, busyMs = 0, fullVolume = 100, silentOnUnknown = false } = options;
	const address = 0x40 + id;
	let kept = Buffer.alloc(0);
	let busyUntil = 0;

	const nothing = () => packet(address, "B", "BE");
	const busy = () => {
		busyUntil = clock.now() + busyMs;
	};

	/** Null: it says nothing. */
	function answer(type: string, message: string): Uint8Array | null {
		if (clock.now() < busyUntil) return nothing();
		if (type === "A" && message === "01D6") {
			return packet(address, "B", `0200D600000400${model.power === "on" ? "01" : "04"}`);
		}
		if (type === "A" && message === "C217")
			return packet(address, "B", `C317${Buffer.from("P403").toString("hex").toUpperCase()}`);
		if (type === "A" && message.startsWith("C203D6")) {
			const mode = message.slice(6);
			if (!model.switch(mode === "0001")) return nothing();
			busy();
			return packet(address, "B", `00C203D6${mode}`);
		}
		if (model.power !== "on") return nothing();
		const code = message.slice(0, 4);
		const value = type === "E" ? Number.parseInt(message.slice(4), 16) : null;
		const now = type === "E" || type === "C" ? parameter(code, value) : null;
		if (now) return packet(address, type === "E" ? "F" : "D", `00${code}00${hex(now.most, 4)}${hex(now.value, 4)}`);
		return silentOnUnknown ? null : packet(address, type === "E" ? "F" : "D", `01${code}0000000000`);
	}

	function parameter(code: string, value: number | null): { most: number; value: number } | null {
		if (code === "0060") {
			if (value !== null) {
				if (!model.select(inputOf(value))) return null;
				busy();
			}
			return { most: 0x88, value: codes.get(model.input) ?? 0 };
		}
		if (!model.sound) return null;
		if (code === "0062") {
			if (value !== null && !model.setVolume(Math.round((value * 100) / fullVolume))) return null;
			return { most: fullVolume, value: Math.round((model.volume * fullVolume) / 100) };
		}
		if (code === "008D") {
			if (value !== null) model.mute(value === 1);
			return { most: 2, value: model.muted ? 1 : 2 };
		}
		return null;
	}

	return {
		hear(bytes) {
			kept = Buffer.concat([kept, bytes]);
			const answers: Uint8Array[] = [];
			for (let end = kept.indexOf(0x0d); end !== -1; end = kept.indexOf(0x0d)) {
				// A check code may be 0D itself.
				const length = Number.parseInt(kept.toString("latin1", 5, 7), 16);
				const whole = 7 + length + 2;
				if (kept[0] !== 1 || !(length > 0)) {
					kept = kept.subarray(end + 1);
					continue;
				}
				if (kept.length < whole) break;
				const command = kept.subarray(0, whole);
				kept = kept.subarray(whole);
				const check = command.subarray(1, -2).reduce((all, byte) => all ^ byte, 0);
				const to = command[2];
				if (check !== command[whole - 2] || (to !== address && to !== 0x2a)) continue;
				const said = answer(command.toString("latin1", 4, 5), command.toString("latin1", 8, whole - 3));
				if (said && to === address) answers.push(said);
			}
			return answers;
		},
		spoiled(said) {
			const spoiled = said.slice();
			spoiled[said.length - 2] = (said.at(-2) as number) ^ 1;
			return spoiled;
		},
		ofAnother: (said) =>
			packet(
				address + 1,
				String.fromCharCode(said[4] as number),
				Buffer.from(said).toString("latin1", 8, said.length - 3),
			),
	};
}
