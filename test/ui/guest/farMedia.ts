import type { Page } from "playwright-core";

/** What the far end's picture really shows: drawn to a canvas and read back. */
export interface PictureProbe {
	width: number;
	height: number;
	/** 0–255, mean of all pixels' brightest channel. */
	brightness: number;
	/** Changes with any change of the picture. */
	print: string;
}

export function probePicture(page: Page): Promise<PictureProbe> {
	return page.$eval("[data-testid=far-video]", (element) => {
		const video = element as HTMLVideoElement;
		const canvas = document.createElement("canvas");
		canvas.width = 64;
		canvas.height = 36;
		const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
		context.drawImage(video, 0, 0, canvas.width, canvas.height);
		const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
		let sum = 0;
		let print = 0;
		for (let at = 0; at < data.length; at += 4) {
			const brightest = Math.max(data[at] as number, data[at + 1] as number, data[at + 2] as number);
			sum += brightest;
			print = (print * 31 + brightest) % 1_000_000_007;
		}
		const { videoWidth: width, videoHeight: height } = video;
		return { width, height, brightness: sum / (data.length / 4), print: String(print) };
	});
}

const across = 64;
const down = 36;

/** The far end's picture, small. */
export class FarPicture {
	/** Red, green and blue of each pixel, line by line. */
	readonly #pixels: readonly number[];

	private constructor(pixels: readonly number[]) {
		this.#pixels = pixels;
	}

	static async take(page: Page): Promise<FarPicture> {
		const pixels = await page.$eval(
			"[data-testid=far-video]",
			(element, [width, height]) => {
				const canvas = document.createElement("canvas");
				canvas.width = width;
				canvas.height = height;
				const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
				context.drawImage(element as HTMLVideoElement, 0, 0, width, height);
				return [...context.getImageData(0, 0, width, height).data].filter((_, place) => place % 4 !== 3);
			},
			[across, down] as const,
		);
		return new FarPicture(pixels);
	}

	/** At a place given as shares of width and height. */
	at(x: number, y: number): [red: number, green: number, blue: number] {
		const place = (Math.floor(y * down) * across + Math.floor(x * across)) * 3;
		const [red = -1, green = -1, blue = -1] = this.#pixels.slice(place, place + 3);
		return [red, green, blue];
	}

	/** Mean difference of all values, 0–255: coding makes 1 or 2 of it in a still picture. */
	differsFrom(other: FarPicture): number {
		const sum = this.#pixels.reduce((all, value, place) => all + Math.abs(value - (other.#pixels[place] ?? 0)), 0);
		return sum / this.#pixels.length;
	}
}

/** Pictures that the browser has drawn of the far end so far. */
export function picturesDrawn(page: Page): Promise<number> {
	return page.$eval(
		"[data-testid=far-video]",
		(element) => (element as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames,
	);
}

interface Heard {
	/** 0–1. */
	loudest: number;
	/** How often was listened. */
	looks: number;
	/** Hertz of what is loudest at this moment. */
	pitch(): number;
}

/** Starts to listen to the far end's sound as it arrives: for `loudestSound`, `loudestFromNow` and `pitchOfFar`. */
export function listenToFar(page: Page): Promise<void> {
	return page.$eval("[data-testid=far-video]", (element) => {
		const stream = (element as HTMLVideoElement).srcObject as MediaStream;
		const context = new AudioContext();
		const source = context.createMediaStreamSource(new MediaStream(stream.getAudioTracks()));
		const analyser = new AnalyserNode(context, { fftSize: 2048 });
		source.connect(analyser);
		const samples = new Float32Array(analyser.fftSize);
		const ear = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
		source.connect(ear);
		const strengths = new Float32Array(ear.frequencyBinCount);
		const heard: Heard = {
			loudest: 0,
			looks: 0,
			pitch() {
				ear.getFloatFrequencyData(strengths);
				const loudest = strengths.reduce((best, dB, bin) => (dB > (strengths[best] as number) ? bin : best), 0);
				return (loudest * context.sampleRate) / ear.fftSize;
			},
		};
		Object.assign(globalThis, { heard });
		setInterval(() => {
			analyser.getFloatTimeDomainData(samples);
			for (const sample of samples) heard.loudest = Math.max(heard.loudest, Math.abs(sample));
			heard.looks += 1;
		}, 20);
	});
}

export function loudestSound(page: Page): Promise<number> {
	return page.evaluate(() => (globalThis as unknown as { heard: Heard }).heard.loudest);
}

/** Hertz of what is loudest in the far end's sound at this moment, to 6 Hz; 0 in silence. */
export function pitchOfFar(page: Page): Promise<number> {
	return page.evaluate(() => (globalThis as unknown as { heard: Heard }).heard.pitch());
}

/** Forgets what was heard, and says the loudest of the next 75 looks: at least one and a half seconds, three of the fake beeps. */
export async function loudestFromNow(page: Page): Promise<number> {
	await page.evaluate(() => Object.assign((globalThis as unknown as { heard: Heard }).heard, { loudest: 0, looks: 0 }));
	await page.waitForFunction(() => (globalThis as unknown as { heard: Heard }).heard.looks >= 75);
	return loudestSound(page);
}
