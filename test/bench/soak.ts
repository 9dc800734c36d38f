/**
 * Many calls in a row, most from room to room, every tenth with a guest in Chromium: what the engines and the room programs hold at
 * rest after each. What grows with every call would end an appliance that is never switched off.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import type { RoomId } from "../../tools/building/Building.ts";
import type { PanelDriver } from "../e2e/PanelDriver.ts";
import { BenchBuilding } from "./BenchBuilding.ts";
import { frameAfter, launchGuestBrowser, waitingGuest } from "./pageProbe.ts";
import { atMost, median, type Row } from "./report.ts";
import { pause } from "./waitFor.ts";

const rooms = ["berlin", "muenchen"] as const;
const programs = ["engine", "room program"] as const;
const figures = ["descriptors", "threads", "megabytes"] as const;

/** What a process holds (proc(5)). */
type Holding = Record<(typeof figures)[number], number>;
type Sample = Record<RoomId, Record<(typeof programs)[number], Holding>>;

const talkMs = 500;
/** A call's last pieces (decoders, sockets, timers of farewell) go shortly after the panel is at rest. */
const settleMs = 700;
/** So many calls before and including the marked one are taken together: one sample may hold garbage that is just about to go. */
const window = 5;

function holding(pid: number): Holding {
	const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
	return {
		descriptors: readdirSync(`/proc/${pid}/fd`).length,
		threads: readdirSync(`/proc/${pid}/task`).length,
		megabytes: kilobytes / 1024,
	};
}

function sampleOf(building: BenchBuilding): Sample {
	const of = (room: RoomId) => ({
		engine: holding(building.enginePid(room)),
		"room program": holding(building.building.pidOf(room)),
	});
	return { berlin: of("berlin"), muenchen: of("muenchen") };
}

async function roomToRoom(building: BenchBuilding, panels: [PanelDriver, PanelDriver]): Promise<void> {
	await building.callRoomToRoom(...panels);
	await pause(talkMs);
	await Promise.all(panels.map((panel) => panel.rest()));
}

async function withGuest(building: BenchBuilding, browser: Browser, berlin: PanelDriver): Promise<void> {
	const guest = await waitingGuest(browser, building.running.guestLink);
	const sinceMs = Date.now();
	await berlin.join();
	await Promise.all([building.firstPicture("berlin", sinceMs), frameAfter(guest.page, sinceMs)]);
	await pause(talkMs);
	await berlin.rest();
	await guest.close();
}

/** The larger growth of both rooms, between the medians up to two calls. */
function growth(
	samples: Sample[],
	[from, to]: [number, number],
	program: (typeof programs)[number],
	figure: (typeof figures)[number],
): number {
	const at = (call: number, room: RoomId) =>
		median(samples.slice(Math.max(0, call - window), call).map((sample) => sample[room][program][figure]));
	return Math.max(...rooms.map((room) => at(to, room) - at(from, room)));
}

export async function bench({ quick }: { quick: boolean }): Promise<Row[]> {
	const calls = quick ? 15 : 100;
	const span: [number, number] = [quick ? 5 : 20, calls];
	const building = await BenchBuilding.start();
	let browser: Browser | null = null;
	try {
		browser = await launchGuestBrowser();
		const panels: [PanelDriver, PanelDriver] = [await building.panel("berlin"), await building.panel("muenchen")];
		const samples: Sample[] = [];
		for (let call = 1; call <= calls; call++) {
			if (call % 10 === 0) await withGuest(building, browser, panels[0]);
			else await roomToRoom(building, panels);
			await pause(settleMs);
			samples.push(sampleOf(building));
		}
		const most: Record<(typeof figures)[number], [string, number]> = {
			descriptors: ["", 0],
			threads: ["", 0],
			megabytes: ["MB", 5],
		};
		const during = `call ${span[0]} to ${span[1]}`;
		return programs.flatMap((program) =>
			figures.map((figure) =>
				atMost(
					{ bench: "soak", metric: `${program}: ${figure} grown, ${during}`, unit: most[figure][0] },
					growth(samples, span, program, figure),
					most[figure][1],
					calls,
				),
			),
		);
	} finally {
		await browser?.close();
		await building.stop();
	}
}
