import fc from "fast-check";
import { expect, test } from "vitest";
import {
	CODE_ALPHABET,
	CODE_LENGTH as CONTRACT_LENGTH,
	readCode,
	writeCode,
} from "../../../provisioning/contract/enrolment.ts";
import { CODE_LENGTH, caretAfter, codeOf, codeRows, grouped } from "../../../ui/panel/model/enrolCode.ts";

test("the keys are the alphabet of the fleet's codes, each once", () => {
	expect([...codeRows.join("")].sort()).toEqual([...CODE_ALPHABET].sort());
	expect(CODE_LENGTH).toBe(CONTRACT_LENGTH);
});

test("whatever the fleet takes for a code, the panel takes for the same", () => {
	const characters = fc.constantFrom(...CODE_ALPHABET, ..."abcdefghijklmnopqrstvwxyzILO -");
	fc.assert(
		fc.property(fc.array(characters, { maxLength: 40 }), (typed) => {
			const read = readCode(typed.join(""));
			if (read) expect(codeOf(typed.join(""))).toBe(read.lookup + read.secret);
		}),
	);
	expect(codeOf("abcd efgh-jkmn PQRS")).toBe("ABCDEFGHJKMNPQRS");
	expect(codeOf("ILO0 1")).toBe("11001");
});

test("what is none of a code's is left out, and nothing beyond its length is taken", () => {
	fc.assert(
		fc.property(fc.string(), (typed) => {
			const code = codeOf(typed);
			expect(code.length).toBeLessThanOrEqual(CODE_LENGTH);
			expect([...code].every((character) => CODE_ALPHABET.includes(character))).toBe(true);
			// what is shown is read back as the same
			expect(codeOf(grouped(code))).toBe(code);
			expect(grouped(code)).toBe(writeCode(code));
		}),
	);
});

test("the caret stands behind the character that was typed", () => {
	const code = "ABCDEFGHJKMNPQRS";
	for (let length = 0; length <= code.length; length++) {
		const shown = grouped(code);
		expect(shown.slice(0, caretAfter(length)).replaceAll("-", "")).toBe(code.slice(0, length));
		if (length > 0) expect(shown[caretAfter(length) - 1]).toBe(code[length - 1]);
	}
});
