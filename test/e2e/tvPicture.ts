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

/** Mean colour of a picture's middle, decoded by GStreamer's own tools. */
export async function middleOf(jpeg: Buffer): Promise<Colour> {
	const side = 16;
	const decode = spawn(
		"gst-launch-1.0",
		`-q fdsrc fd=0 ! jpegdec ! videoconvert ! videoscale ! video/x-raw,format=RGB,width=${side},height=${side} ! fdsink fd=1`.split(
			" ",
		),
		{ stdio: ["pipe", "pipe", "ignore"] },
	);
	decode.stdin.end(jpeg);
	const raw = await buffer(decode.stdout);
	const sum = { red: 0, green: 0, blue: 0 };
	let n = 0;
	for (let y = 4; y < 12; y++) {
		for (let x = 4; x < 12; x++, n++) {
			const at = (y * side + x) * 3;
			sum.red += raw[at] as number;
			sum.green += raw[at + 1] as number;
			sum.blue += raw[at + 2] as number;
		}
	}
	return { red: sum.red / n, green: sum.green / n, blue: sum.blue / n };
}

/** Watches the room's TV until its middle has the colour that is waited for; rejects with the last one after half a minute. */
export async function untilTvShows(room: string, wanted: (colour: Colour) => boolean): Promise<void> {
	const deadline = Date.now() + 30_000;
	let colour: Colour | null = null;
	for await (const jpeg of previewPictures(room)) {
		colour = await middleOf(jpeg);
		if (wanted(colour)) return;
		if (Date.now() > deadline) break;
	}
	throw new Error(`the TV shows ${JSON.stringify(colour)}`);
}
