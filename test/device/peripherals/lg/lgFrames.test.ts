import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeLg, LG_ASK, lgCommands, measureLg, parseLg } from "../../../../device/peripherals/lg/lgFrames.ts";
import { scanSplitter } from "../../../../device/peripherals/link/scanSplitter.ts";
import { ascii, holdsAsSplitter } from "../display/splitting.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

// LG, user guide 55EF5C, p. 45, unless another is named; `[k][a][ ][Set ID][ ][Data][Cr]`.
test.each([
	["ka 01 01\r", lgCommands.power, 1, 0x01, "01 Power: on"],
	["ka 01 00\r", lgCommands.power, 1, 0x00, "01 Power: off"],
	["xb 01 90\r", lgCommands.input, 1, 0x90, "02 Select Input: HDMI1 (DTV)"],
	["xb 01 c0\r", lgCommands.input, 1, 0xc0, "02 Select Input: DISPLAYPORT (DTV)"],
	["ke 01 00\r", lgCommands.volumeMute, 1, 0x00, "32VS10MS p. A7, 04: Volume Mute On"],
	["kf 01 64\r", lgCommands.volume, 1, 100, "32VS10MS p. A7, 05: 64 is step 100"],
	["kf 0a 10\r", lgCommands.volume, 10, 16, "55LV5400 p. 135: set ID 10 is sent as '0','a'; 10 is step 16"],
	["ka 01 ff\r", lgCommands.power, 1, LG_ASK, "55XF2B p. 43: FF asks"],
] as const)("%j is sent as in the manual", (line, command, id, data, _source) => {
	expect(text(encodeLg(command, id, data))).toBe(line);
});

// `[Command2][ ][Set ID][ ][OK/NG][Data][x]`
test.each([
	["a 01 OK01x", { letter: "a", id: 1, ok: true, data: 1 }, "55EF5C p. 45, 01: acknowledgement"],
	["b 01 OK90x", { letter: "b", id: 1, ok: true, data: 0x90 }, "55EF5C p. 45, 02: acknowledgement"],
	["f 0a OK64x", { letter: "f", id: 10, ok: true, data: 100 }, "32VS10MS p. A7, 05"],
	["a 01 NG02x", { letter: "a", id: 1, ok: false, data: 2 }, "55LV5400 p. 135: 2, not supported function"],
	["a 3e8 OK01x", { letter: "a", id: 1000, ok: true, data: 1 }, "49SH7DB p. 40: ids up to 3e8 in certain models"],
	["v 01 OK0200x", { letter: "v", id: 1, ok: true, data: null }, "55LS55A p. 72, 51: two data"],
] as const)("%j is read", (line, expected, _source) => {
	expect(parseLg(ascii(line))).toEqual(expected);
});

test.each(["a 01 OK01", "a 01 OKx1x", "a 1 OK01x", "ka 01 01\r", "a 01 ok", " a 01 OK01x", ""])(
	"%j is no answer",
	(line) => {
		expect(parseLg(ascii(line))).toBeNull();
	},
);

test("what a set echoes stands by itself, and nothing of it is bad", () => {
	// LG M2280D p. 43: "This product has command echo back in the RS-232C Command."
	const splitter = scanSplitter(measureLg);
	const frames = splitter.push(ascii("xb 01 90\rb 01 OK90xka 01 ff\ra 01 OK01x"));
	expect(frames.map(text)).toEqual(["xb 01 90\r", "b 01 OK90x", "ka 01 ff\r", "a 01 OK01x"]);
	expect(splitter.badBytes).toBe(0);
});

const answers = fc
	.record({
		letter: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz"),
		id: fc.nat(1000),
		ok: fc.boolean(),
		data: fc.nat(255),
	})
	.map((answer) => {
		const hex = (value: number) => value.toString(16).padStart(2, "0");
		const line = `${answer.letter} ${hex(answer.id)} ${answer.ok ? "OK" : "NG"}${hex(answer.data)}x`;
		return { answer, frame: ascii(line) };
	});

test("what a display says is read as it was said", () => {
	fc.assert(
		fc.property(answers, ({ answer, frame }) => {
			expect(parseLg(frame)).toEqual(answer);
		}),
	);
});

test("the splitter gives the frames of any stream, however it is cut", () => {
	holdsAsSplitter(
		measureLg,
		answers.map(({ frame }) => frame),
		32,
	);
});

test("any bytes are read or refused, never thrown at", () => {
	fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void parseLg(bytes)));
});
