import { readdirSync, readlinkSync } from "node:fs";
import { onTestFinished } from "vitest";
import { EngineClient, type EngineClientOptions } from "../../../device/media/EngineClient.ts";
import { type AppSink, type AppSrc, Pipeline } from "../../../device/media/gst/index.ts";
import type { SourceStatus, TvScene } from "../../../device/media/MediaEngine.ts";
import type { RemotePeer } from "../../../device/media/RemotePeer.ts";
import type { Candidate } from "../../../device/meeting/Peer.ts";

/** What an engine told last, and waiting for it to tell something. */
export interface Told {
	sources: { microphone: SourceStatus; camera: SourceStatus; speaker: boolean } | null;
	levels: { microphone: number; far: number };
	up: number;
	down: number[];
	farPictures: { atMs: number; width: number; height: number }[];
}

/** A started engine with small synthetic sources, ended with the test. */
export async function startEngine(options: EngineClientOptions = {}): Promise<{ engine: EngineClient; told: Told }> {
	const engine = new EngineClient({
		camera: "synthetic:bars",
		microphone: "synthetic:tone",
		speaker: "none",
		display: "none",
		picture: { width: 320, height: 180, fps: 15 },
		...options,
	});
	const told: Told = { sources: null, levels: { microphone: 0, far: 0 }, up: 0, down: [], farPictures: [] };
	engine.events.on("sources", (sources) => (told.sources = sources));
	engine.events.on("levels", (levels) => (told.levels = levels));
	engine.events.on("up", () => (told.up += 1));
	engine.events.on("down", ({ retryMs }) => told.down.push(retryMs));
	engine.events.on("farPicture", (picture) => told.farPictures.push(picture));
	onTestFinished(() => engine.stop());
	await engine.start();
	return { engine, told };
}

/** Resolves once the condition holds; looks every 20 ms. The test's own timeout ends it. */
export async function until<T>(look: () => T | Promise<T>): Promise<NonNullable<T>> {
	for (;;) {
		const seen = await look();
		if (seen) return seen as NonNullable<T>;
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

/** The SHA-256 that a description states. */
export function fingerprintOf(sdp: string): Uint8Array {
	const hex = /a=fingerprint:sha-256 ([0-9A-F:]+)/.exec(sdp)?.[1] ?? "";
	return Uint8Array.from(hex.split(":"), (byte) => Number.parseInt(byte, 16));
}

export interface Connected {
	a: RemotePeer;
	b: RemotePeer;
	offer: string;
	answer: string;
	events: { a: string[]; b: string[] };
}

/**
 * Joins two engines without a meeting between them: descriptions and candidates are handed over here.
 * @param change Alters what is handed over, as a man in the middle would.
 */
export async function join(
	one: EngineClient,
	other: EngineClient,
	change: {
		offer?: (sdp: string) => string;
		offerPrint?: Uint8Array;
		answerPrint?: Uint8Array;
		release?: boolean;
		/** On the way to the offerer; null: kept back. */
		candidateOfAnswerer?: (candidate: Candidate) => Promise<Candidate | null>;
		/** The answerer hears of no candidate and finds the offerer by its checks. */
		offererHidden?: boolean;
	} = {},
): Promise<Connected> {
	const [a, b] = await Promise.all([one.createPeer({ iceServers: [] }), other.createPeer({ iceServers: [] })]);
	const events = { a: [] as string[], b: [] as string[] };
	for (const event of ["connected", "lost", "refused"] as const) {
		a.events.on(event, () => events.a.push(event));
		b.events.on(event, () => events.b.push(event));
	}
	const early: (() => Promise<void>)[] = [];
	let described = false;
	const handOver = (to: RemotePeer, candidate: Parameters<RemotePeer["addCandidate"]>[0]): void => {
		const add = (): Promise<void> => to.addCandidate(candidate).catch(() => undefined);
		if (described) void add();
		else early.push(add);
	};
	a.events.on("candidate", (candidate) => {
		if (!change.offererHidden) handOver(b, candidate);
	});
	b.events.on("candidate", async (candidate) => {
		const changed = change.candidateOfAnswerer ? await change.candidateOfAnswerer(candidate) : candidate;
		if (changed) handOver(a, changed);
	});
	const offer = await a.createOffer();
	const answer = await b.acceptOffer(change.offer?.(offer) ?? offer, change.offerPrint ?? fingerprintOf(offer));
	await a.acceptAnswer(answer, change.answerPrint ?? fingerprintOf(answer));
	described = true;
	for (const add of early) await add();
	if (change.release !== false) {
		a.release();
		b.release();
	}
	return { a, b, offer, answer, events };
}

export const callScene: TvScene = { layout: "call", name: "", status: "", locked: false, selfView: false };

/** A decoded picture: the colour at a place given as shares of width and height. */
export interface Picture {
	width: number;
	height: number;
	at(x: number, y: number): [red: number, green: number, blue: number];
}

export async function decodeJpeg(jpeg: Uint8Array): Promise<Picture> {
	const pipeline = new Pipeline(
		"appsrc name=in caps=image/jpeg format=time ! jpegdec ! videoconvert ! video/x-raw,format=RGB ! appsink name=out sync=false",
	);
	try {
		const source = pipeline.getElementByName("in") as AppSrc;
		const sink = pipeline.getElementByName("out") as AppSink;
		await pipeline.play(0);
		source.push(jpeg, 0);
		source.endOfStream();
		const sample = await sink.getSample(10_000);
		const caps = sample?.caps;
		const data = sample?.buffer;
		if (!caps || !data) throw new Error("The preview is no picture.");
		const [width, height] = [Number(caps["width"]), Number(caps["height"])];
		const stride = data.length / height;
		return {
			width,
			height,
			at(x, y) {
				const place = Math.floor(y * (height - 1)) * stride + Math.floor(x * (width - 1)) * 3;
				return [data[place] ?? -1, data[place + 1] ?? -1, data[place + 2] ?? -1];
			},
		};
	} finally {
		await pipeline.dispose();
	}
}

/** Looks at previews until one satisfies; resolves with it. */
export async function seen(
	engine: EngineClient,
	view: "tv" | "self" | "small",
	wanted: (picture: Picture) => boolean,
): Promise<Picture> {
	let latest: Uint8Array | null = null;
	const stop = engine.preview(view, (jpeg) => (latest = jpeg));
	try {
		return await until(async () => {
			if (!latest) return null;
			const picture = await decodeJpeg(latest);
			return wanted(picture) ? picture : null;
		});
	} finally {
		stop();
	}
}

export type Colour = "red" | "green" | "blue";

/** Whether a place is clearly of one colour: lossy coding and limited range move every value a little. */
export function isColour(picture: Picture, colour: Colour, x = 0.5, y = 0.5): boolean {
	const [red, green, blue] = picture.at(x, y);
	const value = { red, green, blue };
	const rest = (["red", "green", "blue"] as const).filter((one) => one !== colour).map((one) => value[one]);
	return value[colour] > 120 && rest.every((other) => other < 90);
}

/** What files a process holds open. */
export function openFiles(pid: number): string[] {
	return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
		try {
			return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
		} catch {
			return [];
		}
	});
}
