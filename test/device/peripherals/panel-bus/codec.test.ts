import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc16 } from "../../../../device/peripherals/panel-bus/crc16.ts";
import {
	MOST_FRAME_BYTES,
	MOST_PAYLOAD_BYTES,
	type Packet,
	readFrame,
	writeFrame,
} from "../../../../device/peripherals/panel-bus/frame.ts";
import { readMessage, writeMessage } from "../../../../device/peripherals/panel-bus/messages.ts";
import { PanelBusSplitter } from "../../../../device/peripherals/panel-bus/PanelBusSplitter.ts";
import { messages } from "./arbitraryMessages.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const byte = fc.integer({ min: 0, max: 255 });
const packets: fc.Arbitrary<Packet> = fc.record({
	version: byte,
	type: byte,
	sequence: byte,
	// zeros are what stuffing is about
	payload: fc
		.array(fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: byte }), {
			maxLength: MOST_PAYLOAD_BYTES,
		})
		.map((bytes) => Uint8Array.from(bytes)),
});

function flipped(frame: Uint8Array, bit: number): Uint8Array {
	const copy = frame.slice();
	copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
	return copy;
}

function joined(...parts: Uint8Array[]): Uint8Array {
	return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Hands the bytes over in pieces of the given sizes, in turn. */
function pushInPieces(splitter: PanelBusSplitter, bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
	const frames: Uint8Array[] = [];
	for (let at = 0, turn = 0; at < bytes.length; turn++) {
		const size = sizes[turn % sizes.length] ?? 1;
		frames.push(...splitter.push(bytes.subarray(at, at + size)));
		at += size;
	}
	return frames;
}

describe("the check", () => {
	test.each([
		// the check value of CRC-16/IBM-SDLC in the catalogue of parametrised CRC algorithms
		["", 0x0000],
		["123456789", 0x906e],
		// CCITT X.25 (1988), appendix I: the frames of I.1, examples 1 and 2, and of I.2, examples 1 and 2; least bit first on the line
		["\x03\x3f", 0xec5b],
		["\x01\x73", 0x5783],
		["\x01\x3f", 0xdfeb],
		["\x03\x73", 0x6433],
	])("of %j", (text, check) => {
		expect(crc16(ascii(text))).toBe(check);
	});

	test("with the check behind it, least byte first, is the good value of RFC 1662, C.2 (F0B8, here inverted)", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
				const check = crc16(bytes);
				expect(crc16(joined(bytes, Uint8Array.of(check, check >> 8))) ^ 0xffff).toBe(0xf0b8);
			}),
		);
	});
});

describe("a frame", () => {
	test.each([
		// the stuffed part against the examples of Cheshire and Baker: no zero, a zero at the end, zeros alone
		[{ version: 1, type: 2, sequence: 3, payload: Uint8Array.of(5) }, "060102030105"],
		[{ version: 1, type: 2, sequence: 0, payload: Uint8Array.of() }, "0301020101"],
		[{ version: 0, type: 0, sequence: 0, payload: Uint8Array.of(0, 0) }, "01010102020101"],
	])("%j is stuffed to %s", (packet, stuffed) => {
		const frame = writeFrame(packet);
		expect(hex(frame).slice(0, -8)).toBe(stuffed);
		expect(frame.at(-1)).toBe(0);
	});

	test("holds no 00 but the last byte, is never longer than said, and gives back what went in", () => {
		fc.assert(
			fc.property(packets, (packet) => {
				const frame = writeFrame(packet);
				expect(frame.indexOf(0)).toBe(frame.length - 1);
				expect(frame.length).toBeLessThanOrEqual(MOST_FRAME_BYTES);
				expect(readFrame(frame.subarray(0, -1))).toEqual(packet);
			}),
		);
	});

	test("that is longer is not written", () => {
		const packet = { version: 1, type: 2, sequence: 3, payload: new Uint8Array(MOST_PAYLOAD_BYTES + 1) };
		expect(() => writeFrame(packet)).toThrow(expect.objectContaining({ code: "peripheral.frame_too_long" }));
	});

	test("is the only one that reads as its packet", () => {
		fc.assert(
			fc.property(fc.uint8Array({ min: 1, max: 255, maxLength: MOST_FRAME_BYTES + 4 }), (bytes) => {
				const packet = readFrame(bytes);
				if (packet) expect(writeFrame(packet)).toEqual(joined(bytes, Uint8Array.of(0)));
			}),
		);
	});

	test("with any one, two or three bits flipped is no frame", () => {
		const corrupt = fc.property(packets, fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 3 }), (packet, picks) => {
			const frame = writeFrame(packet).subarray(0, -1);
			const bits = new Set(picks.map((pick) => pick % (frame.length * 8)));
			let broken = frame;
			for (const bit of bits) broken = flipped(broken, bit);
			// a 00 that came to be cuts it in two: that is the splitter's business
			if (!broken.includes(0)) expect(readFrame(broken)).toBeNull();
		});
		fc.assert(corrupt, { numRuns: 2_000 });
	});
});

describe("the splitter", () => {
	test("finds the same frames however the bytes are handed over", () => {
		const lines = fc.array(fc.oneof(packets.map(writeFrame), fc.uint8Array({ maxLength: 100 })), { maxLength: 12 });
		fc.assert(
			fc.property(lines, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (line, sizes) => {
				const bytes = joined(...line);
				const [whole, pieces] = [new PanelBusSplitter(), new PanelBusSplitter()];
				expect(pushInPieces(pieces, bytes, sizes)).toEqual(whole.push(bytes));
				expect(pieces.badBytes).toBe(whole.badBytes);
			}),
		);
	});

	test("finds every frame behind any noise that ends, and counts the noise", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(packets, { maxLength: 5 }), (noise, sent) => {
				const splitter = new PanelBusSplitter();
				const before = splitter.push(noise).length;
				const frames = splitter.push(joined(Uint8Array.of(0), ...sent.map(writeFrame)));
				expect(frames.slice(frames.length - sent.length).map(readFrame)).toEqual(sent);
				// noise that by chance is a frame is one: once in 65 536 times
				const misled = before + frames.length - sent.length;
				if (misled === 0) expect(splitter.badBytes).toBe(noise.filter((one) => one !== 0).length);
			}),
		);
	});

	test("lets no frame through of which one bit was flipped on the way, wherever it is, the 00 too", () => {
		fc.assert(
			fc.property(packets, packets, fc.nat(), (first, second, pick) => {
				const frame = writeFrame(first);
				const splitter = new PanelBusSplitter();
				const frames = splitter.push(joined(flipped(frame, pick % (frame.length * 8)), writeFrame(second)));
				// a 00 that is gone takes the next frame with it
				expect([[], [second]]).toContainEqual(frames.map(readFrame));
				expect(splitter.badBytes).toBeGreaterThan(0);
			}),
			{ numRuns: 2_000 },
		);
	});

	test("drops what is longer than any frame, and has the next one whole", () => {
		const splitter = new PanelBusSplitter();
		const packet = { version: 1, type: 2, sequence: 0, payload: Uint8Array.of() };
		const long = new Uint8Array(10_000).fill(7);
		expect(splitter.push(joined(long, Uint8Array.of(0), writeFrame(packet))).map(readFrame)).toEqual([packet]);
		expect(splitter.badBytes).toBe(10_000);
	});

	test("takes 00 upon 00 for nothing", () => {
		const splitter = new PanelBusSplitter();
		expect(splitter.push(new Uint8Array(100))).toEqual([]);
		expect(splitter.badBytes).toBe(0);
	});
});

describe("a message", () => {
	const read = (frame: Uint8Array) => {
		const packet = readFrame(frame.subarray(0, -1));
		return packet && readMessage(packet);
	};

	test("comes out as it went in", () => {
		fc.assert(
			fc.property(messages, byte, (message, sequence) => {
				const frame = writeMessage(message, sequence);
				expect(read(frame)).toEqual(message);
				expect(readFrame(frame.subarray(0, -1))?.sequence).toBe(sequence);
			}),
		);
	});

	test("of a newer device may have more behind it, and less makes no sense", () => {
		fc.assert(
			fc.property(messages, fc.uint8Array({ minLength: 1, maxLength: 8 }), (message, more) => {
				const packet = readFrame(writeMessage(message, 1).subarray(0, -1)) as Packet;
				expect(readMessage({ ...packet, payload: joined(packet.payload, more) })).toEqual(message);
				for (let length = 0; length < packet.payload.length; length++)
					expect(readMessage({ ...packet, payload: packet.payload.subarray(0, length) })).toBeNull();
			}),
		);
	});

	test("of another version is read only where versions are spoken of", () => {
		fc.assert(
			fc.property(messages, byte, (message, version) => {
				const timeless = ["hello", "identity", "refused"].includes(message.name);
				const expected = version === 1 || timeless ? message : null;
				expect(read(writeMessage(message, 1, version))).toEqual(expected);
			}),
		);
	});

	test("from any bytes is something or nothing, and never throws", () => {
		fc.assert(
			fc.property(packets, (packet) => {
				const message = readMessage({ ...packet, version: 1 });
				if (message === null) return;
				const again = readFrame(writeMessage(message, packet.sequence).subarray(0, -1)) as Packet;
				expect(readMessage(again)).toEqual(message);
			}),
			{ numRuns: 1_000 },
		);
	});

	test.each([
		["set_light", 0x10, [6]],
		["set_shutter", 0x11, [2]],
		["set_mute_lamp", 0x12, [255]],
		["identity with a model that no panel should draw", 0x81, [1, 1, 0, 0, 1, 0x1b, 0]],
		["identity with a model of 33 characters", 0x81, [1, 1, 0, 0, 33, ...new Array(33).fill(0x41), 0]],
		["identity whose text ends behind the frame", 0x81, [1, 1, 0, 0, 5, 0x41, 0]],
		["history of nothing", 0x83, [0, 0, 0, 0, 0]],
		["history of more than there can be", 0x83, [0, 0, 0, 0, 33, ...new Array(33).fill(0)]],
		["no type at all", 0x00, []],
	])("%s of a value that there is not is none", (_, type, payload) => {
		expect(readMessage({ version: 1, type, sequence: 0, payload: Uint8Array.from(payload) })).toBeNull();
	});
});
