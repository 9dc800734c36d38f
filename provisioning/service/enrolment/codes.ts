import { randomInt } from "node:crypto";
import { CODE_ALPHABET, CODE_LENGTH, CODE_LOOKUP_LENGTH } from "../../contract/enrolment.ts";

export interface Code {
	/** Finds it: 4 characters. */
	lookup: string;
	/** Proves it: 12 characters, 60 bits. */
	secret: string;
}

/** A new code; each character is drawn by itself from the system's generator. */
export function newCode(): Code {
	const code = randomText(CODE_ALPHABET, CODE_LENGTH);
	return { lookup: code.slice(0, CODE_LOOKUP_LENGTH), secret: code.slice(CODE_LOOKUP_LENGTH) };
}

/**
 * A new device's id: 60 random bits. It says nothing of the room, for a room's name may be nobody's business, and stays when the room
 * gets another name.
 */
export const newDeviceId = (): string => `dev-${randomText(CODE_ALPHABET.toLowerCase(), 12)}`;

function randomText(alphabet: string, length: number): string {
	let text = "";
	while (text.length < length) text += alphabet[randomInt(alphabet.length)];
	return text;
}
