import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { allowMedia, launchChromium } from "../../sim/chromium.ts";
import type { PairOptions, PeersPage } from "./pages/peers.ts";
import { serveModule } from "./serveModule.ts";

/** Ceiling for a condition on a busy machine; a pass takes as long as it takes. */
const patience = { timeout: 30_000, interval: 50 };

declare const peers: PeersPage;

describe("BrowserPeer in Chromium", { timeout: 60_000 }, () => {
	let browser: Browser;
	let page: Page;
	let served: Awaited<ReturnType<typeof serveModule>>;

	beforeAll(async () => {
		served = await serveModule(new URL("pages/peers.ts", import.meta.url).pathname);
		browser = await launchChromium([allowMedia]);
	}, 60_000);
	afterAll(async () => {
		await browser?.close();
		await served?.close();
	});
	beforeEach(async () => {
		page = await browser.newPage();
		await page.goto(served.url);
		await page.waitForFunction(() => "peers" in globalThis);
	});
	afterEach(() => page.close());

	const start = (options: PairOptions) => page.evaluate((given) => peers.start(given), options);
	const state = () => page.evaluate(() => peers.state());
	const video = () => page.evaluate(() => peers.video());
	const bothSay = (event: string) =>
		expect
			.poll(async () => {
				const { events } = await state();
				return events.offerer.includes(event) && events.answerer.includes(event);
			}, patience)
			.toBe(true);
	const decoded = () => expect.poll(async () => (await video()).decoded, patience).toBeGreaterThan(0);

	it("sends and shows nothing before release, and both after it", async () => {
		await start({ release: { offerer: false, answerer: false } });
		await bothSay("connected");
		expect(await state()).toMatchObject({
			sent: { offerer: 0, answerer: 0 },
			farMedia: { offerer: false, answerer: false },
		});
		await page.evaluate(() => peers.release());
		await decoded();
		const after = await state();
		expect(after.farMedia).toEqual({ offerer: true, answerer: true });
		expect(after.sent.offerer).toBeGreaterThan(0);
		expect(after.sent.answerer).toBeGreaterThan(0);
	});

	it("keeps its own gate shut while only the other side is released", async () => {
		await start({ release: { offerer: true, answerer: false } });
		await bothSay("connected");
		await expect.poll(async () => (await state()).sent.offerer, patience).toBeGreaterThan(0);
		expect(await state()).toMatchObject({ sent: { answerer: 0 }, farMedia: { answerer: false } });
	});

	it("prefers H.264 and offers retransmission", async () => {
		await start({ release: { offerer: true, answerer: true } });
		await decoded();
		expect(await video()).toMatchObject({ codec: "video/H264", rtx: true });
	});

	it("says the end of candidates once, last", async () => {
		await start({ release: { offerer: false, answerer: false } });
		await page.waitForFunction(() => peers.candidates().offerer.includes(""));
		const { offerer } = await page.evaluate(() => peers.candidates());
		expect(offerer.filter((candidate) => candidate === "")).toHaveLength(1);
		expect(offerer.at(-1)).toBe("");
		expect(offerer.length).toBeGreaterThan(1);
	});

	for (const side of ["offer", "answer"] as const) {
		const receiver = side === "offer" ? ("answerer" as const) : ("offerer" as const);

		it(`refuses the ${side} whose fingerprint is not the signed one before applying it`, async () => {
			await start({ tamper: { [side]: "fingerprint" }, release: { offerer: true, answerer: true } });
			const result = await state();
			expect(result.error).toBe("call.peer_certificate_mismatch");
			expect(result.events[receiver]).toEqual(["refused"]);
			expect(result.sent).toEqual({ offerer: 0, answerer: 0 });
		});

		it(`refuses in DTLS when certificate and the ${side}'s signed fingerprint differ`, async () => {
			await start({ tamper: { [side]: "fingerprint-and-expected" }, release: { offerer: true, answerer: true } });
			await expect.poll(async () => (await state()).events[receiver], patience).toContain("refused");
			const result = await state();
			expect(result.error).toBeNull();
			expect(result.events[receiver]).toEqual(["refused"]);
			// The other side met the certificate that it expects, so it may open its gate; the refusing side neither sends nor shows.
			expect(result.sent[receiver]).toBe(0);
			expect(result.farMedia[receiver]).toBe(false);
		});
	}

	it("takes a far end that closed for lost, but not before it had time to say why", async () => {
		await start({ release: { offerer: true, answerer: true } });
		await bothSay("connected");
		await page.evaluate(() => peers.closeOfferer());
		await expect.poll(() => page.evaluate(() => peers.answererDtls()), patience).toBe("closed");
		const lost = async () => (await state()).events.answerer.includes("lost");
		await page.evaluate(() => peers.passTime(999));
		expect(await lost()).toBe(false);
		await expect
			.poll(async () => {
				await page.evaluate(() => peers.passTime(1000));
				return lost();
			}, patience)
			.toBe(true);
	});
});
