/** How many frames a second each protocol's codec reads and writes, and whether it leaves anything behind. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { encodeLg, measureLg, parseLg } from "../../../device/peripherals/lg/lgFrames.ts";
import type { FrameSplitter } from "../../../device/peripherals/link/FrameLink.ts";
import { scanSplitter } from "../../../device/peripherals/link/scanSplitter.ts";
import { readFrame } from "../../../device/peripherals/panel-bus/frame.ts";
import { readMessage, writeMessage } from "../../../device/peripherals/panel-bus/messages.ts";
import { PanelBusSplitter } from "../../../device/peripherals/panel-bus/PanelBusSplitter.ts";
import { encodePjlink, measurePjlink, parsePjlink } from "../../../device/peripherals/pjlink/pjlinkLines.ts";
import { encodeMdc, mdcCommands, measureMdc, parseMdc } from "../../../device/peripherals/samsung-mdc/mdcFrames.ts";
import { measureNec, necModelRead, parseNec } from "../../../device/peripherals/sharp-nec/necFrames.ts";
import { parseReply } from "../../../device/peripherals/visca/ViscaReply.ts";
import { ViscaSplitter } from "../../../device/peripherals/visca/ViscaSplitter.ts";
import { viscaCommand, viscaMessage } from "../../../device/peripherals/visca/viscaCommand.ts";
import { viscaInquiry } from "../../../device/peripherals/visca/viscaInquiry.ts";
import { atLeast, atMost, type Row } from "../report.ts";

interface Codec {
	name: string;
	splitter: () => FrameSplitter;
	/** An answer as it comes over the line. */
	answer: Uint8Array;
	/** Reads a frame; null where it could not, which would measure nothing. */
	read: (frame: Uint8Array) => unknown;
	write: (i: number) => Uint8Array | string;
}

const hex = (digits: string) => Uint8Array.from(Buffer.from(digits, "hex"));
const ascii = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));

const codecs: Codec[] = [
	{
		name: "VISCA",
		splitter: () => new ViscaSplitter(),
		answer: hex("90500001020300040506ff"),
		read(frame) {
			const reply = parseReply(frame);
			return reply?.is === "completion" ? viscaInquiry.panTilt.parse(reply.data) : null;
		},
		write: (i) => viscaMessage(1, viscaCommand.drive({ pan: (i % 49) - 24, tilt: 3 })),
	},
	{
		name: "Samsung MDC",
		splitter: () => scanSplitter(measureMdc),
		answer: hex("aaff0109410001200021000000 8c".replaceAll(" ", "")),
		read: parseMdc,
		write: (i) => encodeMdc(mdcCommands.volume, 1, [i % 101]),
	},
	{
		name: "LG",
		splitter: () => scanSplitter(measureLg),
		answer: ascii("a 01 OK01x"),
		read: parseLg,
		write: (i) => encodeLg("kf", 1, i % 101),
	},
	{
		name: "Sharp/NEC",
		splitter: () => scanSplitter(measureNec),
		answer: necAnswer("00006200 0064001E".replaceAll(" ", "")),
		read: parseNec,
		write: () => necModelRead(1),
	},
	{
		name: "PJLink",
		splitter: () => scanSplitter(measurePjlink),
		answer: ascii("%1POWR=1\r"),
		read: parsePjlink,
		write: () => encodePjlink("POWR", "?"),
	},
	{
		name: "panel bus",
		splitter: () => new PanelBusSplitter(),
		answer: writeMessage(
			{
				name: "report",
				counter: 7,
				broken: 0,
				state: { muteKey: true, shutterClosed: false, shutterByHand: false, occupied: true },
			},
			0,
		),
		read(frame) {
			const packet = readFrame(frame);
			return packet && readMessage(packet);
		},
		write: (i) => writeMessage({ name: "set_mute_lamp", on: i % 2 === 0 }, i & 0xff || 1),
	},
];

/** An answer of type D with its check code. */
function necAnswer(message: string): Uint8Array {
	const text = `\x0100AD${(message.length + 2).toString(16).toUpperCase().padStart(2, "0")}\x02${message}\x03`;
	const check = [...ascii(text)].slice(1).reduce((sum, byte) => sum ^ byte, 0);
	return Uint8Array.of(...ascii(text), check, 0x0d);
}

/** Frames in a second of the processor's time of `step`, which does one: whatever else the machine does. */
function rate(step: (i: number) => void, ms: number): number {
	const from = process.cpuUsage();
	let done = 0;
	let tookMs = 0;
	while (tookMs < ms) {
		for (let i = 0; i < 1000; i++) step(done + i);
		done += 1000;
		const { user, system } = process.cpuUsage(from);
		tookMs = (user + system) / 1000;
	}
	return (done * 1000) / tookMs;
}

/** Reads one answer that came in the given pieces. */
function reader({ name, splitter, answer, read }: Codec, pieces: number): () => void {
	const cuts = Array.from({ length: pieces }, (_, i) =>
		answer.subarray((answer.length * i) / pieces, (answer.length * (i + 1)) / pieces),
	);
	const line = splitter();
	return () => {
		let seen = 0;
		for (const piece of cuts) {
			for (const frame of line.push(piece)) if (read(frame) !== null) seen += 1;
		}
		if (seen !== 1) throw new Error(`the codec of ${name} did not read its own answer`);
	};
}

export function codecRows(quick: boolean): Row[] {
	const bench = "peripherals";
	const ms = quick ? 300 : 2000;
	const rows: Row[] = [];
	for (const codec of codecs) {
		const whole = reader(codec, 1);
		const cut = reader(codec, 3);
		for (const warm of [whole, cut, codec.write]) rate(warm, 200);
		const slowest = Math.min(rate(whole, ms), rate(cut, ms), rate(codec.write, ms));
		rows.push(
			atLeast(
				{ bench, metric: `${codec.name}: read, read in pieces, written: the slowest`, unit: "frames/s" },
				slowest,
				200_000,
				1,
			),
		);
	}
	setFlagsFromString("--expose-gc");
	const collect = runInNewContext("gc") as () => void;
	const steps = codecs.flatMap((codec) => [reader(codec, 3), codec.write]);
	const heapAfter = (frames: number): number => {
		for (const step of steps) for (let i = 0; i < frames; i++) step(i);
		collect();
		collect();
		return process.memoryUsage().heapUsed;
	};
	heapAfter(10_000);
	const before = heapAfter(10_000);
	const frames = quick ? 50_000 : 500_000;
	const grown = (heapAfter(frames) - before) / 1e6;
	rows.push(
		atMost(
			{ bench, metric: "heap grown by as many frames of each codec", unit: "MB" },
			Math.max(0, grown),
			0.1,
			frames,
		),
	);
	return rows;
}
