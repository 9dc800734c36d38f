/**
 * A call over a bad network: 5, 10 and 20 % of the packets lost in each direction, and a bottleneck of 500 kbit/s. What is missing of
 * the picture and of the sound, between a room and a guest, against Chromium and Chromium. The guest uses a relay behind the bad hop,
 * so every packet of the call crosses it once.
 */
import type { Browser, Page } from "playwright-core";
import type { Impairment } from "../sim/network/LossyUdpRelay.ts";
import { BadNetwork } from "./BadNetwork.ts";
import { EngineRoom } from "./EngineRoom.ts";
import { MeetingPlace } from "./MeetingPlace.ts";
import {
	countersOf,
	frameAfter,
	launchGuestBrowser,
	markOf,
	pressJoin,
	probedGuest,
	waitingGuest,
} from "./pageProbe.ts";
import { median, type Row } from "./report.ts";
import { type ReadPicture, readPictures } from "./timecodePage.ts";
import { pause } from "./waitFor.ts";

const networks: { name: string; impairment: Partial<Impairment> }[] = [
	{ name: "5 % loss", impairment: { loss: 0.05, delayMs: 20 } },
	{ name: "10 % loss", impairment: { loss: 0.1, delayMs: 20 } },
	{ name: "20 % loss", impairment: { loss: 0.2, delayMs: 20 } },
	{ name: "500 kbit/s", impairment: { bitsPerSecond: 500_000, delayMs: 20 } },
];
/** Both senders have had the time to find their rate again. */
const adaptMs = 6_000;

/** What one end has counted so far. */
interface Count {
	sent: number;
	decoded: number;
	/** Samples of sound, and those made up for lost ones; null where it is not counted. */
	sound: { samples: number; concealed: number } | null;
}

/** One end of a call, as the bench looks at it. */
interface End {
	count(): Promise<Count>;
	pictures(): Promise<ReadPicture[]>;
}

/** What came over badly, one way: shares in percent, the freeze in milliseconds. */
interface Damage {
	missing: number;
	freeze: number;
	concealed: number | null;
}

const pageEnd = (page: Page): End => ({
	count: async () => {
		const { sent, received } = await countersOf(page);
		const sound = { samples: received.audioSamples, concealed: received.audioConcealed };
		return { sent: sent.frames, decoded: received.frames, sound };
	},
	pictures: () => readPictures(page),
});

/** Makes the path bad, and looks at both ends for `spanMs`. @returns What reached each of them. */
async function measure(
	network: BadNetwork,
	impairment: Partial<Impairment>,
	ends: [End, End],
	spanMs: number,
): Promise<[Damage, Damage]> {
	network.impair(impairment);
	await pause(adaptMs);
	const startMs = Date.now();
	const before = await Promise.all(ends.map((end) => end.count()));
	await pause(spanMs);
	const after = await Promise.all(ends.map((end) => end.count()));
	const endMs = Date.now();
	const pictures = await Promise.all(ends.map((end) => end.pictures()));
	network.impair({});
	const damage = (at: 0 | 1): Damage => {
		const [mine, then, far, farThen] = [before[at], after[at], before[1 - at], after[1 - at]] as [
			Count,
			Count,
			Count,
			Count,
		];
		const sent = farThen.sent - far.sent;
		const samples = (then.sound?.samples ?? 0) - (mine.sound?.samples ?? 0);
		return {
			// what was under way at either end of the span may make it a little more than all
			missing: 100 * Math.max(0, 1 - (then.decoded - mine.decoded) / sent),
			freeze: longestGap(pictures[at] as ReadPicture[], startMs, endMs),
			concealed: then.sound && mine.sound ? (100 * (then.sound.concealed - mine.sound.concealed)) / samples : null,
		};
	};
	return [damage(0), damage(1)];
}

/** Longest time without a new picture, milliseconds, also at the edges of the span. */
function longestGap(pictures: ReadPicture[], startMs: number, endMs: number): number {
	const moments = pictures.map(({ atMs }) => atMs).filter((atMs) => atMs >= startMs && atMs <= endMs);
	const edges = [startMs, ...moments, endMs];
	return Math.max(...edges.slice(1).map((atMs, i) => atMs - (edges[i] as number)));
}

/** One call; `toGuest` reached the waiting guest, `fromGuest` the other end. */
type Call = (impairment: Partial<Impairment>) => Promise<{ toGuest: Damage; fromGuest: Damage }>;

function calls(
	place: MeetingPlace,
	network: BadNetwork,
	room: EngineRoom,
	browsers: [Browser, Browser],
	spanMs: number,
): Record<"ours" | "peer", Call> {
	const waiting = (link: string) => waitingGuest(browsers[0], link, { timecode: true, relayOnly: true });
	async function overRelay(page: Page, ends: [End, End], impairment: Partial<Impairment>) {
		const { path } = await countersOf(page);
		if (path !== "relay") throw new Error(`the call goes over ${path || "nothing"}, not over the relay`);
		const [toGuest, fromGuest] = await measure(network, impairment, ends, spanMs);
		return { toGuest, fromGuest };
	}
	return {
		ours: async (impairment) => {
			const link = place.link();
			const guest = await waiting(link);
			const pictures: ReadPicture[] = [];
			const forget = room.engine.events.on("farTimecode", (picture) => pictures.push(picture));
			await room.join(link);
			await frameAfter(guest.page, 0);
			const roomEnd: End = {
				count: async () => {
					const { sender, farVideo } = await room.stats();
					return { sent: sender.frames, decoded: farVideo.frames, sound: null };
				},
				pictures: async () => pictures,
			};
			const damage = await overRelay(guest.page, [pageEnd(guest.page), roomEnd], impairment);
			forget();
			await room.leave();
			await guest.close();
			return damage;
		},
		peer: async (impairment) => {
			const link = place.link();
			const guest = await waiting(link);
			const joiner = await probedGuest(browsers[1], { timecode: true });
			await joiner.open(link);
			await joiner.turnOn();
			await pressJoin(joiner.page);
			await frameAfter(joiner.page, await markOf(joiner.page, "join"));
			const damage = await overRelay(guest.page, [pageEnd(guest.page), pageEnd(joiner.page)], impairment);
			await Promise.all([guest.close(), joiner.close()]);
			return damage;
		},
	};
}

function row(metric: string, unit: string, ours: number[], peer: number[]): Row {
	const round = (value: number) => Number(value.toPrecision(4));
	const [a, b] = [median(ours), median(peer)];
	// Chromium may well lose nothing: then there is no ratio, and the target is nothing too
	const ratio = b > 0 ? round(a / b) : null;
	return {
		bench: "loss",
		metric,
		unit,
		ours: round(a),
		peer: round(b),
		ratio,
		target: "≤ Chromium's",
		pass: a <= b,
		n: ours.length,
	};
}

export async function bench({ quick }: { quick: boolean }): Promise<Row[]> {
	const [rounds, spanMs] = quick ? [1, 5_000] : [3, 15_000];
	const network = new BadNetwork();
	const browsers: Browser[] = [];
	let place: MeetingPlace | null = null;
	let room: EngineRoom | null = null;
	try {
		place = await MeetingPlace.start(network);
		room = await EngineRoom.start({ camera: "synthetic:timecode", farTimecode: true });
		for (let i = 0; i < 2; i++) browsers.push(await launchGuestBrowser());
		const { ours, peer } = calls(place, network, room, browsers as [Browser, Browser], spanMs);
		const rows: Row[] = [];
		for (const { name, impairment } of networks) {
			const measured: Record<"ours" | "peer", Awaited<ReturnType<Call>>[]> = { ours: [], peer: [] };
			for (let round = 0; round < rounds; round++) {
				measured.ours.push(await ours(impairment));
				measured.peer.push(await peer(impairment));
			}
			for (const [way, words] of [
				["toGuest", "room → guest"],
				["fromGuest", "guest → room"],
			] as const) {
				const of = (figure: keyof Damage, who: "ours" | "peer") =>
					measured[who].map((damage) => damage[way][figure]).filter((value) => value !== null);
				const both = (figure: keyof Damage) => [of(figure, "ours"), of(figure, "peer")] as const;
				rows.push(row(`${name}, ${words}: pictures not drawn`, "%", ...both("missing")));
				rows.push(row(`${name}, ${words}: longest freeze`, "ms", ...both("freeze")));
				// a room counts no made-up samples, so its own hearing can't be held against Chromium's
				if (of("concealed", "ours").length)
					rows.push(row(`${name}, ${words}: sound made up`, "%", ...both("concealed")));
			}
		}
		return rows;
	} finally {
		await room?.stop();
		await Promise.allSettled(browsers.map((browser) => browser.close()));
		await place?.stop();
		await network.stop();
	}
}
