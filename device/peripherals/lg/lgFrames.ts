import { textOf } from "../link/textOf.ts";

/**
 * LG's serial protocol: `ka 01 ff` and a carriage return asks or sets, `a 01 OK01x` or `a 01 NG00x` answers; numbers are hexadecimal.
 * Source: LG, owner's manual 55XF2B, p. 42 f.; user guide 55EF5C, p. 45. Some models echo the command before they answer (LG M2280D, p. 43).
 */
export const lgCommands = { power: "ka", input: "xb", volumeMute: "ke", volume: "kf" } as const;

/** Every set on the line heeds it, and none answers (55XF2B, p. 43). */
export const LG_EVERYBODY = 0;
/** As data it asks instead of setting (55XF2B, p. 43). */
export const LG_ASK = 0xff;

const MOST_BYTES = 32;
const ANSWER = /^([a-z]) ([0-9a-f]{2,3}) (OK|NG)([0-9a-f]{0,16})x/i;
const ECHO = /^[a-z]{2} [0-9a-f]{2,3}(?: [0-9a-f]{1,2}){1,6}\r/i;
/** What has no end yet and could still become either; the `x` of an echoed `xb` is no end. */
const BEGINNING = /^[a-z][a-z0-9 ](?:[a-wyz0-9 ]{0,29})$|^[a-z]$/i;

export interface LgAnswer {
	/** The second letter of the command. */
	readonly letter: string;
	readonly id: number;
	readonly ok: boolean;
	/** Null where it is none of a byte. */
	readonly data: number | null;
}

const hex = (value: number): string => value.toString(16).padStart(2, "0");
const encoder = new TextEncoder();

export const encodeLg = (command: string, id: number, data: number): Uint8Array =>
	encoder.encode(`${command} ${hex(id)} ${hex(data)}\r`);

/** Null where the frame is none of an answer, such as an echo. */
export function parseLg(frame: Uint8Array): LgAnswer | null {
	if (frame.length > MOST_BYTES) return null;
	const match = ANSWER.exec(textOf(frame));
	if (match?.[0].length !== frame.length) return null;
	const [, letter = "", id = "", ok, data = ""] = match;
	return {
		letter: letter.toLowerCase(),
		id: Number.parseInt(id, 16),
		ok: ok?.toUpperCase() === "OK",
		data: /^[0-9a-f]{1,2}$/i.test(data) ? Number.parseInt(data, 16) : null,
	};
}

/** For a `scanSplitter`: answers and echoes. */
export function measureLg(bytes: Uint8Array, at: number): number | "more" | "none" {
	const window = textOf(bytes, at, Math.min(bytes.length, at + MOST_BYTES));
	const whole = ANSWER.exec(window) ?? ECHO.exec(window);
	if (whole) return whole[0].length;
	return BEGINNING.test(window) ? "more" : "none";
}
