import type { DisplayInput } from "../model/Display.ts";
import { notSupported } from "./refusals.ts";

/**
 * A maker's codes for inputs: the first of each is what selects it, all of them are what it may be called when it is read. An input that
 * is not there has no code.
 */
export type InputCodes = Readonly<Partial<Record<DisplayInput, readonly [number, ...number[]]>>>;

/** @throws RoomError `peripheral.not_supported` */
export function codeOfInput(codes: InputCodes, input: DisplayInput): number {
	const code = codes[input]?.[0];
	if (code === undefined) throw notSupported(input);
	return code;
}

export function inputOfCode(codes: InputCodes, code: number): DisplayInput | "other" {
	for (const [input, names] of Object.entries(codes)) if (names.includes(code)) return input as DisplayInput;
	return "other";
}
