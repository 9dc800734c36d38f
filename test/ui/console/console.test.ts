import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { roomColumns } from "../../../provisioning/contract/http/roomColumns.ts";
import { readPlace, writePlace } from "../../../ui/console/model/route.ts";
import { TestDatabases } from "../../provisioning/service/db/TestDatabase.ts";
import { CsvReader } from "../../sim/CsvReader.ts";
import { launchChromium } from "../../sim/chromium.ts";
import { ConsoleRig } from "../../sim/fleet/ConsoleRig.ts";
import { publishReleases } from "../../sim/fleet/publishReleases.ts";
import { seedRooms, twinDocOf } from "../../sim/fleet/seedRooms.ts";
import { seedStory } from "../../sim/fleet/seedStory.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let databases: TestDatabases;
let browser: Browser;
let rig: ConsoleRig;
let context: BrowserContext;
beforeAll(async () => {
	[databases, browser] = await Promise.all([TestDatabases.start(), launchChromium()]);
});
afterAll(async () => {
	await browser?.close();
	await databases?.close();
});
beforeEach(async () => {
	rig = await ConsoleRig.start(await databases.fresh());
	context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
});
afterEach(async () => {
	await context.close();
	await rig.close();
});

async function open(fragment = ""): Promise<Page> {
	const page = await context.newPage();
	await page.goto(`${rig.origin}/console/${fragment}`);
	return page;
}
/** A browser whose device has a fingerprint reader that always says yes. */
async function withPasskeys(page: Page): Promise<{ lose: () => Promise<void> }> {
	const session = await page.context().newCDPSession(page);
	await session.send("WebAuthn.enable");
	const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
		options: {
			protocol: "ctap2",
			transport: "internal",
			hasResidentKey: true,
			hasUserVerification: true,
			isUserVerified: true,
			automaticPresenceSimulation: true,
		},
	});
	return {
		lose: async () => {
			await session.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
		},
	};
}
/** A browser at whose device somebody has come in by an invitation; its owner can take the virtual authenticator away, and give another. */
async function cameIn(page: Page): Promise<{ lose: () => Promise<void> }> {
	const authenticator = await withPasskeys(page);
	const { url } = await rig.fleet.invite("viewer");
	await page.goto(url);
	await page.getByLabel("Your name").fill("Kim Weber");
	await page.getByRole("button", { name: "Register a passkey" }).click();
	await page.getByRole("heading", { name: "Rooms" }).waitFor();
	return authenticator;
}
/** What the browser is given to save. */
async function save(page: Page, button: string): Promise<string> {
	const [download] = await Promise.all([
		page.waitForEvent("download"),
		page.getByRole("button", { name: button }).click(),
	]);
	return readFile(await download.path(), "utf8");
}
async function csvOf(page: Page): Promise<string[][]> {
	const reader = await CsvReader.connect(databases.postgres.adminUrl);
	const text = await save(page, "Save as CSV");
	expect(text[0]).toBe("\uFEFF");
	return reader.read(text.slice(1), roomColumns.length).finally(() => reader.close());
}
const rooms = (page: Page) => page.locator(".room strong");

describe("signing in", () => {
	test("begins with an invitation, which leaves the address bar, and a passkey; afterwards the passkey is enough", async () => {
		const { url } = await rig.fleet.invite("fleet_admin");
		const page = await context.newPage();
		await withPasskeys(page);
		await page.goto(url);
		await page.getByLabel("Your name").fill("Kim Weber");
		expect(page.url()).not.toContain(url.split("/").at(-1));
		await page.getByRole("button", { name: "Register a passkey" }).click();
		await page.getByRole("heading", { name: "Rooms" }).waitFor();
		await page.getByRole("button", { name: "Sign out" }).click();
		await page.getByRole("button", { name: "Sign in with a passkey" }).click();
		await page.getByText("Kim Weber").waitFor();
		await page.goto("about:blank");
		await page.goto(url);
		// Signed in, and the invitation is used up: it leads nowhere else.
		await page.getByText("Kim Weber").waitFor();
	});

	test("without a passkey that fits says so, with a code", async () => {
		const page = await open();
		await withPasskeys(page);
		await page.getByRole("button", { name: "Sign in with a passkey" }).click();
		await expect.poll(() => page.getByRole("alert").textContent()).toContain("console.passkey_cancelled");
	});

	test("shows each role its own sections", async () => {
		await rig.signIn(context, "dpo");
		const page = await open();
		await page.getByRole("heading", { name: "Audit log" }).waitFor();
		expect(await page.getByRole("navigation").getByRole("link").allTextContents()).toEqual([
			"Audit log",
			"People and programs",
		]);
	});
});

describe("one's own passkeys", () => {
	const add = async (page: Page, name: string) => {
		await page.getByLabel("Name", { exact: true }).fill(name);
		await page.getByRole("button", { name: "Add a passkey" }).click();
	};
	/** As if ten minutes had gone by since a passkey was used. */
	const grow = () =>
		rig.db
			.updateTable("sessions")
			.set({ confirmed_at: new Date(0) })
			.execute();

	test("are added, renamed and removed; who loses the first comes in with the second", async () => {
		const page = await context.newPage();
		const first = await cameIn(page);
		await page.getByRole("link", { name: "My passkeys only one" }).click();
		await page.getByText("You have one passkey only.").waitFor();
		expect(await page.getByRole("button", { name: "Remove" }).count()).toBe(0);
		await add(page, "Another one");
		await expect.poll(() => page.getByRole("alert").textContent()).toContain("console.passkey_there");
		await first.lose();
		const second = await withPasskeys(page);
		await add(page, "Security key");
		const line = page.getByRole("listitem", { name: "Security key" });
		await line.getByText("not used yet").waitFor();
		expect(await page.getByText("You have one passkey only.").count()).toBe(0);
		await page.getByRole("link", { name: "My passkeys", exact: true }).waitFor();
		await line.getByRole("button", { name: "Rename" }).click();
		await line.getByLabel("Name", { exact: true }).fill("Key in the safe");
		await line.getByRole("button", { name: "Save" }).click();
		const renamed = page.getByRole("listitem", { name: "Key in the safe" });
		await renamed.waitFor();
		await page.getByRole("button", { name: "Sign out" }).click();
		await page.getByRole("button", { name: "Sign in with a passkey" }).click();
		await renamed.getByText("signed in with it").waitFor();
		const lost = page.getByRole("listitem", { name: "Passkey without a name" });
		await lost.getByRole("button", { name: "Remove" }).click();
		await lost.getByRole("button", { name: "Remove this passkey for good" }).click();
		await page.getByText("You have one passkey only.").waitFor();
		expect(await page.getByRole("listitem", { name: "Passkey without a name" }).count()).toBe(0);
		await second.lose();
	});

	test("are changed in an old session only after a passkey was used once more, at once", async () => {
		const page = await context.newPage();
		await cameIn(page);
		await page.goto(`${rig.origin}/console/#/account`);
		await page.getByText("You have one passkey only.").waitFor();
		await grow();
		// There is nothing that could hold a second one: what is asked for first, and answered, is the first one.
		await add(page, "Another one");
		await expect.poll(() => page.getByRole("alert").textContent()).toContain("console.passkey_there");
		expect(await actions()).toEqual(["session.confirm"]);
	});

	test("end the session that belongs to the one that is removed, and say so before", async () => {
		const page = await context.newPage();
		const first = await cameIn(page);
		await page.goto(`${rig.origin}/console/#/account`);
		await first.lose();
		await withPasskeys(page);
		await add(page, "Security key");
		const own = page.getByRole("listitem", { name: "Passkey without a name" });
		await own.getByText("signed in with it").waitFor();
		await own.getByRole("button", { name: "Remove" }).click();
		await own.getByText("you will be signed out, here too").waitFor();
		await own.getByRole("button", { name: "Remove this passkey for good" }).click();
		await page.getByRole("button", { name: "Sign in with a passkey" }).click();
		await page.getByText("You have one passkey only.").waitFor();
		expect(await actions()).toEqual(["passkey.add", "passkey.remove"]);
	});

	const actions = async () =>
		(await rig.db.selectFrom("audit").select("action").orderBy("seq").execute())
			.map(({ action }) => action)
			.filter((action) => action.startsWith("passkey.") || action === "session.confirm");
});

describe("the wall of rooms", () => {
	test("has five thousand rooms, draws those in sight, finds by letters without their marks, and opens by its numbers", async () => {
		await seedRooms(rig.db, 5000);
		await rig.signIn(context, "viewer");
		const page = await open();
		await expect.poll(() => page.getByText("4706 of 5000 connected").isVisible()).toBe(true);
		expect(await rooms(page).count()).toBeLessThan(150);
		await page.getByRole("searchbox").fill("neisse 20");
		await expect.poll(() => rooms(page).allTextContents()).toContain("Neiße 20");
		await page.getByRole("searchbox").fill("");
		await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
		await expect.poll(() => rooms(page).allTextContents()).toContain("Werra 208");
		await page.evaluate(() => scrollTo(0, 0));
		await page.locator(".tile").filter({ hasText: "offline" }).click();
		await expect.poll(() => page.locator(".room:not(.alarm)").count()).toBe(0);
		expect(await rooms(page).count()).toBeGreaterThan(0);
	});

	test("is saved as it is shown at that moment, as CSV and as JSON, also with five thousand rooms", async () => {
		const [id = ""] = await seedRooms(rig.db, 5000);
		await rig.rename(id, '=HYPERLINK("https://evil.example";"Alster")');
		await rig.signIn(context, "viewer");
		const page = await open();
		await page.getByText("5000 rooms shown").waitFor();
		const [titles = [], ...all] = await csvOf(page);
		expect(titles).toEqual(roomColumns.map(({ title }) => title));
		expect(all).toHaveLength(5000);
		const names = all.map((cells) => cells[titles.indexOf("name")]);
		expect(names).toContain('\'=HYPERLINK("https://evil.example";"Alster")');
		expect(names).toContain("Neiße 20");
		await page.getByRole("searchbox").fill("bode 2");
		await page.locator(".tile").filter({ hasText: "in a call" }).click();
		await expect.poll(() => page.getByText("5000 rooms shown").count()).toBe(0);
		const [, ...some] = await csvOf(page);
		// few enough to be all in sight
		expect(some.map((cells) => cells[titles.indexOf("name")])).toEqual(await rooms(page).allTextContents());
		expect(new Set(some.map((cells) => cells[titles.indexOf("activity")]))).toEqual(new Set(["in_call"]));
		const saved = JSON.parse(await save(page, "Save as JSON")) as { id: string }[];
		expect(saved.map(({ id }) => id)).toEqual(some.map((cells) => cells[titles.indexOf("id")]));
	});

	test("follows what changes, without being asked", async () => {
		const [id = ""] = await seedRooms(rig.db, 3);
		await rig.signIn(context, "viewer");
		const page = await open();
		await expect.poll(() => rooms(page).allTextContents()).toEqual(["Alster", "Bode", "Dahme"]);
		await rig.rename(id, "Zwickauer Mulde");
		await expect.poll(() => rooms(page).allTextContents()).toEqual(["Bode", "Dahme", "Zwickauer Mulde"]);
	});
});

describe("what the fleet's rooms told", () => {
	const told = (page: Page) => page.locator(".events tbody tr:has(td)");
	const names = (page: Page) => page.locator(".events tbody tr td:nth-child(2)").allTextContents();

	test("is shown in words, page by page, by kind, by room and by time", async () => {
		const [alster = "", bode = ""] = await seedRooms(rig.db, 5);
		await sql`
			insert into events (device_id, mid, type, ts, received_at, data)
			select case when n % 3 = 0 then ${alster} else ${bode} end, 'm' || n, case when n % 2 = 0 then 'call.ended' else 'trouble' end,
				now() - n * interval '1 hour', now() - n * interval '1 hour',
				case when n % 2 = 0 then '{"reason":"call.no_answer","seconds":61,"verified":true}' else '{"code":"ring.room_offline","over":false}' end::jsonb
			from generate_series(1, 250) n`.execute(rig.db);
		await rig.signIn(context, "viewer");
		const page = await open("#/events");
		await expect.poll(() => told(page).count()).toBe(100);
		await page.getByText("The other room is not online").first().waitFor();
		await page.getByText("1:01 · Nobody answered").first().waitFor();
		await page.getByRole("button", { name: "Show older ones" }).click();
		await expect.poll(() => told(page).count()).toBe(200);
		await page.getByRole("button", { name: "Show older ones" }).click();
		await expect.poll(() => told(page).count()).toBe(250);
		expect(await page.getByRole("button", { name: "Show older ones" }).count()).toBe(0);
		await page.getByLabel("When").selectOption("week");
		await expect.poll(() => told(page).count()).toBe(100);
		await page.getByRole("button", { name: "Show older ones" }).click();
		await expect.poll(() => told(page).count()).toBe(167);
		await page.getByLabel("What").selectOption("trouble");
		await expect.poll(() => told(page).count()).toBe(84);
		await page.getByRole("combobox", { name: "Room" }).fill("Als");
		await page.getByText("Choose a room from the list.").waitFor();
		expect(await told(page).count()).toBe(84);
		await page.getByRole("combobox", { name: "Room" }).fill("Alster");
		await expect.poll(() => told(page).count()).toBe(28);
		expect(new Set(await names(page))).toEqual(new Set(["Alster"]));
		expect(page.url()).toMatch(new RegExp(`#/events/${alster}$`));
		await told(page).first().getByRole("link").click();
		await page.getByRole("heading", { name: "Alster" }).waitFor();
		await page.getByRole("link", { name: "Everything the room told" }).click();
		await expect.poll(() => page.getByRole("combobox", { name: "Room" }).inputValue()).toBe("Alster");
	});

	test("comes one page for one press, and the button says while it does", async () => {
		const [alster = ""] = await seedRooms(rig.db, 1);
		await sql`
			insert into events (device_id, mid, type, ts, received_at, data)
			select ${alster}, 'm' || n, 'program.started', now() - n * interval '1 minute', now() - n * interval '1 minute', '{"program":"room","version":"1.0.0"}'
			from generate_series(1, 250) n`.execute(rig.db);
		await rig.signIn(context, "viewer");
		const page = await open("#/events");
		const asked: (() => void)[] = [];
		let failing = false;
		await page.route(/\/events\?.*after=/, async (route) => {
			await new Promise<void>((resolve) => asked.push(resolve));
			await (failing ? route.abort() : route.continue());
		});
		const button = page.getByRole("button", { name: "Show older ones" });
		const coming = page.getByRole("button", { name: "Older ones are coming …" });
		await button.dblclick();
		await coming.waitFor();
		expect(await coming.isDisabled()).toBe(true);
		// the keyboard's place is kept, and does nothing
		await page.keyboard.press("Enter");
		await expect.poll(() => asked.length).toBe(1);
		asked[0]?.();
		await expect.poll(() => told(page).count()).toBe(200);
		expect(asked).toHaveLength(1);
		failing = true;
		await button.click();
		await expect.poll(() => asked.length).toBe(2);
		asked[1]?.();
		await expect.poll(() => page.getByRole("alert").textContent()).toContain("api.unreachable");
		failing = false;
		await button.click();
		await expect.poll(() => asked.length).toBe(3);
		asked[2]?.();
		await expect.poll(() => told(page).count()).toBe(250);
		expect(await coming.count()).toBe(0);
	});

	test("waits, when it is new, until somebody wants to see it, and moves nothing", async () => {
		const [alster = "", bode = ""] = await seedRooms(rig.db, 5);
		for (let n = 0; n < 60; n++) await rig.tell(bode, "program.started", { program: "agent", version: "1.0.0" });
		await rig.signIn(context, "viewer");
		const page = await open("#/events");
		await expect.poll(() => told(page).count()).toBe(60);
		await page.evaluate(() => scrollTo(0, 600));
		const place = () => told(page).nth(30).boundingBox();
		const before = await place();
		for (let n = 0; n < 3; n++) await rig.tell(alster, "trouble", { code: "media.camera_busy", over: false });
		const chip = page.getByRole("status").getByRole("button", { name: "3 new" });
		await chip.waitFor();
		expect(await place()).toEqual(before);
		expect(await names(page)).not.toContain("Alster");
		await chip.click();
		await expect.poll(() => told(page).count()).toBe(63);
		expect((await names(page)).slice(0, 4)).toEqual(["Alster", "Alster", "Alster", "Bode"]);
		expect(await page.evaluate(() => scrollY)).toBe(0);
		expect(await chip.count()).toBe(0);
	});

	test("is no less when more was told than a page holds: then the newest are shown, and the others are older ones", async () => {
		const [alster = "", bode = ""] = await seedRooms(rig.db, 5);
		await rig.tell(alster, "engine.failed", { code: "media.engine_failed", attempt: 1 });
		await rig.signIn(context, "viewer");
		const page = await open("#/events");
		await expect.poll(() => told(page).count()).toBe(1);
		await sql`
			insert into events (device_id, mid, type, ts, received_at, data)
			select ${bode}, 'm' || n, 'program.started', now(), now(), '{"program":"room","version":"1.0.0"}' from generate_series(1, 150) n`.execute(
			rig.db,
		);
		await rig.tell(bode, "program.started", { program: "room", version: "1.0.1" });
		await page.getByRole("button", { name: "More than 100 new" }).click();
		await expect.poll(() => told(page).count()).toBe(100);
		await page.getByRole("button", { name: "Show older ones" }).click();
		await expect.poll(() => told(page).count()).toBe(152);
		await page.getByText("attempt 1").waitFor();
	});
});

describe("a room", () => {
	test("is renamed; what somebody else changed meanwhile is not written over", async () => {
		const [id = ""] = await seedRooms(rig.db, 1);
		await rig.signIn(context, "technician");
		const page = await open(`#/rooms/${id}`);
		await page.getByLabel("Name", { exact: true }).fill("Weser");
		await page.getByRole("button", { name: "Save" }).click();
		await page.getByRole("heading", { name: "Weser" }).waitFor();
		await page.getByLabel("Name", { exact: true }).fill("Werre");
		await rig.setDesired(id, 4, twinDocOf("Wümme"));
		await page.getByRole("button", { name: "Save" }).click();
		await expect.poll(() => page.getByRole("alert").textContent()).toContain("api.twin_conflict");
		expect((await rig.db.selectFrom("devices").select("label").executeTakeFirst())?.label).toBe("Wümme");
	});

	test("is shut out only when it is asked twice, and by those who may", async () => {
		const [id = ""] = await seedRooms(rig.db, 1);
		await rig.signIn(context, "fleet_admin");
		const page = await open(`#/rooms/${id}`);
		await page.getByRole("button", { name: "Shut out", exact: true }).click();
		await page.getByLabel("Why").selectOption("stolen");
		await page.getByRole("button", { name: "Shut this device out for good" }).click();
		await page.getByText("Left the fleet").first().waitFor();
		const technician = await browser.newContext({ locale: "en-GB" });
		await rig.signIn(technician, "technician");
		const other = await technician.newPage();
		await other.goto(`${rig.origin}/console/#/rooms/${id}`);
		await other.getByRole("heading", { name: "Alster" }).waitFor();
		expect(await other.getByRole("button", { name: "Shut out" }).count()).toBe(0);
		await technician.close();
	});
});

test("a code is shown once, and its list says how it stands", async () => {
	await rig.signIn(context, "technician");
	const page = await open("#/enrol");
	await page.getByLabel("Name", { exact: true }).fill("Weser");
	await page.getByRole("button", { name: "Make a code" }).click();
	const code = (await page.getByTestId("code").textContent()) ?? "";
	expect(code).toMatch(/^[0-9A-Z]{16}$/);
	await page.getByRole("button", { name: "Withdraw" }).click();
	await page.getByText("withdrawn").waitFor();
	await page.reload();
	await page.getByText("withdrawn").waitFor();
	expect(await page.content()).not.toContain(code.slice(4, 8));
});

describe("a rollout", () => {
	let folder: string;
	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "incamera-console-test-"));
	});
	afterEach(() => rm(folder, { recursive: true, force: true }));
	const begin = (page: Page) => page.getByRole("button", { name: "Begin with one room" });
	/** What is brought to rooms, by the last rollout. */
	const specs = async () => (await rig.db.selectFrom("rollouts").select("spec").execute()).map(({ spec }) => spec);

	test("is of a release that is published, the newest unless another is chosen, with nothing to be typed from elsewhere", async () => {
		await rig.close();
		const firmware = await publishReleases(folder, ["1.9.0", "1.10.0"]);
		rig = await ConsoleRig.start(await databases.fresh(), { firmware });
		await seedRooms(rig.db, 3);
		await rig.signIn(context, "fleet_admin");
		const page = await open("#/rollouts");
		await page.getByRole("button", { name: "New rollout" }).click();
		const choice = page.getByRole("combobox", { name: "Firmware" });
		await choice.waitFor();
		expect(await choice.locator("option").allTextContents()).toEqual([
			"1.10.0 · 38.4 MB",
			"1.9.0 · 38.4 MB",
			"Another bundle, by its address",
		]);
		expect(await page.getByLabel("Address of the bundle").count()).toBe(0);
		expect(await axe(page)).toEqual([]);
		await choice.selectOption("1.9.0 · 38.4 MB");
		await page.getByLabel("Name", { exact: true }).fill("Winter");
		await begin(page).click();
		await page.getByRole("heading", { name: "Winter 1.9.0" }).waitFor();
		const [spec] = await specs();
		expect(spec).toMatchObject({ version: "1.9.0", bytes: 38_400_000, deadline: null });
		expect(spec?.url).toBe(`${firmware.url}/${spec?.digest}.raucb`);
	});

	test("is of any other bundle whose facts are typed; where none is published, it says how one is", async () => {
		await seedRooms(rig.db, 3);
		await rig.signIn(context, "fleet_admin");
		const page = await open("#/rollouts");
		await page.getByRole("button", { name: "New rollout" }).click();
		await page.getByText("incamera image repo publish").waitFor();
		expect(await page.getByRole("combobox", { name: "Firmware" }).count()).toBe(0);
		expect(await axe(page)).toEqual([]);
		await page.getByLabel("Name", { exact: true }).fill("Winter");
		await page.getByLabel("Firmware version").fill("2.1.0");
		await page.getByLabel("Address of the bundle").fill("https://cache.example/2.raucb");
		await page.getByLabel("SHA-256 of the bundle").fill("AB".repeat(32));
		await page.getByLabel("Size in bytes").fill("1000");
		await begin(page).click();
		await page.getByRole("heading", { name: "Winter 2.1.0" }).waitFor();
		expect(await specs()).toEqual([
			{
				version: "2.1.0",
				url: "https://cache.example/2.raucb",
				digest: "ab".repeat(32),
				bytes: 1000,
				deadline: null,
			},
		]);
	});

	test("can begin with a typed bundle also while the repository can't be read, which is said", async () => {
		await rig.close();
		const firmware = { folder: join(folder, "none"), url: "https://fleet.example.org/firmware" };
		rig = await ConsoleRig.start(await databases.fresh(), { firmware });
		await rig.signIn(context, "fleet_admin");
		const page = await open("#/rollouts");
		await page.getByRole("button", { name: "New rollout" }).click();
		await expect.poll(() => page.getByRole("alert").textContent()).toContain("api.no_repository");
		await page.getByLabel("Address of the bundle").waitFor();
	});

	test("says in words why a room failed, and what another one waits for", async () => {
		const rollout = await seedStory(rig.db, await seedRooms(rig.db, 72));
		await rig.signIn(context, "viewer");
		const page = await open(`#/rollouts/${rollout}`);
		await page.getByText("picture or sound did not work").waitFor();
		await page.getByText("update.media_broken").waitFor();
		await page.locator(".alarm-text", { hasText: "Fell back" }).waitFor();
		const waiting = page.getByRole("listitem").filter({ hasText: "update.in_call" });
		// which is no failure
		expect(await waiting.locator(".alarm-text").count()).toBe(0);
		await waiting.getByRole("link").click();
		await page.getByText("Waiting for a quiet hour · in a call").waitFor();
	});
});

test("a token for programs is shown once, and can be ended", async () => {
	await rig.signIn(context, "fleet_admin");
	const page = await open("#/people");
	await page.getByLabel("What it is for").fill("Monitoring");
	await page.getByRole("button", { name: "Make a token" }).click();
	expect(await page.getByTestId("secret").textContent()).toMatch(/^ict_/);
	await page.getByRole("button", { name: "End" }).click();
	await expect.poll(() => page.getByText("Monitoring").count()).toBe(0);
});

test("a session that ends is said, and leads back to signing in", async () => {
	await seedRooms(rig.db, 1);
	const id = await rig.signIn(context, "fleet_admin");
	const page = await open("#/people");
	await page.getByRole("heading", { name: "People and programs" }).waitFor();
	await rig.db.deleteFrom("sessions").where("person_id", "=", id).execute();
	await page.getByLabel("What it is for").fill("x");
	await page.getByRole("button", { name: "Make a token" }).click();
	await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
	await expect.poll(() => page.getByRole("alert").textContent()).toContain("api.not_signed_in");
});

describe.each(["en-GB", "de-DE"])("in %s", (locale) => {
	test("axe finds nothing on any screen, and no word is missing", async () => {
		const ids = await seedRooms(rig.db, 40);
		const rollout = await seedStory(rig.db, ids);
		const mine = await browser.newContext({ locale, viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
		await rig.signIn(mine, "fleet_admin");
		const page = await mine.newPage();
		const found: string[] = [];
		for (const place of [
			"rooms",
			`rooms/${ids[5]}`,
			"events",
			"enrol",
			"rollouts",
			`rollouts/${rollout}`,
			"audit",
			"people",
			"account",
		]) {
			await page.goto(`${rig.origin}/console/#/${place}`);
			await page.locator("h1").waitFor();
			await page.waitForFunction(() => !/(Loading|Wird geladen) …/.test(document.body.textContent ?? ""));
			found.push(...(await axe(page)).map((violation) => `${place}: ${violation}`));
			expect(await page.locator("main").textContent()).not.toMatch(/undefined|null|NaN|\[object/);
		}
		await mine.close();
		expect(found).toEqual([]);
	});
});

test("addresses are read as they are written, and others lead to the rooms", () => {
	for (const place of [
		{ name: "rooms" },
		{ name: "room", id: "dev-0001" },
		{ name: "events" },
		{ name: "events", room: "dev-0001" },
		{ name: "rollout", id: "x" },
		{ name: "invitation", secret: "A_-9" },
		{ name: "people" },
		{ name: "account" },
	] as const) {
		expect(readPlace(writePlace(place))).toEqual(place);
	}
	for (const odd of ["", "#", "#/x", "#/rooms/../..", "#/rooms/%2e", "#/invite/"])
		expect(readPlace(odd)).toEqual({ name: "rooms" });
});

/** What axe finds against WCAG 2.2 AA. */
async function axe(page: Page): Promise<string[]> {
	if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
	return page.evaluate(async () => {
		interface Axe {
			run(
				options: object,
			): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
		}
		const results = await (window as unknown as { axe: Axe }).axe.run({
			runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
		});
		return results.violations.flatMap(({ id, nodes }) =>
			nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
		);
	});
}
