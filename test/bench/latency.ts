/**
 * From picture to picture: a moment drawn into each 720p30 picture as it is made, read out of it as soon as it was decoded at the other
 * end. Room to guest and guest to room, against Chromium to Chromium, same page, same rendezvous, in turn.
 */
import type { Browser, Page } from "playwright-core";
import { EngineRoom } from "./EngineRoom.ts";
import { MeetingPlace } from "./MeetingPlace.ts";
import { frameAfter, launchGuestBrowser, markOf, pressJoin, probedGuest, waitingGuest } from "./pageProbe.ts";
import { against, median, type Row } from "./report.ts";
import { ageOf, type ReadPicture, readPictures } from "./timecodePage.ts";
import { pause } from "./waitFor.ts";

/** Encoders, congestion control and jitter buffers have settled. */
const settleMs = 4_000;

/** Median age (ms) of the pictures read from a moment (epoch ms) on. */
function medianAge(pictures: ReadPicture[], sinceMs: number): number {
	const ages = pictures.filter(({ atMs }) => atMs >= sinceMs).map(ageOf);
	const read = ages.filter((age) => age !== null);
	if (read.length < 20) throw new Error(`of ${ages.length} pictures ${read.length} could be read`);
	return median(read);
}

/** How old pictures are that went each way. */
interface Ages {
	toGuest: number;
	fromGuest: number;
}

async function withRoom(place: MeetingPlace, room: EngineRoom, browser: Browser, spanMs: number): Promise<Ages> {
	const link = place.link();
	const guest = await waitingGuest(browser, link, { timecode: true });
	const pictures: ReadPicture[] = [];
	const forget = room.engine.events.on("farTimecode", (picture) => pictures.push(picture));
	await room.join(link);
	await pause(settleMs);
	const sinceMs = Date.now();
	await pause(spanMs);
	const ages = {
		toGuest: medianAge(await readPictures(guest.page), sinceMs),
		fromGuest: medianAge(pictures, sinceMs),
	};
	forget();
	await room.leave();
	await guest.close();
	return ages;
}

async function betweenChromiums(link: string, browsers: Browser[], spanMs: number): Promise<number[]> {
	const [one, other] = browsers as [Browser, Browser];
	const guest = await waitingGuest(one, link, { timecode: true });
	const joiner = await probedGuest(other, { timecode: true });
	await joiner.open(link);
	await joiner.turnOn();
	await pressJoin(joiner.page);
	await frameAfter(joiner.page, await markOf(joiner.page, "join"));
	await pause(settleMs);
	const sinceMs = Date.now();
	await pause(spanMs);
	const ageAt = async (page: Page) => medianAge(await readPictures(page), sinceMs);
	const ages = [await ageAt(guest.page), await ageAt(joiner.page)];
	await Promise.all([guest.close(), joiner.close()]);
	return ages;
}

export async function bench({ quick }: { quick: boolean }): Promise<Row[]> {
	const [rounds, spanMs] = quick ? [1, 3_000] : [7, 6_000];
	const browsers: Browser[] = [];
	const place = await MeetingPlace.start();
	let room: EngineRoom | null = null;
	try {
		room = await EngineRoom.start({ camera: "synthetic:timecode", farTimecode: true });
		for (let i = 0; i < 2; i++) browsers.push(await launchGuestBrowser());
		const ours: Ages[] = [];
		const peer: number[] = [];
		for (let round = 0; round < rounds; round++) {
			ours.push(await withRoom(place, room, browsers[0] as Browser, spanMs));
			peer.push(...(await betweenChromiums(place.link(), browsers, spanMs)));
		}
		const name = { bench: "latency", unit: "ms" };
		return [
			against(
				{ ...name, metric: "room → guest" },
				ours.map(({ toGuest }) => toGuest),
				peer,
				1,
			),
			against(
				{ ...name, metric: "guest → room" },
				ours.map(({ fromGuest }) => fromGuest),
				peer,
				1,
			),
		];
	} finally {
		await room?.stop();
		await Promise.allSettled(browsers.map((browser) => browser.close()));
		await place.stop();
	}
}
