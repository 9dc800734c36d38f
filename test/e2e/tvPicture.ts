import { spawn } from "node:child_process";
import { buffer } from "node:stream/consumers";

export interface Colour {
	red: number;
	green: number;
	blue: number;
}

/** The JPEGs of a room's preview, one by one, as a viewer of `multipart/x-mixed-replace` gets them. */
export async function* previewPictures(room: string, view: "tv" | "self" = "tv"): AsyncGenerator<Buffer> {
	const abort = new AbortController();
	const response = await fetch(`${room}/preview/${view}`, { signal: abort.signal });
	let bytes = Buffer.alloc(0);
	try {
		for await (const chunk of response.body as ReadableStream<Uint8Array>) {
			bytes = Buffer.concat([bytes, chunk]);
			for (;;) {
				const start = bytes.indexOf("\xff\xd8", 0, "latin1");
				const end = start < 0 ? -1 : bytes.indexOf("\xff\xd9", start, "latin1");
				if (end < 0) break;
				yield bytes.subarray(start, end + 2);
				bytes = bytes.subarray(end + 2);
			}
		}
	} finally {
		abort.abort();
	}
}

const side = 16;

/** Red, green and blue of the middle's pixels, line by line, of a picture made small by GStreamer's own tools. */
async function middlePixels(jpeg: Buffer): Promise<number[]> {
	const decode = spawn(
		"gst-launch-1.0",
		`-q fdsrc fd=0 ! jpegdec ! videoconvert ! videoscale ! video/x-raw,format=RGB,width=${side},height=${side} ! fdsink fd=1`.split(
			" ",
		),
		{ stdio: ["pipe", "pipe", "ignore"] },
	);
	decode.stdin.end(jpeg);
	const raw = await buffer(decode.stdout);
	const middle: number[] = [];
	for (let y = 4; y < 12; y++) middle.push(...raw.subarray((y * side + 4) * 3, (y * side + 12) * 3));
	return middle;
}

/** Mean colour of a picture's middle. */
export async function middleOf(jpeg: Buffer): Promise<Colour> {
	const pixels = await middlePixels(jpeg);
	const mean = (channel: number) =>
		pixels.filter((_, at) => at % 3 === channel).reduce((sum, value) => sum + value, 0) / (pixels.length / 3);
	return { red: mean(0), green: mean(1), blue: mean(2) };
}

/** Mean difference of the middles of two pictures, 0–255: coding makes some 5 of it. */
export async function differenceOf(one: Buffer, other: Buffer): Promise<number> {
	const [here, there] = await Promise.all([middlePixels(one), middlePixels(other)]);
	return here.reduce((sum, value, at) => sum + Math.abs(value - (there[at] ?? 0)), 0) / here.length;
}

/** Watches the room's TV until its picture is what is waited for; rejects with what was last seen after half a minute. */
async function watchTv<T>(
	room: string,
	look: (jpeg: Buffer) => Promise<T>,
	wanted: (seen: T) => boolean,
): Promise<void> {
	const deadline = Date.now() + 30_000;
	let seen: T | null = null;
	for await (const jpeg of previewPictures(room)) {
		seen = await look(jpeg);
		if (wanted(seen)) return;
		if (Date.now() > deadline) break;
	}
	throw new Error(`the TV shows ${JSON.stringify(seen)}`);
}

/** Watches the room's TV until its middle has the colour that is waited for; rejects with the last one after half a minute. */
export function untilTvShows(room: string, wanted: (colour: Colour) => boolean): Promise<void> {
	return watchTv(room, middleOf, wanted);
}

/** Watches the room's TV until its middle is that of a picture; rejects with the last difference after half a minute. */
export function untilTvShowsPicture(room: string, picture: Buffer): Promise<void> {
	return watchTv(
		room,
		(jpeg) => differenceOf(jpeg, picture),
		(difference) => difference < 12,
	);
}

/** What a room's own camera sees now, from its preview. */
export async function selfPicture(room: string): Promise<Buffer> {
	for await (const jpeg of previewPictures(room, "self")) return jpeg;
	throw new Error("the room shows no picture of its own");
}
