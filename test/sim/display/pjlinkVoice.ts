import { createHash, randomBytes } from "node:crypto";
import type { DisplayInput } from "../../../device/peripherals/model/Display.ts";
import type { DisplayModel } from "./DisplayModel.ts";
import type { DisplayVoice } from "./DisplayVoice.ts";

export interface PjlinkVoiceOptions {
	class?: 1 | 2;
	/** Empty: it asks for none. */
	password?: string;
	/** Of its own, where not the usual ones. */
	codes?: ReadonlyMap<DisplayInput, string>;
	/** What it calls its inputs (class 2). */
	names?: ReadonlyMap<DisplayInput, string>;
	/** It answers everything with this error. */
	error?: () => "ERR1" | "ERR2" | "ERR3" | "ERR4" | null;
	/** Instead of `PJLINK …`; null: it says nothing. */
	greeting?: string | null;
}

const usualCodes = new Map<DisplayInput, string>([
	["hdmi1", "31"],
	["hdmi2", "32"],
	["hdmi3", "33"],
	["vga1", "11"],
	["displayport1", "34"],
	["usb-c", "3A"],
]);
const usualNames = new Map<DisplayInput, string>([
	["hdmi1", "HDMI 1"],
	["hdmi2", "HDMI 2"],
	["hdmi3", "HDMI 3"],
	["vga1", "COMPUTER"],
	["displayport1", "DisplayPort"],
	["usb-c", "USB-C"],
]);

/** A projector, after JBMIA's "PJLink Specifications", class 1 version 1.04 and class 2 version 2.00. */
export function pjlinkVoice(model: DisplayModel, options: PjlinkVoiceOptions = {}): DisplayVoice {
	const { class: its = 2, password = "", codes = usualCodes, names = usualNames } = options;
	const challenge = randomBytes(4).toString("hex");
	const digest = createHash("md5")
		.update(challenge + password)
		.digest("hex");
	let trusted = password === "";
	let kept = "";
	const codeOf = (input: DisplayInput) => codes.get(input) ?? "";
	const inputOf = (code: string) => model.inputs.find((input) => codeOf(input) === code);

	function answer(body: string, value: string, asked: string): string {
		const error = options.error?.();
		if (error) return error;
		if (asked === "2" && its === 1) return "ERR1";
		if (body === "CLSS") return String(its);
		if (body === "INF1") return "Maker";
		if (body === "INF2") return "P-1";
		if (body === "POWR") {
			if (value === "?") return { off: "0", on: "1", cooling: "2", warming: "3" }[model.power];
			if (value !== "0" && value !== "1") return "ERR2";
			return model.switch(value === "1") ? "OK" : "ERR3";
		}
		if (body === "INST") return model.inputs.map(codeOf).join(" ");
		if (body === "INNM" && its === 2) {
			const input = inputOf(value.slice(1));
			return input ? (names.get(input) ?? "") : "ERR2";
		}
		if (model.power !== "on") return "ERR3";
		if (body === "INPT") {
			if (value === "?") return codeOf(model.input);
			return model.select(inputOf(value)) ? "OK" : "ERR2";
		}
		if (body === "AVMT") {
			if (value === "?") return model.muted ? "21" : "30";
			return /^2[01]$/.test(value) && model.mute(value === "21") ? "OK" : "ERR2";
		}
		return "ERR1";
	}

	const { greeting = password === "" ? "PJLINK 0" : `PJLINK 1 ${challenge}` } = options;
	return {
		...(greeting === null ? {} : { greeting: Buffer.from(`${greeting}\r`) }),
		hear(bytes) {
			kept += Buffer.from(bytes).toString("utf8");
			const lines = kept.split("\r");
			kept = lines.pop() ?? "";
			return lines.flatMap((line) => {
				const match = /^([0-9a-f]{32})?%([12])(\w{4}) (.+)$/.exec(line);
				if (!match) return [];
				const [, said, asked = "", body = "", value = ""] = match;
				if (!trusted && said !== digest) return [Buffer.from("PJLINK ERRA\r")];
				trusted = true;
				return [Buffer.from(`%${asked}${body}=${answer(body, value, asked)}\r`)];
			});
		},
		// It has no check: a letter that is none of its own.
		spoiled: (said) => Buffer.from(said).fill("#", 6, 7),
		ofAnother: () => null,
	};
}
