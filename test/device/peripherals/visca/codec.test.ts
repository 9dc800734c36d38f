import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseReply, type ViscaReply } from "../../../../device/peripherals/visca/ViscaReply.ts";
import { ViscaSplitter } from "../../../../device/peripherals/visca/ViscaSplitter.ts";
import {
	ADDRESS_SET,
	IF_CLEAR_ALL,
	viscaCommand,
	viscaMessage,
} from "../../../../device/peripherals/visca/viscaCommand.ts";
import {
	ACCEPTED,
	datagramRefusal,
	encodeDatagram,
	parseDatagram,
	RESET,
} from "../../../../device/peripherals/visca/viscaDatagram.ts";
import { viscaInquiry } from "../../../../device/peripherals/visca/viscaInquiry.ts";
import { MessageSplitter } from "../../../sim/camera/MessageSplitter.ts";
import { type CameraCommand, readCommand } from "../../../sim/camera/readCommand.ts";
import { answers, commands, fromHex, replies } from "./vectors.ts";

const hex = (bytes: Uint8Array): string =>
	[...bytes].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(" ");

describe("as the makers print it", () => {
	it.each(commands)("%s", (expected, body) => {
		expect(hex(viscaMessage(1, body))).toBe(expected);
	});

	it("to the last camera of a chain, and to all", () => {
		// Sony EVI-D100 Technical Manual A-AYT-100-11 (1) p. 23
		expect(hex(viscaMessage(7, viscaCommand.focus("auto")))).toBe("87 01 04 38 02 FF");
		expect(hex(ADDRESS_SET)).toBe("88 30 01 FF");
		expect(hex(IF_CLEAR_ALL)).toBe("88 01 00 01 FF");
	});

	it.each(replies)("%s", (bytes, expected) => {
		expect(parseReply(fromHex(bytes))).toEqual(expected);
	});

	it.each(answers)("%s", (bytes, read, expected) => {
		expect(parseReply(fromHex(bytes))?.is).toBe("completion");
		expect(read).toEqual(expected);
	});
});

/** A command of ours, and what the simulated camera, which has its reader from the manuals, is to make of it. */
const anyCommand: fc.Arbitrary<[Uint8Array, CameraCommand]> = fc.oneof(
	fc.boolean().map((on): [Uint8Array, CameraCommand] => [viscaCommand.power(on), { is: "power", on }]),
	fc.boolean().map((on): [Uint8Array, CameraCommand] => [viscaCommand.tracking(on), { is: "tracking", on }]),
	fc
		.integer({ min: -8, max: 8 })
		.map((speed): [Uint8Array, CameraCommand] => [viscaCommand.zoom(speed), { is: "zoom", speed }]),
	fc
		.integer({ min: 0, max: 0xffff })
		.map((zoom): [Uint8Array, CameraCommand] => [viscaCommand.zoomTo(zoom), { is: "zoom_to", zoom }]),
	fc
		.constantFrom("auto" as const, "manual" as const)
		.map((how): [Uint8Array, CameraCommand] => [viscaCommand.focus(how), { is: "focus_mode", how }]),
	fc
		.constantFrom("far" as const, "near" as const, "stop" as const)
		.map((how): [Uint8Array, CameraCommand] => [viscaCommand.focus(how), { is: "focus", how }]),
	fc
		.tuple(fc.integer({ min: -24, max: 24 }), fc.integer({ min: -24, max: 24 }))
		.map(([pan, tilt]): [Uint8Array, CameraCommand] => [viscaCommand.drive({ pan, tilt }), { is: "drive", pan, tilt }]),
	fc
		.record({
			pan: fc.integer({ min: -0x8000, max: 0x7fff }),
			tilt: fc.integer({ min: -0x8000, max: 0x7fff }),
			speed: fc.integer({ min: 1, max: 24 }),
			panDigits: fc.constantFrom(4 as const, 5 as const),
			by: fc.boolean(),
		})
		.map(({ by, ...target }): [Uint8Array, CameraCommand] =>
			by
				? [viscaCommand.goBy(target), { is: "go_by", ...target }]
				: [viscaCommand.goTo(target), { is: "go_to", ...target }],
		),
	fc
		.tuple(fc.constantFrom("forget" as const, "store" as const, "recall" as const), fc.integer({ min: 0, max: 0xfe }))
		.map(([what, preset]): [Uint8Array, CameraCommand] => [
			viscaCommand[`${what}Preset`](preset),
			{ is: "preset", what, preset },
		]),
	fc
		.constantFrom(
			["version", "version"] as const,
			["power", "power"] as const,
			["zoom", "zoom"] as const,
			["focus", "focus"] as const,
			["panTilt", "pan_tilt"] as const,
			["fastest", "fastest"] as const,
		)
		.map(([ours, about]): [Uint8Array, CameraCommand] => [viscaInquiry[ours].body, { is: "ask", about }]),
	fc.constantFrom<[Uint8Array, CameraCommand]>(
		[viscaCommand.home(), { is: "home" }],
		[viscaCommand.reset(), { is: "reset" }],
		[viscaCommand.ifClear(), { is: "if_clear" }],
		[viscaCommand.cancel(1), { is: "cancel", socket: 1 }],
		[viscaCommand.cancel(2), { is: "cancel", socket: 2 }],
	),
);

describe("a command", () => {
	it("is understood by a camera as it was meant", () => {
		fc.assert(
			fc.property(anyCommand, ([body, meant]) => {
				expect(readCommand(body)).toEqual(meant);
			}),
		);
	});

	it("is one message of at most 16 bytes with one FF, whatever it is made of", () => {
		const any = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0));
		fc.assert(
			fc.property(any, any, any, fc.constantFrom(4 as const, 5 as const), (pan, tilt, speed, panDigits) => {
				const bodies = [
					viscaCommand.drive({ pan, tilt }),
					viscaCommand.zoom(speed),
					viscaCommand.zoomTo(pan),
					viscaCommand.goTo({ pan, tilt, speed, panDigits }),
					viscaCommand.goBy({ pan, tilt, speed, panDigits }),
					viscaCommand.storePreset(pan),
					viscaCommand.recallPreset(tilt),
				];
				for (const body of bodies) {
					const message = viscaMessage(speed, body);
					expect(message.length).toBeLessThanOrEqual(16);
					expect(message.indexOf(0xff)).toBe(message.length - 1);
					expect(readCommand(body).is).not.toBe("unknown");
				}
			}),
		);
	});
});

const anyReply: fc.Arbitrary<Uint8Array> = fc
	.tuple(
		fc.integer({ min: 9, max: 15 }),
		fc.oneof(
			fc.constantFrom([0x38], [0x41], [0x42], [0x50], [0x51], [0x52], [0x60, 0x02], [0x60, 0x03], [0x61, 0x41]),
			fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 12 }).map((data) => [0x50, ...data]),
		),
	)
	.map(([from, body]) => Uint8Array.from([from << 4, ...body, 0xff]));

/** The same bytes, cut into pieces. */
function pieces(bytes: Uint8Array, cuts: number[]): Uint8Array[] {
	const out: Uint8Array[] = [];
	let from = 0;
	for (const cut of [...cuts, bytes.length]) {
		out.push(bytes.subarray(from, from + cut));
		from += cut;
	}
	return out;
}

const joined = (parts: Iterable<number>[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

describe("a reply", () => {
	it("is read from any bytes without a throw, and is none unless it ends with its FF", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
				const reply = parseReply(bytes);
				if (reply) expect([bytes.length <= 16, bytes.at(-1)]).toEqual([true, 0xff]);
				for (const inquiry of Object.values(viscaInquiry)) inquiry.parse(bytes);
			}),
			{ numRuns: 2000 },
		);
	});

	it("to a question is nothing that the question does not have as an answer", () => {
		expect(viscaInquiry.version.parse(Uint8Array.of(0, 1, 5, 5, 1, 2))).toBeNull();
		expect(viscaInquiry.power.parse(Uint8Array.of(4))).toBe("between");
		expect(viscaInquiry.power.parse(Uint8Array.of(2, 2))).toBeNull();
		expect(viscaInquiry.focus.parse(Uint8Array.of(1))).toBeNull();
		expect(viscaInquiry.zoom.parse(Uint8Array.of(0, 0, 0, 0x10))).toBeNull();
		expect(viscaInquiry.panTilt.parse(new Uint8Array(7))).toBeNull();
		expect(viscaInquiry.panTilt.parse(Uint8Array.of(0, 0, 0, 0x41, 0, 0, 0, 0))).toBeNull();
		expect(viscaInquiry.fastest.parse(Uint8Array.of(0x18))).toBeNull();
	});

	it("of a shape that none has is none", () => {
		for (const bytes of ["90 FF", "90 43 FF", "90 4F FF", "90 41 00 FF", "91 41 FF", "80 41 FF", "41 FF", "FF"])
			expect(parseReply(fromHex(bytes))).toBeNull();
		for (const bytes of [
			"88 30 00 FF",
			"88 30 09 FF",
			"88 41 FF",
			"90 60 FF",
			"90 60 02 02 FF",
			"90 70 FF",
			"90 41 41",
		])
			expect(parseReply(fromHex(bytes))).toBeNull();
		expect(parseReply(fromHex("90 60 7A FF"))).toMatchObject({
			is: "refusal",
			why: "unknown",
		} satisfies Partial<ViscaReply>);
	});
});

describe("a line", () => {
	const framesOf = (parts: Uint8Array[]): string[] => {
		const splitter = new ViscaSplitter();
		return parts.flatMap((part) => splitter.push(part)).map(hex);
	};

	it("gives the same replies however it is cut into chunks", () => {
		fc.assert(
			fc.property(fc.array(anyReply, { maxLength: 8 }), fc.array(fc.nat(7)), (all, cuts) => {
				expect(framesOf(pieces(joined(all), cuts))).toEqual(all.map(hex));
			}),
		);
	});

	it("gives the same for garbage however it is cut, never throws, and keeps no more than a message", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(9)), (garbage, cuts) => {
				const whole = new ViscaSplitter();
				const cut = new ViscaSplitter();
				const frames = whole.push(garbage).map(hex);
				expect(
					pieces(garbage, cuts)
						.flatMap((part) => cut.push(part))
						.map(hex),
				).toEqual(frames);
				expect(cut.badBytes).toBe(whole.badBytes);
				// What is neither a reply nor counted is still kept, and is less than a message.
				const used = frames.reduce((sum, frame) => sum + fromHex(frame).length, 0);
				expect(garbage.length - used - whole.badBytes).toBeLessThan(16);
			}),
		);
	});

	it("finds a reply behind any garbage that does not look like one", () => {
		const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.filter((byte) => byte < 0x88));
		fc.assert(
			fc.property(noise, anyReply, (garbage, reply) => {
				expect(framesOf([garbage, reply])).toEqual([hex(reply)]);
			}),
		);
	});

	it("loses only the reply that lost its own end", () => {
		expect(framesOf([fromHex("90 41 90 51 FF"), fromHex("90 42 FF")])).toEqual(["90 51 FF", "90 42 FF"]);
	});

	it("reads the next reply after half of one, wherever it broke off", () => {
		const answer = fromHex("90 50 0F 0A 06 00 00 01 06 08 FF");
		for (let end = 0; end < answer.length; end++) {
			const splitter = new ViscaSplitter();
			splitter.push(answer.subarray(0, end));
			const frames = [...splitter.push(fromHex("FF")), ...splitter.push(fromHex("90 41 FF"))];
			expect(frames.map(hex).at(-1)).toBe("90 41 FF");
		}
	});

	it("gives frames that stay when the chunk they came in is used again", () => {
		const chunk = fromHex("90 41 FF");
		const [frame] = new ViscaSplitter().push(chunk);
		chunk.fill(0);
		expect(frame && hex(frame)).toBe("90 41 FF");
	});

	it("to the simulated camera gives it the messages that were sent", () => {
		fc.assert(
			fc.property(fc.array(anyCommand, { maxLength: 5 }), fc.array(fc.nat(9)), (all, cuts) => {
				const sent = all.map(([body]) => viscaMessage(1, body));
				const splitter = new MessageSplitter();
				expect(
					pieces(joined(sent), cuts)
						.flatMap((part) => splitter.push(part))
						.map(hex),
				).toEqual(sent.map(hex));
			}),
		);
	});
});

describe("a datagram", () => {
	const kinds = ["command", "inquiry", "reply", "setting", "control", "control_reply"] as const;

	it("is as SRG-300H Technical Manual pp. 30–31 draws it", () => {
		const message = viscaMessage(1, viscaCommand.home());
		expect(hex(encodeDatagram({ kind: "command", sequence: 0x01020304, payload: message }))).toBe(
			"01 00 00 05 01 02 03 04 81 01 06 04 FF",
		);
		const question = viscaMessage(1, viscaInquiry.version.body);
		expect(hex(encodeDatagram({ kind: "inquiry", sequence: 1, payload: question }))).toBe(
			"01 10 00 05 00 00 00 01 81 09 00 02 FF",
		);
		expect(hex(encodeDatagram({ kind: "control", sequence: 0, payload: RESET }))).toBe("02 00 00 01 00 00 00 00 01");
		expect(parseDatagram(fromHex("01 11 00 03 00 00 00 02 90 41 FF"))).toEqual({
			kind: "reply",
			sequence: 2,
			payload: fromHex("90 41 FF"),
		});
		expect(parseDatagram(fromHex("02 01 00 01 00 00 00 00 01"))).toEqual({
			kind: "control_reply",
			sequence: 0,
			payload: ACCEPTED,
		});
	});

	it.each([
		["02 00 00 02 00 00 00 05 0F 01", "sequence"],
		["02 01 00 02 00 00 00 05 0F 01", "sequence"],
		["02 00 00 02 00 00 00 05 0F 02", "kind"],
		["02 01 00 01 00 00 00 05 01", null],
		["01 11 00 03 00 00 00 05 90 41 FF", null],
	])("that refuses, SRG-300H Technical Manual p. 31: %s is %s", (bytes, expected) => {
		const datagram = parseDatagram(fromHex(bytes));
		expect(datagram && datagramRefusal(datagram)).toBe(expected);
	});

	it("goes there and back", () => {
		fc.assert(
			fc.property(
				fc.constantFrom(...kinds),
				fc.integer({ min: 0, max: 2 ** 32 - 1 }),
				fc.uint8Array({ minLength: 1, maxLength: 16 }),
				(kind, sequence, payload) => {
					expect(parseDatagram(encodeDatagram({ kind, sequence, payload }))).toEqual({ kind, sequence, payload });
				},
			),
		);
	});

	it("is read from any bytes without a throw, and none if it is shorter or longer than it says", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
				const datagram = parseDatagram(bytes);
				if (datagram) expect(encodeDatagram(datagram)).toEqual(bytes);
			}),
			{ numRuns: 2000 },
		);
		for (const bytes of [
			"01 11 00 03 00 00 00 02 90 41",
			"01 11 00 02 00 00 00 02 90 41 FF",
			"01 11 00 00 00 00 00 02",
		])
			expect(parseDatagram(fromHex(bytes))).toBeNull();
		expect(parseDatagram(fromHex("03 00 00 01 00 00 00 00 01"))).toBeNull();
		expect(parseDatagram(Uint8Array.from([1, 0x11, 0, 17, 0, 0, 0, 0, ...new Uint8Array(17)]))).toBeNull();
	});
});
