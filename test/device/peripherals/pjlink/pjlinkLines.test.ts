import fc from "fast-check";
import { expect, test } from "vitest";
import {
	encodePjlink,
	measurePjlink,
	parsePjlink,
	pjlinkDigest,
} from "../../../../device/peripherals/pjlink/pjlinkLines.ts";
import { ascii, holdsAsSplitter } from "../display/splitting.ts";

// JBMIA, "PJLink Specifications", class 1 version 1.04 (C1) and class 2 version 2.00 (C2).
test.each([
	["%1POWR 1\r", encodePjlink("POWR", "1"), "C1 §4.1"],
	["%1POWR ?\r", encodePjlink("POWR", "?"), "C1 §4.2"],
	["%1INPT 31\r", encodePjlink("INPT", "31"), "C1 §4.3"],
	["%2INPT 3A\r", encodePjlink("INPT", "3A", 2), "C2 §4.3"],
	["%1AVMT 21\r", encodePjlink("AVMT", "21"), "C1 §4.5"],
	["%2INNM ?31\r", encodePjlink("INNM", "?31", 2), "C2 §4.17"],
] as const)("%j is sent", (line, sent, _source) => {
	expect(sent).toBe(line);
});

test("the password goes over the line as the example of the specification has it", () => {
	// C1 §5.1, example: random number 498e4a67, password JBMIAProjectorLink
	const digest = pjlinkDigest("498e4a67", "JBMIAProjectorLink");
	expect(digest + encodePjlink("POWR", "?")).toBe("5d8409bc1c3fa39749434aa3a5c38682%1POWR ?\r");
});

test.each([
	["PJLINK 0\r", { kind: "greeting", challenge: null }, "C1 §5.2"],
	["PJLINK 1 498e4a67\r", { kind: "greeting", challenge: "498e4a67" }, "C1 §5.1"],
	["PJLINK ERRA\r", { kind: "wrongPassword" }, "C1 §5.1"],
	["%1POWR=OK\r", { kind: "response", class: 1, body: "POWR", value: "OK" }, "C1 §4.1"],
	["%1POWR=ERR3\r", { kind: "response", class: 1, body: "POWR", value: "ERR3" }, "C1 §2.2"],
	["%2INST=11 31 3A\r", { kind: "response", class: 2, body: "INST", value: "11 31 3A" }, "C2 §4.9"],
	["%1NAME=\r", { kind: "response", class: 1, body: "NAME", value: "" }, "C1 §4.10, no name"],
] as const)("%j is read", (line, expected, _source) => {
	expect(parsePjlink(ascii(line))).toEqual(expected);
});

test("names are UTF-8", () => {
	expect(parsePjlink(Buffer.from("%1NAME=Großer Saal\r"))).toMatchObject({ value: "Großer Saal" });
});

test.each([
	"PJLINK 2\r",
	"PJLINK 1 498e\r",
	"%3POWR=1\r",
	"%1POWR 1\r",
	"%1POW=1\r",
	"%1NAME=a\u0007b\r",
	"NTCONTROL 0\r",
	"",
])("%j is no line of it", (line) => {
	expect(parsePjlink(ascii(line))).toBeNull();
});

const responses = fc
	.record({
		class: fc.constantFrom(1 as const, 2 as const),
		body: fc.constantFrom("POWR", "INPT", "INF1", "ERST"),
		value: fc.string({ unit: fc.constantFrom(...' !"#$%&()*+,-./09:;<=>?@AZ[]^_az{|}~é'), maxLength: 60 }),
	})
	.map((said) => ({ said, frame: Uint8Array.from(Buffer.from(`%${said.class}${said.body}=${said.value}\r`)) }));

test("what a projector says is read as it was said", () => {
	fc.assert(
		fc.property(responses, ({ said, frame }) => {
			expect(parsePjlink(frame)).toEqual({ kind: "response", ...said });
		}),
	);
});

test("the splitter gives the lines of any stream, however it is cut", () => {
	holdsAsSplitter(
		measurePjlink,
		responses.map(({ frame }) => frame),
		136,
	);
});

test("any bytes are read or refused, never thrown at", () => {
	fc.assert(fc.property(fc.uint8Array({ maxLength: 160 }), (bytes) => void parsePjlink(bytes)));
});
