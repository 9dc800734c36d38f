import type { DisplayInput } from "../../../device/peripherals/model/Display.ts";
import type { DisplayModel } from "./DisplayModel.ts";
import type { DisplayVoice } from "./DisplayVoice.ts";

const codes = new Map<DisplayInput, number>([
	["hdmi1", 0x90],
	["hdmi2", 0x91],
	["hdmi3", 0x92],
	["displayport1", 0xc0],
	["dvi1", 0x70],
	["vga1", 0x60],
]);
const inputOf = (code: number) => [...codes].find(([, its]) => its === code)?.[0];
const hex = (value: number) => value.toString(16).padStart(2, "0");

/** An LG display with this Set ID. `echoes`: it repeats what it is told before it answers, as LG's televisions do. */
export function lgVoice(model: DisplayModel, { id = 1, echoes = false } = {}): DisplayVoice {
	let kept = "";

	/** What stands between the id and the `x`. */
	function answer(command: string, data: number): string {
		const asks = data === 0xff;
		if (command === "ka") {
			if (asks) return `OK${hex(model.power === "on" ? 1 : 0)}`;
			return model.switch(data === 1) ? `OK${hex(data)}` : "NG03";
		}
		if (model.power !== "on") return "NG00";
		if (asks) {
			const value = { xb: codes.get(model.input), kf: model.volume, ke: Number(!model.muted) }[command];
			return value === undefined || (command !== "xb" && !model.sound) ? "NG02" : `OK${hex(value)}`;
		}
		const done =
			(command === "xb" && model.select(inputOf(data))) ||
			(command === "kf" && model.setVolume(data)) ||
			(command === "ke" && model.mute(data === 0));
		return done ? `OK${hex(data)}` : "NG02";
	}

	return {
		hear(bytes) {
			kept += Buffer.from(bytes).toString("latin1");
			const lines = kept.split("\r");
			kept = lines.pop() ?? "";
			return lines.flatMap((line) => {
				const match = /^([a-z]{2}) ([0-9a-f]{2}) ([0-9a-f]{2})$/.exec(line);
				if (!match) return [];
				const [, command = "", to = "", data = ""] = match;
				const asked = Number.parseInt(to, 16);
				if (asked !== id && asked !== 0) return [];
				const said = `${command[1]} ${hex(id)} ${answer(command, Number.parseInt(data, 16))}x`;
				const echo = echoes ? [Buffer.from(`${line}\r`)] : [];
				return asked === id ? [...echo, Buffer.from(said)] : [];
			});
		},
		// It has no check: a letter that is none of its own.
		spoiled: (said) => Buffer.from(said).fill("#", 5, 6),
		ofAnother: (said) =>
			Buffer.from(
				Buffer.from(said)
					.toString("latin1")
					.replace(/ [0-9a-f]{2}/, ` ${hex(id + 1)}`),
			),
	};
}
