/**
 * The whole product on an emulated device: out of its box, put into service by a code typed at its panel, in a call with a guest's browser,
 * updated by its fleet once nobody is there, and back by itself from a release that does not start; and what the console says of it. Real
 * time: a room has to be free for a quarter of an hour, and a firmware is on trial for ten minutes. An hour and a quarter.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
import { createLink, formatLink } from "../../../device/meeting/link.ts";
import { buildPage } from "../../../tools/build-ui.ts";
import { pictureFile } from "../../../ui/kit/code/pictures.ts";
import { ServiceUnderTest } from "../../bench/fleet/ServiceUnderTest.ts";
import { CalendarServer } from "../../sim/calendar/CalendarServer.ts";
import { allowMedia, launchChromium } from "../../sim/chromium.ts";
import { PrivateAuthority } from "../../sim/network/PrivateAuthority.ts";
import { TlsFront } from "../../sim/network/TlsFront.ts";
import { atRest, scenes } from "../../sim/panel/scenes.ts";
import { FarPicture, listenToFar, loudestFromNow, picturesDrawn } from "../../ui/guest/farMedia.ts";
import { Guest } from "../../ui/guest/guestBrowser.ts";
import { Glass } from "./Glass.ts";
import { developmentKeys, diskOf, Releases, slotOf } from "./images.ts";
import { Machine, pictures } from "./Machine.ts";

/** This machine's loopback, as the emulated one sees it. */
const HOST = "10.0.2.2";
/** For a machine without KVM. */
const patience = { timeout: 1_200_000, interval: 1000 };
/** A slow machine draws later than it reports: for a picture's sake, nothing depends on it. */
const DRAWN_MS = 10_000;
const everyDay = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** A day with one meeting, which began a minute ago; or an empty one. iCalendar, RFC 5545. */
function day(link: string | null): string {
	const stamp = (ms: number) => new Date(ms).toISOString().replaceAll(/[-:]/g, "").replace(/\.\d+/, "");
	const now = Date.now();
	const meeting = link
		? [
				...["BEGIN:VEVENT", "UID:one@incamera.invalid", `DTSTAMP:${stamp(now)}`, `DTSTART:${stamp(now - 60_000)}`],
				...[`DTEND:${stamp(now + 3_600_000)}`, "SUMMARY:Jour fixe", `URL:${link.slice(0, 60)}`, ` ${link.slice(60)}`],
				"END:VEVENT",
			]
		: [];
	const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//InCamera//Test//EN", ...meeting, "END:VCALENDAR", ""];
	return lines.join("\r\n");
}

describe("a device and its fleet", () => {
	let folder: string;
	let releases: Releases;
	let service: ServiceUnderTest;
	let front: TlsFront;
	let calendar: CalendarServer;
	let machine: Machine;
	let browser: Browser;
	let glass: Glass;
	let guest: Guest;
	let device: string;
	let link: string;
	let update: string;

	beforeAll(async () => {
		const keys = await developmentKeys();
		machine = await Machine.unbox(await diskOf(keys, "0.1.0"), keys);
		const next = await slotOf(keys, "0.2.0");
		releases = await Releases.open(keys);
		await releases.publish("0.2.0", next);
		folder = await mkdtemp(join(tmpdir(), "incamera-fleet-"));

		// what an organisation has around its rooms: its own authority, a calendar, a proxy before the fleet service
		const authority = await PrivateAuthority.found();
		calendar = await CalendarServer.start(await authority.server(HOST));
		front = await TlsFront.open(await authority.server(HOST), () => Number(new URL(service.origin).port));
		const rendezvous = `https://${HOST}:${front.port}`;
		await Promise.all(["guest", "console"].map((page) => buildPage(page as "guest")));
		service = await ServiceUnderTest.prepare(folder, { reachedAs: HOST, firmware: releases.folder, rendezvous });
		await service.start({ workers: 1 });
		link = formatLink(createLink({ origin: rendezvous, caPin: service.caPin() }));
		calendar.text = day(link);

		const setup = join(folder, "setup.yaml");
		const url = calendar.url.replace("127.0.0.1", HOST);
		const devices = { camera: "synthetic", microphone: "synthetic", speaker: "none", display: "auto" };
		await writeFile(setup, JSON.stringify({ room: { devices, calendar: { url } } }));
		await writeFile(join(folder, "authority.pem"), authority.certificate);
		await machine.prepare([
			...["--setup", setup, "--fleet", service.bootstrap],
			...["--authority", join(folder, "authority.pem")],
		]);

		browser = await launchChromium([
			...[allowMedia, "--ignore-certificate-errors", `--host-resolver-rules=MAP ${HOST} 127.0.0.1`],
		]);
		glass = await Glass.of(machine, browser);
	});
	afterAll(async () => {
		await guest?.close();
		await glass?.close();
		await browser?.close();
		await machine?.throwAway();
		await service?.stop();
		await front?.close();
		await calendar?.stop();
		await releases?.remove();
		if (folder) await rm(folder, { recursive: true, force: true });
	});

	const about = () => service.client.call("devices.get", { params: { id: device } });
	/** What the panel shows, as far as it matters to where its buttons are. */
	const due = atRest({
		room: { name: "Bonn", seats: 8, locale: "en", timeZone: "Europe/Berlin" },
		agenda: { entries: atRest().agenda.entries.slice(0, 1), failure: null },
	});
	const inCall = scenes["call-encrypted"];
	const asks = { ...scenes["update-asks"], room: due.room, agenda: { entries: [], failure: null } };

	/** Touches a button until it is seen that it was: never again once it worked, because another one is there then. */
	async function touched(shown: Snapshot, name: string, worked: () => Promise<boolean>): Promise<void> {
		for (let touch = 0; touch < 10; touch++) {
			await glass.touch(shown, name);
			for (let second = 0; second < 30; second++) {
				if (await worked()) return;
				await later(1000);
			}
		}
		throw new Error(`${name} was touched in vain`);
	}

	/** Releases a version to this device; tells the rollout. From `deadline` on people in the room are asked for it. */
	async function rollOut(version: string, deadline: number | null = null): Promise<string> {
		const release = (await service.client.call("releases.list")).items.find((one) => one.version === version);
		if (!release) throw new Error(`${version} is not released`);
		const { id } = await service.client.call("rollouts.create", {
			body: { name: version, spec: { ...release, deadline }, devices: [device] },
		});
		return id;
	}
	const job = async (rollout: string) =>
		(await service.client.call("rollouts.devices", { params: { id: rollout }, query: {} })).items[0];
	const stateOf = (rollout: string) => async () => (await job(rollout))?.state;

	/** What IT sees of it, at a place of the console that has this heading. */
	async function consolePicture(name: string, place = `rooms/${device}`, heading = "Bonn"): Promise<void> {
		const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
		await context.addCookies([await service.cookie()]);
		const page = await context.newPage();
		await page.goto(`${service.origin}/console/#/${place}`);
		await page.getByRole("heading", { name: heading }).waitFor();
		await page.screenshot({ path: join(pictures, `${name}.png`) });
		await context.close();
	}

	it("is told where its fleet is before its first start, and shows the field for a code", async () => {
		const emulator = await machine.on({ tv: true });
		await emulator.says(/incamera: set-up file taken/);
		await emulator.says(/incamera: healthy: 0\.1\.0 in slot A/);
		await machine.picture("product-1-unclaimed");
	});

	it("is enrolled by a code that is typed at its panel, and shows the room's day", async () => {
		const { code } = await service.client.call("enrolments.create", {
			body: { room: { name: "Bonn", locale: "en", timeZone: "Europe/Berlin" } },
		});
		const active = async () =>
			(await service.client.call("devices.list", {})).items.find(({ online }) => online)?.id ?? "";
		const typed = async () => {
			// what was lost on the way is typed once more, as by a person
			for (let sign = 0; sign <= code.length; sign++) await machine.running.qmp.press("backspace");
			await machine.running.qmp.type(code);
			await machine.picture("product-2-code");
			await machine.running.qmp.press("ret");
			await later(30_000);
			return await active();
		};
		await expect.poll(typed, patience).not.toBe("");
		device = await active();
		await expect.poll(async () => (await about()).reported?.appliedRev, patience).toBeDefined();
		expect((await about()).firmware).toBe("0.1.0");
		await expect.poll(async () => (await about()).status?.busyUntil, patience).toBeTruthy();
		await machine.picture("product-3-day");
	});

	it("fetches a firmware that its fleet gives it, and keeps it: there is a meeting", async () => {
		const { rev, doc } = (await about()).desired;
		await service.client.call("devices.twin", {
			params: { id: device },
			body: { rev, doc: { ...doc, update: { window: { days: [...everyDay], from: "00:00", to: "23:59" } } } },
		});
		update = await rollOut("0.2.0");
		await expect.poll(stateOf(update), patience).toBe("WAITING");
		expect((await job(update))?.error).toMatch(/^update\./);
	});

	it("draws the room's picture on a TV, also on one that was gone, and leaves the panel as it is", async () => {
		// where the panel says which room this is, and the TV's clock; the emulator's own words about a screen that is off are below that
		const title = { left: 0, top: 0, right: 0.3, bottom: 0.15 };
		const clock = { left: 0.3, top: 0.25, right: 0.7, bottom: 0.46 };
		const shown = async () => (await machine.brightest(clock, 1)) > 200;
		const panel = await machine.drawn(title);
		for (const name of ["product-3-tv", "product-3-tv-again"]) {
			await machine.plugTv(1920, 1080);
			await expect.poll(shown, patience).toBe(true);
			await machine.picture(name, 1);
			expect(await machine.drawn(title)).toBe(panel);
			// what the call costs from here on is enough for a processor that is emulated
			await machine.plugTv(0, 0);
			await expect.poll(shown, patience).toBe(false);
			expect(await machine.drawn(title)).toBe(panel);
		}
	});

	it("joins by a tap: a guest's browser sees and hears it, encrypted, and both have the same code", async () => {
		await touched(due, "Join", async () => (await about()).status?.activity === "in_call");
		await later(DRAWN_MS);
		await machine.picture("product-4-joined");

		guest = await Guest.create(browser);
		guest.page.setDefaultTimeout(300_000);
		await guest.join(link, "Ada");
		await guest.waitForPhase("connected");
		// a picture that moves, and a sound
		await expect.poll(() => picturesDrawn(guest.page), patience).toBeGreaterThan(10);
		const before = await FarPicture.take(guest.page);
		await expect
			.poll(async () => (await FarPicture.take(guest.page)).differsFrom(before), patience)
			.toBeGreaterThan(0.5);
		await listenToFar(guest.page);
		await expect.poll(() => loudestFromNow(guest.page), patience).toBeGreaterThan(0.05);
		await guest.page.screenshot({ path: join(pictures, "product-5-guest.png") });
		await machine.picture("product-5-call");

		await guest.page.click("[data-testid=compare]");
		const there = await guest.page.$$eval(".code-pictures img", (list) =>
			list.map((image) => (image as HTMLImageElement).src),
		);
		expect(there).toHaveLength(7);
		// what stands there before
		const sheet = { left: 0.07, top: 0.55, right: 0.4, bottom: 0.72 };
		const closed = await machine.drawn(sheet);
		await touched(inCall, "Compare code", async () => (await machine.drawn(sheet)) !== closed);
		const here = async () => {
			const code = await glass.code(inCall, await machine.picture("product-6-code"));
			return code.map(pictureFile);
		};
		await expect
			.poll(here, { ...patience, interval: 5000 })
			.toEqual(there.map((src) => src.replace(/^.*?assets/, "assets")));
	});

	it("does not install it in a call, installs it when its room is free, starts from the other slot, and is believed only after its trial", async () => {
		const state = stateOf(update);
		await expect.poll(async () => (await job(update))?.error, patience).toBe("update.in_call");
		expect(await state()).toBe("WAITING");
		await consolePicture("product-7-waiting");
		// everybody goes, and the day is over
		calendar.text = day(null);
		await guest.close();
		await touched(inCall, "Leave", async () => (await about()).status?.activity !== "in_call");

		await expect.poll(state, { ...patience, timeout: 1_800_000 }).toBe("INSTALLING");
		await later(DRAWN_MS);
		await machine.picture("product-8-installing");
		await machine.running.says(/incamera: starting slot B/, 1800);
		await machine.running.says(/incamera: healthy: 0\.2\.0 in slot B/);
		expect(await state()).not.toBe("SUCCEEDED");
		await expect.poll(state, { ...patience, timeout: 1_800_000 }).toBe("SUCCEEDED");
		expect((await about()).firmware).toBe("0.2.0");
		await machine.picture("product-9-updated");
		await consolePicture("product-9-succeeded", `rollouts/${update}`, "0.2.0");
	});

	it("stays there after a power cut", async () => {
		await machine.off();
		const emulator = await machine.on();
		await emulator.says(/incamera: starting slot B/);
		await emulator.says(/incamera: healthy: 0\.2\.0 in slot B/);
		await expect.poll(async () => (await about()).online, patience).toBe(true);
	});

	it("asks at its panel for an update that is due, and comes back by itself from a release that does not start; the console says why", async () => {
		await releases.publish("0.3.0", await slotOf(await developmentKeys(), "0.2.0"), { starts: false });
		await expect
			.poll(async () => (await service.client.call("releases.list")).items.map(({ version }) => version), patience)
			.toContain("0.3.0");
		const rollout = await rollOut("0.3.0", Date.now());
		// by then nobody has used it for a minute or two: a quarter of an hour is waited, or somebody says "now"
		await expect.poll(stateOf(rollout), patience).toBe("WAITING");
		await touched(asks, "Now", async () => (await stateOf(rollout)()) !== "WAITING");
		for (const tries of [1, 2, 3])
			await machine.running.says(new RegExp(`incamera: starting slot A \\(tries A ${tries}, B 0\\)`), 2400);
		await machine.running.says(/incamera: healthy: 0\.2\.0 in slot B/, 1200);
		await expect.poll(stateOf(rollout), patience).toBe("ROLLED_BACK");
		expect((await job(rollout))?.error).toBe("update.slot_corrupted");
		expect((await about()).firmware).toBe("0.2.0");
		await consolePicture("product-10-rolled-back", `rollouts/${rollout}`, "0.3.0");
		await machine.off();
		expect(await machine.memory()).toMatchObject({ ORDER: "B A", A_OK: "0", B_OK: "1", B_TRY: "0" });
	});
});
