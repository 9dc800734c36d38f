import fc from "fast-check";
import { expect, test } from "vitest";
import {
	measureNec,
	NEC_EVERYBODY,
	necCodes,
	necGet,
	necModelRead,
	necPower,
	necPowerRead,
	necSet,
	parseNec,
} from "../../../../device/peripherals/sharp-nec/necFrames.ts";
import { fromHex, holdsAsSplitter, toHex } from "../display/splitting.ts";

// NEC, "MultiSync P702" user's manual, p. English-32, "Control command diagram", whole and as printed.
test.each([
	["01 30 41 30 41 30 43 02 43 32 30 33 44 36 30 30 30 31 03 73 0d", necPower(1, true), "Power ON"],
	["01 30 41 30 41 30 43 02 43 32 30 33 44 36 30 30 30 34 03 76 0d", necPower(1, false), "Power OFF"],
	["01 30 41 30 45 30 41 02 30 30 36 30 30 30 30 46 03 04 0d", necSet(1, necCodes.input, 0x0f), "DisplayPort"],
	["01 30 41 30 45 30 41 02 30 30 36 30 30 30 30 33 03 71 0d", necSet(1, necCodes.input, 0x03), "DVI"],
	["01 30 41 30 45 30 41 02 30 30 36 30 30 30 30 31 03 73 0d", necSet(1, necCodes.input, 0x01), "VGA"],
	["01 30 41 30 45 30 41 02 30 30 36 30 30 30 31 31 03 72 0d", necSet(1, necCodes.input, 0x11), "HDMI"],
	["01 30 41 30 45 30 41 02 30 30 38 44 30 30 30 31 03 09 0d", necSet(1, necCodes.audioMute, 1), "Sound Mute ON"],
	["01 30 41 30 45 30 41 02 30 30 38 44 30 30 30 32 03 0a 0d", necSet(1, necCodes.audioMute, 2), "Sound Mute OFF"],
] as const)("%s is what we send", (expected, frame, _what) => {
	expect(toHex(frame)).toBe(expected);
});

// NEC, "External Control", Rev. 3.5: these are printed without their check code, which is by the rule of §4.3.
test.each([
	["01 30 41 30 41 30 36 02 30 31 44 36 03 74 0d", necPowerRead(1), "§7.1, p. 36"],
	["01 30 41 30 41 30 36 02 43 32 31 37 03 70 0d", necModelRead(1), "§12.2, p. 67"],
	["01 30 41 30 43 30 36 02 30 30 36 32 03 01 0d", necGet(1, necCodes.volume), "§5.1, p. 13"],
] as const)("%s asks", (expected, frame, _source) => {
	expect(toHex(frame)).toBe(expected);
});

test("monitors are addressed from 41h on, all of them by 2Ah", () => {
	// §4.1, p. 7
	expect([necPowerRead(1)[2], necPowerRead(26)[2], necPowerRead(100)[2], necPowerRead(NEC_EVERYBODY)[2]]).toEqual([
		0x41, 0x5a, 0xa4, 0x2a,
	]);
});

test.each([
	["01 30 30 41 42 30 34 02 42 45 03 01 0d", { kind: "null", monitor: 1 }, "§5.5.3, p. 19, the NULL message"],
	[
		// §7.1, p. 36: 02 00 D6 00 0004 0001, on
		packet("A", "B", "0200D60000040001"),
		{ kind: "power", monitor: 1, ok: true, set: false, mode: 1 },
		"§7.1, p. 36",
	],
	[packet("A", "B", "00C203D60004"), { kind: "power", monitor: 1, ok: true, set: true, mode: 4 }, "§7.2, p. 38"],
	[packet("A", "B", "C31750343033"), { kind: "model", monitor: 1, model: "P403" }, "§12.2 (X981UHD p. 77)"],
	[
		packet("B", "D", "0000620000640032"),
		{ kind: "parameter", monitor: 2, ok: true, set: false, code: 0x62, most: 100, value: 50 },
		"§5.2, p. 14",
	],
	[
		packet("A", "F", "0100600000880012"),
		{ kind: "parameter", monitor: 1, ok: false, set: true, code: 0x60, most: 0x88, value: 0x12 },
		"§5.4, p. 16: result 01, unsupported",
	],
] as const)("%s is read", (frame, expected, _source) => {
	expect(parseNec(fromHex(frame))).toEqual(expected);
});

test.each([
	["01 30 30 41 42 30 34 02 42 45 03 00 0d", "a wrong check code"],
	["01 30 30 41 42 30 34 02 42 45 03 01", "no end"],
	["01 30 41 30 41 30 36 02 30 31 44 36 03 74 0d", "our own question, echoed"],
	[packet("A", "B", "C2"), "a reply to nothing we ask"],
	[packet("A", "G", "00"), "a type that there is not"],
	["", "nothing"],
])("%s is no answer: %s", (frame) => {
	expect(parseNec(fromHex(frame))).toBeNull();
});

/** As in §4, made here and not by the code under test. */
function packet(from: string, type: string, message: string): string {
	const inner = `00${from}${type}${(message.length + 2).toString(16).toUpperCase().padStart(2, "0")}\x02${message}\x03`;
	const check = [...Buffer.from(inner)].reduce((all, byte) => all ^ byte, 0);
	return toHex(Uint8Array.from([1, ...Buffer.from(inner), check, 0x0d]));
}

const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");
const word = fc.nat(0xffff);
const parameters = fc
	.record({
		monitor: fc.integer({ min: 1, max: 58 }),
		ok: fc.boolean(),
		set: fc.boolean(),
		code: word,
		most: word,
		value: word,
	})
	.map((answer) => {
		const { monitor, ok, set, code, most, value } = answer;
		const message = `${ok ? "00" : "01"}${hex(code, 4)}00${hex(most, 4)}${hex(value, 4)}`;
		return { answer, frame: fromHex(packet(String.fromCharCode(0x40 + monitor), set ? "F" : "D", message)) };
	});

test("what a monitor says is read as it was said", () => {
	fc.assert(
		fc.property(parameters, ({ answer, frame }) => {
			expect(parseNec(frame)).toEqual({ kind: "parameter", ...answer });
		}),
	);
});

test("the splitter gives the packets of any stream, however it is cut", () => {
	holdsAsSplitter(
		measureNec,
		parameters.map(({ frame }) => frame),
		89,
	);
});

test("any bytes are read or refused, never thrown at", () => {
	fc.assert(fc.property(fc.uint8Array({ maxLength: 90 }), (bytes) => void parseNec(bytes)));
});
