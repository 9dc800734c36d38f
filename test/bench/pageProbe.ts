/** What a bench needs to know of a guest page: put into it before its own scripts, it changes nothing of what the page does. */
import type { Browser, Page } from "playwright-core";
import { allowMedia, launchChromium } from "../sim/chromium.ts";
import { Guest } from "../ui/guest/guestBrowser.ts";
import { timecodeScript } from "./timecodePage.ts";

export interface FrameStamp {
	/** When the decoded frame was handed to the compositor, epoch ms (requestVideoFrameCallback's presentationTime). */
	atMs: number;
	width: number;
	height: number;
	/** The MediaStream that it came from: each transport that the page makes has one of its own. */
	stream: string;
}

interface Probe {
	peers: RTCPeerConnection[];
	frames: FrameStamp[];
}

export interface ProbeOptions {
	/** The page's transports may use relays only. */
	relayOnly?: boolean;
	/** The camera draws the moment into each picture, and the far end's is read out of it. */
	timecode?: boolean;
}

/** Runs in the page. Self-contained: it is sent there as text. */
function install({ relayOnly = false }: ProbeOptions): void {
	const probe: Probe = { peers: [], frames: [] };
	(globalThis as unknown as { benchProbe: Probe }).benchProbe = probe;
	const Native = globalThis.RTCPeerConnection;
	globalThis.RTCPeerConnection = class extends Native {
		constructor(configuration?: RTCConfiguration) {
			super(relayOnly ? { ...configuration, iceTransportPolicy: "relay" } : configuration);
			probe.peers.push(this);
		}
	};
	const watched = new WeakSet<Element>();
	const watch = (video: HTMLVideoElement): void => {
		if (watched.has(video)) return;
		watched.add(video);
		const next = (): number =>
			video.requestVideoFrameCallback((_now, { presentationTime, width, height }) => {
				const stream = (video.srcObject as MediaStream | null)?.id ?? "";
				probe.frames.push({ atMs: performance.timeOrigin + presentationTime, width, height, stream });
				next();
			});
		next();
	};
	new MutationObserver(() => {
		for (const video of document.querySelectorAll<HTMLVideoElement>("[data-testid=far-video]")) watch(video);
	}).observe(document, { childList: true, subtree: true });
}

/** Chromium as a guest has it: a process tree and profile of its own, fake devices, not slowed down for being out of sight. */
export function launchGuestBrowser(extra: string[] = []): Promise<Browser> {
	return launchChromium([
		allowMedia,
		"--disable-renderer-backgrounding",
		"--disable-background-timer-throttling",
		"--disable-backgrounding-occluded-windows",
		"--autoplay-policy=no-user-gesture-required",
		...extra,
	]);
}

/** A guest in a fresh profile, with the probe in place. */
export async function probedGuest(browser: Browser, options: ProbeOptions = {}): Promise<Guest> {
	const guest = await Guest.create(browser);
	await guest.page.addInitScript(install, options);
	if (options.timecode) await guest.page.addInitScript(timecodeScript);
	return guest;
}

/** A guest who waits in the meeting, devices on. */
export async function waitingGuest(browser: Browser, link: string, options: ProbeOptions = {}): Promise<Guest> {
	const guest = await probedGuest(browser, options);
	await guest.join(link);
	await guest.waitForPhase("waiting");
	return guest;
}

/** Presses Join inside the page, without the way through the browser's automation; the page marks the moment. */
export function pressJoin(page: Page): Promise<void> {
	return page.evaluate(() => (document.querySelector(".join") as HTMLElement).click());
}

/** Moment of a mark `incamera:<moment>`, epoch ms, once it is there. */
export async function markOf(page: Page, moment: string): Promise<number> {
	const handle = await page.waitForFunction((name) => {
		const [mark] = performance.getEntriesByName(name);
		return mark ? performance.timeOrigin + mark.startTime : null;
	}, `incamera:${moment}`);
	return handle.jsonValue() as Promise<number>;
}

/** The far end's frames that the page drew, in order. */
export function framesOf(page: Page): Promise<FrameStamp[]> {
	return page.evaluate(() => (globalThis as unknown as { benchProbe: Probe }).benchProbe.frames);
}

/**
 * The first frame drawn at or after a moment (epoch ms), waited for.
 * @param options.otherThan A stream whose frames don't count.
 */
export async function frameAfter(page: Page, sinceMs: number, options: { otherThan?: string } = {}): Promise<number> {
	const handle = await page.waitForFunction(
		({ since, otherThan }) =>
			(globalThis as unknown as { benchProbe: Probe }).benchProbe.frames.find(
				({ atMs, stream }) => atMs >= since && stream !== otherThan,
			)?.atMs,
		{ since: sinceMs, otherThan: options.otherThan },
		{ timeout: 60_000 },
	);
	return handle.jsonValue() as Promise<number>;
}

/** What the page's newest transport has counted (getStats); zero where nothing came yet. */
export interface CallCounters {
	sent: { frames: number; height: number };
	received: {
		frames: number;
		audioSamples: number;
		/** Samples made up for lost ones, without those of real silence. */
		audioConcealed: number;
	};
	/** The kind of the local candidate in use. */
	path: string;
}

export function countersOf(page: Page): Promise<CallCounters> {
	return page.evaluate(async () => {
		const peer = (globalThis as unknown as { benchProbe: Probe }).benchProbe.peers.at(-1);
		const all = peer ? [...((await peer.getStats()) as unknown as Map<string, Record<string, unknown>>).values()] : [];
		const find = (type: string, kind: string) => all.find((one) => one["type"] === type && one["kind"] === kind) ?? {};
		const number = (one: Record<string, unknown>, name: string) => Number(one[name] ?? 0);
		const [out, video, audio] = [
			find("outbound-rtp", "video"),
			find("inbound-rtp", "video"),
			find("inbound-rtp", "audio"),
		];
		const transport = all.find((one) => one["type"] === "transport");
		const pair = all.find((one) => one["id"] === transport?.["selectedCandidatePairId"]);
		const local = all.find((one) => one["id"] === pair?.["localCandidateId"]);
		return {
			sent: { frames: number(out, "framesSent"), height: number(out, "frameHeight") },
			received: {
				frames: number(video, "framesDecoded"),
				audioSamples: number(audio, "totalSamplesReceived"),
				audioConcealed: number(audio, "concealedSamples") - number(audio, "silentConcealedSamples"),
			},
			path: String(local?.["candidateType"] ?? ""),
		};
	});
}

/** Forbids the browser to make its picture smaller or slower when the processor is busy. */
export function holdTo720p30(page: Page): Promise<void> {
	return page.evaluate(async () => {
		const peer = (globalThis as unknown as { benchProbe: Probe }).benchProbe.peers.at(-1);
		const sender = peer?.getSenders().find(({ track }) => track?.kind === "video");
		if (!sender) throw new Error("no picture is sent");
		const parameters = sender.getParameters();
		(parameters as { degradationPreference?: string }).degradationPreference = "maintain-framerate-and-resolution";
		await sender.setParameters(parameters).catch(() => {
			parameters.degradationPreference = "maintain-resolution";
			return sender.setParameters(parameters);
		});
	});
}

/** Pictures are decoded and not drawn, as in a room whose TV nobody looks at. */
export function drawNothing(page: Page): Promise<void> {
	return page.evaluate(() => {
		for (const video of document.querySelectorAll("video")) video.style.display = "none";
	});
}
