import { execFileSync } from "node:child_process";

export interface Colour {
	red: number;
	green: number;
	blue: number;
}

/** One JPEG from a room's preview, as a viewer of `multipart/x-mixed-replace` gets it. */
export async function previewJpeg(room: string, view: "tv" | "self" = "tv"): Promise<Buffer> {
	const abort = new AbortController();
	const response = await fetch(`${room}/preview/${view}`, { signal: abort.signal });
	let bytes = Buffer.alloc(0);
	try {
		for await (const chunk of response.body as ReadableStream<Uint8Array>) {
			bytes = Buffer.concat([bytes, chunk]);
			const start = bytes.indexOf("\xff\xd8", 0, "latin1");
			const end = start < 0 ? -1 : bytes.indexOf("\xff\xd9", start, "latin1");
			if (end > 0) return bytes.subarray(start, end + 2);
		}
	} finally {
		abort.abort();
	}
	throw new Error("the preview ended without a picture");
}

/** What the room's TV shows now: size and the mean colour of its middle, decoded by GStreamer's own tools. */
export async function tvPicture(room: string): Promise<{ middle: Colour }> {
	const jpeg = await previewJpeg(room);
	const side = 16;
	const raw = execFileSync(
		"gst-launch-1.0",
		`-q fdsrc fd=0 ! jpegdec ! videoconvert ! videoscale ! video/x-raw,format=RGB,width=${side},height=${side} ! fdsink fd=1`.split(
			" ",
		),
		{ input: jpeg, maxBuffer: 1 << 20 },
	);
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
	return { middle: { red: sum.red / n, green: sum.green / n, blue: sum.blue / n } };
}
