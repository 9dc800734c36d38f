import { randomBytes } from "node:crypto";

/** Sixteen letters that lie at the same place on keyboards of most languages (Yubico's modhex). */
const LETTERS = "cbdefghijklnrtuv";
/** A recovery key as systemd writes it (systemd-cryptenroll(1), `--recovery-key`): 256 bits in eight groups of eight letters. */
const form = new RegExp(`^[${LETTERS}]{8}(?:-[${LETTERS}]{8}){7}$`);

/** The passphrase of a slot in the LUKS header, to be typed by a person if need be. In bytes, which can be wiped. */
export function makeRecoveryKey(): Buffer {
	const random = randomBytes(32);
	const key = Buffer.alloc(71, "-");
	for (const [index, byte] of random.entries()) {
		const at = index * 2 + Math.floor(index / 4);
		key.write(`${LETTERS[byte >> 4]}${LETTERS[byte & 15]}`, at, "latin1");
	}
	random.fill(0);
	return key;
}

export const isRecoveryKey = (text: string): boolean => form.test(text);
