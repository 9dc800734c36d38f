/**
 * Hostile signalling to a real room: whatever the rendezvous, or a member who holds the link, sends, the room stays usable, its memory
 * bounded, and a call that runs goes on.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { randomBytes, toBase64url } from "../../device/meeting/bytes.ts";
import { formatLink, type Link } from "../../device/meeting/link.ts";
import { Seal } from "../../device/meeting/sealing.ts";
import { limits } from "../../provisioning/contract/rendezvous.ts";
import { allowMedia, launchChromium } from "../sim/chromium.ts";
import { Guest, patience } from "../ui/guest/guestBrowser.ts";
import { mediaCount, watchTransport } from "./guestTransport.ts";
import type { PanelDriver } from "./PanelDriver.ts";
import { residentMb } from "./processes.ts";
import { heard, TestBuilding } from "./TestBuilding.ts";

const offerSdp = readFileSync(join(import.meta.dirname, "../device/meeting/corpus/chromium-offer.sdp"), "utf8");
const corpus = readFileSync(join(import.meta.dirname, "../device/meeting/corpus/server-frames.txt"), "utf8");

describe("hostile signalling", { timeout: 90_000 }, () => {
	let building: TestBuilding;
	let browser: Browser;
	let berlin: PanelDriver;
	beforeAll(async () => {
		[building, browser] = await Promise.all([TestBuilding.start(), launchChromium([allowMedia])]);
	}, 120_000);
	afterAll(() => Promise.all([browser?.close(), building?.stop()]));
	beforeEach(async () => {
		berlin = await building.panel("berlin");
	});
	afterEach(() => building.clearAndClosePanels());

	/** Whoever comes and speaks properly is answered. */
	async function usable(link: Link): Promise<void> {
		const holder = await building.holder(link);
		await holder.offer(offerSdp);
		await heard(holder, "incamera-answer");
	}

	/** A guest in Chromium, in a call with Berlin whose media flows both ways. */
	async function call(): Promise<Guest> {
		const link = await building.roomAlone(berlin);
		const guest = await Guest.create(browser);
		await watchTransport(guest.page);
		await guest.join(formatLink(link));
		await Promise.all([berlin.untilPhase("connected"), guest.waitForPhase("connected")]);
		await mediaGoesOn(guest);
		return guest;
	}

	async function mediaGoesOn(guest: Guest): Promise<void> {
		const before = await mediaCount(guest.page);
		await expect
			.poll(async () => {
				const now = await mediaCount(guest.page);
				return Math.min(now.received - before.received, now.sent - before.sent);
			}, patience)
			.toBeGreaterThan(20);
	}

	describe("from the server", () => {
		const junk: [string, string | Uint8Array][] = [
			["every frame of the corpus", corpus],
			["binary", randomBytes(4096)],
			["JSON of a hundred thousand brackets", "[".repeat(100_000)],
			["a frame too large by far", JSON.stringify({ t: "message", from: "x", sealed: "A".repeat(4 * 1024 * 1024) })],
			["a second joined", JSON.stringify({ t: "joined", you: "other", members: [], ice: [] })],
			["a member without a card that opens", JSON.stringify({ t: "member", id: "x", hello: "A".repeat(200) })],
			["every error there is, and one that isn't", ""],
			["somebody unknown who left", JSON.stringify({ t: "left", id: "nobody" })],
			["a message of nobody", JSON.stringify({ t: "message", from: "nobody", sealed: "A".repeat(400) })],
		];
		const errors = [
			"malformed",
			"too_large",
			"too_fast",
			"not_joined",
			"no_such_member",
			"meeting_full",
			"of_tomorrow",
		];

		it.each(junk)("%s: the room is still in its meeting and answers whoever comes", async (_, frame) => {
			const link = await building.roomAlone(berlin);
			if (frame === corpus) for (const line of corpus.split("\n")) building.middle.inject("room", line);
			else if (frame !== "") building.middle.inject("room", frame);
			else
				for (const code of errors)
					building.middle.inject("room", JSON.stringify({ t: "error", code: `rendezvous.${code}` }));
			await usable(link);
			expect(berlin.history).not.toContain("ended");
		});
	});

	describe("from somebody who holds the link", () => {
		it.each<[string, (link: Link, ids: { from: string; to: string }) => Promise<string>]>([
			["that nobody sealed", async () => toBase64url(randomBytes(300))],
			[
				"sealed for another meeting",
				async ({ secret }, route) => (await Seal.create(secret, toBase64url(randomBytes(16)))).seal(route, "{}"),
			],
			[
				"sealed with another secret",
				async ({ meetingId }, route) => (await Seal.create(randomBytes(32), meetingId)).seal(route, "{}"),
			],
			[
				"sealed for another way",
				async ({ secret, meetingId }, { from, to }) =>
					(await Seal.create(secret, meetingId)).seal({ from: to, to: from }, "{}"),
			],
			[
				"that is no message",
				async ({ secret, meetingId }, way) => (await Seal.create(secret, meetingId)).seal(way, "{"),
			],
		])("a message %s is dropped, and an honest one answered after it", async (_, make) => {
			const link = await building.roomAlone(berlin);
			const holder = await building.holder(link);
			holder.saySealed(await make(link, holder.route));
			await holder.offer(offerSdp);
			await heard(holder, "incamera-answer");
		});

		it("a card of an unknown version is told on the panel, a card that is none is nobody", async () => {
			const { mark } = building;
			const link = await building.roomAlone(berlin);
			(await building.holder(link, { card: { kind: "guest" } })).close();
			await expect.poll(() => building.middle.members("guest")).toBe(0);
			await building.holder(link, { card: { v: 7, kind: "guest", instance: "A".repeat(22) } });
			await building.refused(berlin, "call.version_unknown", mark);
		});

		it("who goes away in the middle of a handshake leaves the room alone again, for the next one", async () => {
			const link = await building.roomAlone(berlin);
			for (let times = 0; times < 3; times += 1) {
				const holder = await building.holder(link);
				await holder.offer(offerSdp);
				await heard(holder, "incamera-answer");
				holder.close();
				await berlin.untilScreen("alone");
			}
			await usable(link);
		});

		it("a third member is told that the meeting is full, and disturbs nobody", async () => {
			const guest = await call();
			const { screen } = berlin.snapshot;
			if (screen.name !== "call") throw new Error("no call");
			const muenchen = await building.panel("muenchen");
			const link = building.lastLink;
			await muenchen.touch({ type: "panel.join_link", link: formatLink(link) });
			expect((await muenchen.untilScreen("ended")).failure).toBe("rendezvous.meeting_full");
			await mediaGoesOn(guest);
			expect(berlin.history).not.toContain("recovering");
			await guest.close();
		});
	});

	it("messages that arrive three times are taken once", async () => {
		building.middle.tamper = (jws) => [jws, jws, jws];
		const guest = await call();
		expect(berlin.history.filter((step) => step === "connected")).toHaveLength(1);
		await guest.close();
	});

	it("messages that arrive in another order than they were sent lead to a call all the same", async () => {
		const held = new Map<string, string>();
		building.middle.tamper = (jws, to) => {
			const before = held.get(to);
			if (before) held.delete(to);
			else held.set(to, jws);
			return before ? [jws, before] : [];
		};
		const guest = await call();
		await guest.close();
	});

	describe("ten thousand messages in a burst", () => {
		const count = 10_000;
		/** What a room's program may grow by for good; 10,000 messages of 8 KB kept would be 80 MB. */
		const mostGrowthMb = 60;

		it.each<[string, (link: Link) => Promise<string[]>]>([
			[
				"that nobody sealed",
				async () =>
					Array.from({ length: count }, () => JSON.stringify({ t: "message", from: "x", sealed: "A".repeat(8_000) })),
			],
			[
				"that are sealed and mean nothing",
				async ({ secret, meetingId }) => {
					const seal = await Seal.create(secret, meetingId);
					const way = building.middle.way("room");
					const frames: string[] = [];
					// one by one, so that this process still answers its panel's pings
					while (frames.length < count)
						frames.push(
							JSON.stringify({ t: "message", from: way.from, sealed: await seal.seal(way, "x".repeat(2_000)) }),
						);
					return frames;
				},
			],
			[
				"that are members who come and go",
				async () =>
					Array.from({ length: count }, (_, at) =>
						JSON.stringify(
							at % 2 ? { t: "left", id: `m${at - 1}` } : { t: "member", id: `m${at}`, hello: "A".repeat(4_000) },
						),
					),
			],
		])("%s: a call that runs goes on, memory stays bounded, and the next one works", async (_, make) => {
			const guest = await call();
			const pid = building.building.pidOf("berlin");
			const frames = await make(building.lastLink);
			const before = residentMb(pid);
			for (const frame of frames) building.middle.inject("room", frame);
			await expect.poll(() => building.middle.backlog("room"), patience).toBe(0);
			await mediaGoesOn(guest);
			expect(berlin.snapshot.screen).toMatchObject({ name: "call", phase: "connected" });
			await expect.poll(() => residentMb(pid) - before, patience).toBeLessThan(mostGrowthMb);
			await guest.close();
			await building.clear();
			await (await call()).close();
		});

		it("through the real rendezvous: it cuts off who sends them, and the room is alone again", async () => {
			const link = await building.roomAlone(berlin);
			const holder = await building.holder(link);
			for (let at = 0; at < count; at += 1) holder.saySealed("A".repeat(200));
			await berlin.untilScreen("alone");
			holder.close();
			await expect.poll(() => building.middle.members("guest"), patience).toBe(0);
			await usable(link);
			expect(count).toBeGreaterThan(limits.burst);
		});
	});

	it("a far room that vanishes in a call ends it, with a reason, and closes what was open", async () => {
		const link = await building.roomAlone(berlin);
		const muenchen = await building.panel("muenchen");
		await muenchen.touch({ type: "panel.join_link", link: formatLink(link) });
		await Promise.all([berlin.untilPhase("connected"), muenchen.untilPhase("connected")]);
		muenchen.close();
		process.kill(building.building.pidOf("muenchen"), "SIGKILL");
		await berlin.untilPhase("recovering");
		const { screen } = await berlin.until(({ screen }) => screen.name === "ended", "the end", 60_000);
		expect(screen).toMatchObject({ failure: "call.far_end_vanished" });
		await berlin.until(({ media }) => media.camera.state === "closed" && media.microphone.state === "closed");
	});
});
