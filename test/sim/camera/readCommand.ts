/** What a camera makes of a message to it. `unknown`: it would answer with a syntax error. */
export type CameraCommand =
	| { is: "if_clear" }
	| { is: "cancel"; socket: number }
	| { is: "power"; on: boolean }
	| { is: "zoom"; speed: number }
	| { is: "zoom_to"; zoom: number }
	| { is: "focus_mode"; how: "auto" | "manual" }
	| { is: "focus"; how: "far" | "near" | "stop" }
	| { is: "drive"; pan: number; tilt: number }
	| { is: "go_to" | "go_by"; pan: number; tilt: number; speed: number; panDigits: 4 | 5 }
	| { is: "home" }
	| { is: "reset" }
	| { is: "preset"; what: "forget" | "store" | "recall"; preset: number }
	| { is: "tracking"; on: boolean }
	| { is: "ask"; about: "version" | "power" | "zoom" | "focus" | "pan_tilt" | "fastest" }
	| { is: "unknown" };

const unknown: CameraCommand = { is: "unknown" };
const questions: Readonly<Record<string, (CameraCommand & { is: "ask" })["about"]>> = {
	"00 02": "version",
	"04 00": "power",
	"04 47": "zoom",
	"04 38": "focus",
	"06 12": "pan_tilt",
	"06 11": "fastest",
};
const presetWords = ["forget", "store", "recall"] as const;

const hex = (bytes: Iterable<number>): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

/**
 * Reads a message's body, without address and `FF`. Written from the manuals (EVI-D100 Technical Manual pp. 23–30, BRC-H700 Command List
 * p. 12) and not from our encoder, so that each can show the other's mistakes.
 */
export function readCommand(body: Uint8Array): CameraCommand {
	const text = hex(body);
	const question = /^09 (.. ..)$/.exec(text)?.[1];
	if (question) return questions[question] ? { is: "ask", about: questions[question] } : unknown;
	const cancel = /^2([12])$/.exec(text)?.[1];
	if (cancel) return { is: "cancel", socket: Number(cancel) };
	const tracking = /^0a 11 54 0([23])$/.exec(text)?.[1];
	if (tracking) return { is: "tracking", on: tracking === "2" };
	if (text === "01 00 01") return { is: "if_clear" };
	if (text.startsWith("01 04 ")) return readLens(text.slice(6));
	if (text.startsWith("01 06 ")) return readPanTilt(text.slice(6));
	return unknown;
}

function readLens(text: string): CameraCommand {
	const power = /^00 0([23])$/.exec(text)?.[1];
	if (power) return { is: "power", on: power === "2" };
	if (text === "07 00") return { is: "zoom", speed: 0 };
	const zoom = /^07 ([23])([0-7])$/.exec(text);
	if (zoom) return { is: "zoom", speed: (zoom[1] === "2" ? 1 : -1) * (Number(zoom[2]) + 1) };
	const direct = /^47((?: 0[0-9a-f]){4})$/.exec(text)?.[1];
	if (direct) return { is: "zoom_to", zoom: number(direct) };
	const mode = /^38 0([23])$/.exec(text)?.[1];
	if (mode) return { is: "focus_mode", how: mode === "2" ? "auto" : "manual" };
	const focus = /^08 0([023])$/.exec(text)?.[1];
	if (focus) return { is: "focus", how: focus === "0" ? "stop" : focus === "2" ? "far" : "near" };
	const preset = /^3f 0([012]) (..)$/.exec(text);
	const what = presetWords[Number(preset?.[1])];
	return preset && what ? { is: "preset", what, preset: Number.parseInt(preset[2] ?? "", 16) } : unknown;
}

function readPanTilt(text: string): CameraCommand {
	if (text === "04") return { is: "home" };
	if (text === "05") return { is: "reset" };
	const drive = /^01 (..) (..) 0([123]) 0([123])$/.exec(text);
	if (drive) {
		const [panSpeed, tiltSpeed] = [Number.parseInt(drive[1] ?? "", 16), Number.parseInt(drive[2] ?? "", 16)];
		if (!isSpeed(panSpeed) || !isSpeed(tiltSpeed)) return unknown;
		return { is: "drive", pan: signed(drive[3], panSpeed), tilt: signed(drive[4], -tiltSpeed) };
	}
	const target = /^0([23]) (..) (..)((?: 0[0-9a-f]){8,9})$/.exec(text);
	if (!target) return unknown;
	const speed = Number.parseInt(target[2] ?? "", 16);
	const digits = target[4] ?? "";
	const panDigits = digits.length === 27 ? 5 : 4;
	if (!isSpeed(speed) || (panDigits === 5 && target[3] !== "00")) return unknown;
	const [pan, tilt] = [digits.slice(0, panDigits * 3), digits.slice(panDigits * 3)].map(signedNumber);
	return { is: target[1] === "2" ? "go_to" : "go_by", pan: pan ?? 0, tilt: tilt ?? 0, speed, panDigits };
}

const isSpeed = (speed: number): boolean => speed >= 1 && speed <= 0x18;
/** 1 is left or up. */
const signed = (direction: string | undefined, speed: number): number =>
	direction === "3" ? 0 : direction === "1" ? -speed : speed;

function number(digits: string): number {
	return Number.parseInt(digits.replaceAll(" 0", ""), 16);
}

function signedNumber(digits: string): number {
	const range = 16 ** (digits.length / 3);
	const value = number(digits);
	return value >= range / 2 ? value - range : value;
}
