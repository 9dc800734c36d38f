import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeMdc, mdcCommands, measureMdc, parseMdc } from "../../../../device/peripherals/samsung-mdc/mdcFrames.ts";
import { encodeMdcAnswer } from "../../../sim/display/mdcAnswers.ts";
import { fromHex, holdsAsSplitter, toHex } from "../display/splitting.ts";

// [frame, command, id, data]; "Protocol" is Samsung's "Multiple Display Control Protocol" 13.7c of 2016-02-23.
const commands = [
	["AA 11 FE 01 01 11", mdcCommands.power, 0xfe, [1], "Protocol §1.2.1, Power On & ID=FE"],
	["AA 11 FE 01 00 10", mdcCommands.power, 0xfe, [0], "Protocol §1.2.2, Power Off"],
	["AA 11 FF 01 01 12", mdcCommands.power, 0xff, [1], "MD40B user manual p. 41, Power On & ID=0, which was FF then"],
] as const;

test.each(commands)("%s is sent as in the manual", (frame, command, id, data) => {
	expect(toHex(encodeMdc(command, id, data)).toUpperCase()).toBe(frame);
});

test("asking has no data", () => {
	// UD55A user manual p. 31: "Get Power ON/OFF Status: 0xAA 0x11 ID 0 CheckSum"
	expect(toHex(encodeMdc(mdcCommands.power, 1))).toBe("aa 11 01 00 12");
});

// The manuals print the form of answers and their fields, and leave ID and sum open: those are by the rule of §1.2.1.
test.each([
	["AA FF 01 03 41 11 01 56", { id: 1, ok: true, command: 0x11, values: [1] }, "UD55A p. 31: power, Ack"],
	["AA FF 01 03 4E 14 01 66", { id: 1, ok: false, command: 0x14, values: [1] }, "400MX p. 35: input source, Nak"],
	["AA FF 00 03 41 12 64 B9", { id: 0, ok: true, command: 0x12, values: [100] }, "UD55A p. 31: volume, 0 to 100"],
	[
		"AA FF 05 09 41 00 01 32 00 21 10 00 00 B2",
		{ id: 5, ok: true, command: 0, values: [1, 50, 0, 0x21, 0x10, 0, 0] },
		"Protocol §2.1.1: status, power volume mute input aspect N-time F-time",
	],
] as const)("%s is read", (frame, expected, _source) => {
	const { values, ...answer } = parseMdc(fromHex(frame)) ?? { values: [] };
	expect({ ...answer, values: [...values] }).toEqual(expected);
});

test.each([
	["AA FF 01 03 41 11 01 57", "a wrong sum"],
	["AA FF 01 03 41 11 01", "half a frame"],
	["AA 11 01 00 12", "our own question, echoed"],
	["AA FF 01 03 42 11 01 57", "neither A nor N"],
	["AA FF 01 01 41 42", "no command"],
	["", "nothing"],
])("%s is no answer: %s", (frame) => {
	expect(parseMdc(fromHex(frame))).toBeNull();
});

const answers = fc
	.record({ id: fc.nat(255), ok: fc.boolean(), command: fc.nat(255), values: fc.uint8Array({ maxLength: 62 }) })
	.map((answer) => ({ answer, frame: encodeMdcAnswer(answer) }));

test("what a display says is read as it was said", () => {
	fc.assert(
		fc.property(answers, ({ answer, frame }) => {
			expect(parseMdc(frame)).toEqual(answer);
		}),
	);
});

test("the splitter gives the frames of any stream, however it is cut", () => {
	holdsAsSplitter(
		measureMdc,
		answers.map(({ frame }) => frame),
		69,
	);
});

test("any bytes are read or refused, never thrown at", () => {
	fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void parseMdc(bytes)));
});
