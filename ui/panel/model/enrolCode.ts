/** Characters of a code: Crockford's base 32, which has no I, L, O and U. */
export const CODE_LENGTH = 16;

/** The keys for a code, in rows of eleven with the one that erases. */
export const codeRows = ["0123456789", "ABCDEFGHJKM", "NPQRSTVWXYZ"] as const;

/** What was typed, pasted or scanned, as far as it can be of a code: case, spaces and dashes don't matter, I, L and O are meant as 1, 1 and 0. */
export function codeOf(typed: string): string {
	return typed
		.toUpperCase()
		.replaceAll(/[IL]/g, "1")
		.replaceAll("O", "0")
		.replaceAll(/[^0-9A-HJKMNP-TV-Z]/g, "")
		.slice(0, CODE_LENGTH);
}

/** `ABCD-EFGH-JK`: in groups of four, as it is printed. */
export const grouped = (code: string): string => code.replaceAll(/(.{4})(?=.)/g, "$1-");

/** Where the caret stands in the grouped text, after so many characters of the code. */
export const caretAfter = (characters: number): number => characters + Math.max(0, Math.floor((characters - 1) / 4));
