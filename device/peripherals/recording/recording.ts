import * as z from "zod/mini";
import { JsonLines } from "../../core/JsonLines.ts";
import { RoomError } from "../../core/RoomError.ts";
import { linkFailures } from "../link/FrameLink.ts";
import type { LineEntry } from "../link/LineTap.ts";

/** The layout of a recording: JSON lines, a heading first. */
export const RECORDING_VERSION = 1;
/** Bytes of one line; what passes at once on a line is far less. */
const LINE_BYTES = 256 * 1024;

const at = z.number().check(z.int());
const hex = z.string().check(z.regex(/^(?:[0-9a-f]{2})*$/));
const heading = z.object({ v: z.literal(RECORDING_VERSION), device: z.string(), at });
const entry = z.discriminatedUnion("is", [
	z.object({ at, is: z.enum(["in", "out"]), hex }),
	z.object({ at, is: z.literal("opened") }),
	z.object({ at, is: z.literal("not_opened"), why: z.enum(linkFailures) }),
	z.object({ at, is: z.literal("ended"), why: z.enum([...linkFailures, "closed"]) }),
	/** Whoever wrote it down could not keep up, and so many entries are not there. */
	z.object({ at, is: z.literal("missed"), entries: z.number() }),
	/** It was as long as it may be; what came later is not there. */
	z.object({ at, is: z.literal("full") }),
]);
export type RecordedEntry = z.infer<typeof entry>;

export interface Recording {
	/** What the configuration calls the device. */
	device: string;
	entries: RecordedEntry[];
}

export const headingLine = (device: string, atMs: number): string =>
	`${JSON.stringify({ v: RECORDING_VERSION, device, at: atMs })}\n`;

export function entryLine(happened: LineEntry | Extract<RecordedEntry, { is: "missed" | "full" }>): string {
	if (!("bytes" in happened)) return `${JSON.stringify(happened)}\n`;
	const { at: atMs, is, bytes } = happened;
	return `${JSON.stringify({ at: atMs, is, hex: Buffer.from(bytes).toString("hex") })}\n`;
}

/** Reads a recording. @throws RoomError `recording.malformed`, with the line in its context */
export function parseRecording(text: Uint8Array): Recording {
	const reader = new JsonLines(LINE_BYTES);
	const malformed = (line: number, cause?: unknown) =>
		new RoomError("recording.malformed", "this is no recording of a line, or it is broken", {
			context: { line },
			cause,
		});
	let lines: ReturnType<JsonLines["push"]>;
	try {
		lines = reader.push(text);
	} catch (error) {
		throw malformed(0, error);
	}
	const [first, ...rest] = lines.map((line) => (line.ok ? line.value : null));
	const head = heading.safeParse(first);
	if (!head.success) throw malformed(1);
	const entries = rest.map((value, i) => {
		const read = entry.safeParse(value);
		if (!read.success) throw malformed(i + 2);
		return read.data;
	});
	return { device: head.data.device, entries };
}
