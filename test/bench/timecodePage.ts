/**
 * Camera and reader of time codes for a guest page. Both stand as near to the browser's own media path as a page can get: pictures go
 * in through a track generator and come out of the decoder through a track processor, so neither canvas nor compositor is measured.
 */
import type { Page } from "playwright-core";
import { movingScene, paintTimecode, readTimecode } from "../../device/media/timecode.ts";

/** A far-end picture: when it was there (epoch ms) and what it bore, see `readTimecode`. */
export interface ReadPicture {
	atMs: number;
	code: number | null;
}

/** Not in TypeScript's DOM library: https://www.w3.org/TR/mediacapture-transform/ as Chromium has it on window. */
interface Transform {
	MediaStreamTrackGenerator: new (init: {
		kind: "video";
	}) => MediaStreamTrack & { writable: WritableStream<VideoFrame> };
	MediaStreamTrackProcessor: new (init: { track: MediaStreamTrack }) => { readable: ReadableStream<VideoFrame> };
	benchTimecodes: ReadPicture[];
}

/** Runs in the page. */
function install(scene: typeof movingScene, paint: typeof paintTimecode, read: typeof readTimecode): void {
	const page = globalThis as unknown as Transform;
	const pictures: ReadPicture[] = [];
	page.benchTimecodes = pictures;
	const [width, height, fps] = [1280, 720, 30];

	const camera = (): MediaStreamTrack => {
		const track = new page.MediaStreamTrackGenerator({ kind: "video" });
		const writer = track.writable.getWriter();
		const picture = new Uint8Array((width * height * 3) / 2).fill(128);
		const drawScene = scene(width, height);
		const startMs = performance.now();
		let drawn = 0;
		const draw = (): void => {
			if (track.readyState === "ended") return;
			drawScene(picture, drawn);
			paint(picture, width, height, Date.now());
			const timestamp = Math.round(performance.now() * 1000);
			const frame = new VideoFrame(picture, { format: "I420", codedWidth: width, codedHeight: height, timestamp });
			writer.write(frame).catch(() => frame.close());
			drawn += 1;
			setTimeout(draw, Math.max(0, startMs + (drawn * 1000) / fps - performance.now()));
		};
		draw();
		return track;
	};

	const devices = navigator.mediaDevices;
	const open = devices.getUserMedia.bind(devices);
	devices.getUserMedia = async (constraints = {}) => {
		if (!constraints.video) return open(constraints);
		const sound = constraints.audio ? await open({ audio: constraints.audio }) : new MediaStream();
		return new MediaStream([...sound.getAudioTracks(), camera()]);
	};

	const look = async (track: MediaStreamTrack): Promise<void> => {
		const reader = new page.MediaStreamTrackProcessor({ track }).readable.getReader();
		let rows = new Uint8Array();
		for (;;) {
			const { value: frame, done } = await reader.read();
			if (done) return;
			const atMs = Date.now();
			const { width = 0, height = 0 } = frame.visibleRect ?? {};
			const rect = { x: 0, y: Math.floor(height / 40) * 2, width, height: 2 };
			const bytes = frame.allocationSize({ rect });
			if (rows.length !== bytes) rows = new Uint8Array(bytes);
			const [luma] = await frame.copyTo(rows, { rect });
			frame.close();
			// two rows from the middle of the code, the first of which is read
			pictures.push({ atMs, code: read(rows.subarray(luma?.offset ?? 0), width, 0) });
		}
	};
	const seen = new WeakSet<MediaStreamTrack>();
	setInterval(() => {
		const video = document.querySelector<HTMLVideoElement>("[data-testid=far-video]");
		const track = (video?.srcObject as MediaStream | null)?.getVideoTracks()[0];
		if (!track || seen.has(track)) return;
		seen.add(track);
		void look(track);
	}, 20);
}

/** Text for the page: TypeScript that Node strips its types of is JavaScript. */
export const timecodeScript = `(${install})(${movingScene}, ${paintTimecode}, ${readTimecode});`;

/** The far end's pictures since the page was opened. */
export function readPictures(page: Page): Promise<ReadPicture[]> {
	return page.evaluate(() => (globalThis as unknown as Transform).benchTimecodes);
}

/** Age of a picture when it was read, milliseconds; null where nothing could be read. */
export function ageOf({ atMs, code }: ReadPicture): number | null {
	if (code === null) return null;
	// both in 32 bits: the difference comes round like they do
	const age = (Math.round(atMs) - code) >>> 0;
	return age < 60_000 ? age : null;
}
