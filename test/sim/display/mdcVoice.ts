import type { DisplayInput } from "../../../device/peripherals/model/Display.ts";
import type { DisplayModel } from "./DisplayModel.ts";
import type { DisplayVoice } from "./DisplayVoice.ts";
import { encodeMdcAnswer } from "./mdcAnswers.ts";

const codes = new Map<DisplayInput, number>([
	["hdmi1", 0x21],
	["hdmi2", 0x23],
	["hdmi3", 0x31],
	["displayport1", 0x25],
	["displayport2", 0x26],
	["dvi1", 0x18],
	["vga1", 0x14],
]);
const inputOf = (code: number | undefined) => [...codes].find(([, its]) => its === code)?.[0];

/** A Samsung display with this id. While it comes on it takes nothing but questions for its state. */
export function mdcVoice(model: DisplayModel, id = 1): DisplayVoice {
	let kept: number[] = [];
	const say = (command: number, ...values: number[]) => encodeMdcAnswer({ id, ok: true, command, values });
	const refuse = (command: number) => encodeMdcAnswer({ id, ok: false, command, values: [1] });

	function answer(command: number, data: readonly number[]): Uint8Array {
		const [value] = data;
		const power = model.power === "on" || model.power === "warming" ? 1 : 0;
		if (command === 0x00) {
			const volume = model.sound ? model.volume : 0xff;
			const muted = model.sound ? Number(model.muted) : 0xff;
			return say(command, model.settled ? power : 0, volume, muted, codes.get(model.input) ?? 0, 0x10, 0, 0);
		}
		if (command === 0x8a) return say(command, ...Buffer.from("QM55B"));
		if (command === 0x11) {
			if (value === undefined) return say(command, power);
			return model.switch(value === 1) ? say(command, value) : refuse(command);
		}
		if (value === undefined || model.power !== "on") return refuse(command);
		const done =
			(command === 0x12 && model.setVolume(value)) ||
			(command === 0x13 && model.mute(value === 1)) ||
			(command === 0x14 && model.select(inputOf(value)));
		return done ? say(command, value) : refuse(command);
	}

	return {
		hear(bytes) {
			kept.push(...bytes);
			const answers: Uint8Array[] = [];
			for (;;) {
				while (kept.length > 0 && kept[0] !== 0xaa) kept.shift();
				const [, command, to, length] = kept;
				if (command === undefined || to === undefined || length === undefined || kept.length < length + 5)
					return answers;
				const frame = kept.slice(0, length + 5);
				const sum = frame.slice(1, -1).reduce((all, byte) => all + byte, 0) % 256;
				if (sum !== frame.at(-1)) {
					kept.shift();
					continue;
				}
				kept = kept.slice(frame.length);
				if (to !== id && to !== 0xfe) continue;
				const said = answer(command, frame.slice(4, -1));
				if (to === id) answers.push(said);
			}
		},
		spoiled: (said) => Uint8Array.from([...said.slice(0, -1), ((said.at(-1) as number) + 1) % 256]),
		ofAnother(said) {
			const [, , , , ack, command = 0, ...values] = said;
			return encodeMdcAnswer({ id: (id + 1) % 250, ok: ack === 0x41, command, values: values.slice(0, -1) });
		},
	};
}
