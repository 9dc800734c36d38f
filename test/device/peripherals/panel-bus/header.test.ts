import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lights } from "../../../../device/peripherals/model/PanelBus.ts";
import { readFrame, writeFrame } from "../../../../device/peripherals/panel-bus/frame.ts";
import {
	type HardwareState,
	type PanelBusMessage,
	readMessage,
	refusals,
	types,
	writeMessage,
} from "../../../../device/peripherals/panel-bus/messages.ts";
import { PanelBusSplitter } from "../../../../device/peripherals/panel-bus/PanelBusSplitter.ts";
import { messages } from "./arbitraryMessages.ts";

/*
 * The header that makers compile, against the codec that the room runs: the same bytes go into both, and all that either makes of them
 * must be the same.
 */

const root = join(import.meta.dirname, "..", "..", "..", "..");
const source = join(import.meta.dirname, "heldAgainst.c");
const strict = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-O2", `-I${join(root, "docs", "panel-bus")}`];
const sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"];
const compilers = {
	C99: ["gcc", "-std=c99", ...strict, source],
	"C++": ["g++", ...strict, "-x", "c++", source],
	"C99, every access checked": ["gcc", "-std=c99", ...strict, ...sanitize, source],
};

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "panel-bus-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bits = (state: HardwareState) =>
	Number(state.muteKey) +
	2 * Number(state.shutterClosed) +
	4 * Number(state.shutterByHand) +
	8 * Number(state.occupied);

/** A message by its fields, as the program in C prints it. */
function told(message: PanelBusMessage): string {
	switch (message.name) {
		case "hello":
			return ` hello ${message.lowest} ${message.highest}`;
		case "beat":
			return " beat";
		case "recall":
			return ` recall ${message.counter}`;
		case "set_light":
			return ` set ${types.set_light} ${lights.indexOf(message.light)}`;
		case "set_shutter":
			return ` set ${types.set_shutter} ${Number(message.closed)}`;
		case "set_mute_lamp":
			return ` set ${types.set_mute_lamp} ${Number(message.on)}`;
		case "identity":
			return ` identity ${message.lowest} ${message.highest} ${message.parts} '${message.model}' '${message.firmware}'`;
		case "report":
			return ` report ${message.counter} ${bits(message.state)} ${message.broken}`;
		case "history":
			return ` history ${message.counter}${message.states.map((state) => ` ${bits(state)}`).join("")}`;
		case "done":
			return ` done ${message.of}`;
		case "refused":
			return ` refused ${message.of} ${refusals.indexOf(message.refusal)}`;
		case "noise":
			return ` noise ${message.badBytes}`;
	}
}

/** The line that the program must print for these bytes, by our own codec. */
function expected(bytes: Uint8Array): string {
	const splitter = new PanelBusSplitter();
	const frames = splitter.push(bytes).map((frame) => {
		const packet = readFrame(frame);
		if (!packet) throw new Error("the splitter handed on a broken frame");
		const { version, type, sequence, payload } = packet;
		const message = readMessage(packet);
		const parts = [`${version} ${type} ${sequence} ${hex(payload)}`, hex(writeFrame(packet))];
		parts.push(message ? told(message) : "");
		// what nobody asked for has no number
		const numbered = ["beat", "report", "noise"].includes(message?.name ?? "") ? 0 : sequence;
		if (message) parts.push(hex(writeMessage(message, numbered)));
		return `${parts.join(";")}|`;
	});
	return `${frames.join("")}bad ${splitter.badBytes & 0xffff}`;
}

const ownFrame = fc.tuple(messages, fc.integer({ min: 0, max: 255 })).map(([message, at]) => writeMessage(message, at));
const everyMessage = fc.sample(ownFrame, { numRuns: 2_000, seed: 20_261_126 });
const noise = fc.sample(
	fc
		.array(
			fc.oneof(
				ownFrame,
				fc.uint8Array({ maxLength: 120 }),
				fc.constant(Uint8Array.of(0)),
				// a frame of anything: whole, but not always a message
				fc
					.record({
						version: fc.constantFrom(0, 1, 2),
						type: fc.oneof(fc.constantFrom(...Object.values(types)), fc.integer({ min: 0, max: 255 })),
						sequence: fc.constant(1),
						payload: fc
							.array(fc.constantFrom(0, 1, 5, 0x20, 0x41), { maxLength: 64 })
							.map((all) => Uint8Array.from(all)),
					})
					.map(writeFrame),
				fc.tuple(ownFrame, fc.nat()).map(([frame, at]) => frame.with(at % frame.length, at & 0xff)),
			),
			{ maxLength: 8 },
		)
		.map((parts) => Uint8Array.from(parts.flatMap((part) => [...part]))),
	{ numRuns: 3_000, seed: 20_261_126 },
);

describe.each(Object.entries(compilers))("incamera_panel_bus.h as %s", (name, [compiler, ...flags]) => {
	const program = () => join(folder, name.replaceAll(/\W/g, ""));
	const run = (inputs: Uint8Array[]) => {
		const input = inputs.map((bytes) => `${hex(bytes)}\n`).join("");
		const { stdout, stderr, status } = spawnSync(program(), { input, encoding: "utf8", maxBuffer: 64 << 20 });
		expect(stderr).toBe("");
		expect(status).toBe(0);
		return stdout.trimEnd().split("\n");
	};

	test("compiles without a warning", () => {
		const { stdout, stderr, status } = spawnSync(compiler as string, [...flags, "-o", program()], { encoding: "utf8" });
		expect(stdout + stderr).toBe("");
		expect(status).toBe(0);
	});

	test("reads and writes every message as we do, byte for byte", () => {
		expect(run(everyMessage)).toEqual(everyMessage.map(expected));
	});

	test("makes of noise, broken frames and messages of other versions what we make of them", () => {
		const lines = run(noise);
		expect(lines).toEqual(noise.map(expected));
		// the noise was such that all of it came to pass
		expect(lines.filter((line) => line.includes(";|")).length).toBeGreaterThan(100);
		expect(lines.filter((line) => !line.endsWith("bad 0")).length).toBeGreaterThan(100);
		expect(lines.filter((line) => line.includes(" report ")).length).toBeGreaterThan(100);
	});
});
