import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { systemClock } from "../../device/core/clock.ts";
import { TestDatabases } from "../../test/provisioning/service/db/TestDatabase.ts";
import { ConsoleRig } from "../../test/sim/fleet/ConsoleRig.ts";
import { publishReleases } from "../../test/sim/fleet/publishReleases.ts";
import { seedRooms } from "../../test/sim/fleet/seedRooms.ts";
import { seedStory } from "../../test/sim/fleet/seedStory.ts";
import { signedIn } from "../../test/sim/passkey/signedIn.ts";
import type { Picks } from "./Picks.ts";
import { shoot } from "./shoot.ts";

const sizes = { "1280x800": [1280, 800], "1920x1080": [1920, 1080], "768x1024": [768, 1024] } as const;

type Scene = (page: Page, rig: ConsoleRig, ids: { rooms: string[]; rollout: string }) => Promise<void>;
const open =
	(fragment: string): Scene =>
	async (page, rig) => {
		await page.goto(`${rig.origin}/console/#/${fragment}`);
		await page.locator("h1").waitFor();
	};

/** What is looked at; those named `guest-…` without a session. */
const scenes: Record<string, Scene> = {
	"guest-signin": open(""),
	"guest-invitation": open("invite/AAAAAAAAAAAAAAAAAAAAAA"),
	rooms: async (page, rig) => {
		await open("rooms")(page, rig, { rooms: [], rollout: "" });
		await page.locator(".room").first().waitFor();
	},
	"rooms-trouble": async (page) => {
		await page.locator(".tile.alarm").first().click();
	},
	room: async (page, rig, ids) => {
		await open(`rooms/${ids.rooms[5]}`)(page, rig, ids);
		await page.locator(".lines > li").first().waitFor();
	},
	"room-revoke": async (page) => {
		await page.getByRole("button", { name: /^(Ausschließen|Shut out)$/ }).click();
	},
	events: async (page, rig, ids) => {
		await open("events")(page, rig, ids);
		await page.locator("tbody td").first().waitFor();
	},
	"events-fresh": async (page, rig, { rooms }) => {
		for (const room of rooms.slice(20, 23)) await rig.tell(room, "trouble", { code: "call.no_path", over: false });
		await page.locator(".fresh .button").filter({ hasText: "3" }).waitFor();
		// what was told is for this picture
		await rig.db.deleteFrom("events").where("device_id", "in", rooms.slice(20, 23)).execute();
	},
	"events-room": async (page) => {
		await page.locator(".filters select").first().selectOption("trouble");
		await page.locator(".filters input").fill("Bode");
		await page.waitForFunction(() => document.querySelectorAll("tbody td").length === 4);
	},
	"events-none": async (page) => {
		await page.locator(".filters select").first().selectOption("update.rolled_back");
		await page.locator(".empty").waitFor();
	},
	enrol: open("enrol"),
	"enrol-code": async (page) => {
		await page.locator("form input").first().fill("Weser");
		await page.locator("form button[type=submit]").click();
		await page.getByTestId("code").waitFor();
	},
	rollouts: async (page, rig, ids) => {
		await open("rollouts")(page, rig, ids);
		await page.locator(".waves").first().waitFor();
	},
	"rollouts-new": async (page) => {
		await page.locator(".head .button").click();
		await page.locator("form select").waitFor();
	},
	"rollouts-typed": async (page) => {
		await page.locator("form select").selectOption("other");
	},
	rollout: async (page, rig, ids) => {
		await open(`rollouts/${ids.rollout}`)(page, rig, ids);
		await page.locator(".lines > li").first().waitFor();
	},
	audit: async (page, rig, ids) => {
		await open("audit")(page, rig, ids);
		await page.locator("tbody tr").first().waitFor();
		await page.locator(".head .button").first().click();
		await page.locator(".line.calm").waitFor();
	},
	people: async (page, rig, ids) => {
		await open("people")(page, rig, ids);
		await page.locator(".lines > li").first().waitFor();
	},
	account: async (page, rig, ids) => {
		await open("account")(page, rig, ids);
		await page.locator(".passkey").first().waitFor();
	},
	"account-remove": async (page) => {
		await page.locator(".passkeys > li:nth-child(2) .button").last().click();
	},
	"account-one": async (page, rig, ids) => {
		await rig.db.deleteFrom("passkeys").where("credential_id", "=", KEY).execute();
		await page.reload();
		await open("account")(page, rig, ids);
		await page.locator(".line.care").waitFor();
	},
};

/** The second passkey of whoever looks. */
const KEY = "key";

async function addKey(rig: ConsoleRig, person: string): Promise<void> {
	const days = (count: number) => new Date(Date.now() - count * 86_400_000);
	const row = { credential_id: KEY, person_id: person, public_key: Buffer.alloc(0), label: "YubiKey · Tresor" };
	await rig.db
		.insertInto("passkeys")
		.values({ ...row, created_at: days(40), last_used_at: days(3) })
		.execute();
}

/** Every screen of the console, with a fleet of 72 rooms in a real database behind it. Returns how many pictures. */
export async function consoleScreens(browser: Browser, folder: string, picks: Picks): Promise<number> {
	const databases = await TestDatabases.start();
	const firmware = await mkdtemp(join(tmpdir(), "incamera-screenshots-"));
	const rig = await ConsoleRig.start(await databases.fresh(), {
		firmware: await publishReleases(firmware, ["1.4.2", "1.5.0"]),
	});
	let count = 0;
	try {
		const rooms = await seedRooms(rig.db, 72);
		const rollout = await seedStory(rig.db, rooms);
		await signedIn(rig.db, { name: "Ines Albrecht", role: "technician", clock: systemClock });
		for (const size of picks(Object.keys(sizes) as (keyof typeof sizes)[])) {
			for (const locale of picks(["de", "en"] as const)) {
				const [width, height] = sizes[size];
				const viewport = { width, height };
				const context = await browser.newContext({
					viewport,
					locale,
					timezoneId: "Europe/Berlin",
					reducedMotion: "reduce",
				});
				const guest = await browser.newContext({ viewport, locale, reducedMotion: "reduce" });
				const person = await rig.signIn(context, "fleet_admin");
				await addKey(rig, person);
				const page = await context.newPage();
				const outside = await guest.newPage();
				for (const name of picks(Object.keys(scenes))) {
					const where = name.startsWith("guest-") ? outside : page;
					await (scenes[name] as Scene)(where, rig, { rooms, rollout });
					await shoot(where, join(folder, `console-${name}-${locale}-${size}.png`));
					count++;
				}
				await context.close();
				await guest.close();
				// each language and size is shown the same fleet
				await rig.db.deleteFrom("people").where("id", "=", person).execute();
				await rig.db.deleteFrom("enrolment_codes").execute();
			}
		}
	} finally {
		await rig.close();
		await databases.close();
		await rm(firmware, { recursive: true, force: true });
	}
	return count;
}
