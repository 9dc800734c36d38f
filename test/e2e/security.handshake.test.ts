/**
 * Whoever holds a link and pretends, against a real room: the room program, its engine, the real rendezvous. Each attempt ends with
 * its code on the panel and without one buffer of media through any gate in either direction.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EngineClient } from "../../device/media/EngineClient.ts";
import { type HandshakeContext, makeAnswer, makeOffer, readAnswer, readOffer } from "../../device/meeting/handshake.ts";
import { createGuestIdentity, type OwnIdentity } from "../../device/meeting/identity.ts";
import { readHeader } from "../../device/meeting/jws.ts";
import { formatLink } from "../../device/meeting/link.ts";
import { SignalChannel } from "../../device/meeting/SignalChannel.ts";
import { FleetCa } from "../../provisioning/service/ca/FleetCa.ts";
import { allowMedia, launchChromium } from "../sim/chromium.ts";
import { alter, dubiousRoom, payloadOf, resign, withOtherFingerprint } from "../sim/meeting/forgery.ts";
import type { LinkHolder } from "../sim/meeting/LinkHolder.ts";
import { Guest, patience } from "../ui/guest/guestBrowser.ts";
import { serveModule } from "../ui/guest/serveModule.ts";
import { mediaCount, watchTransport } from "./guestTransport.ts";
import type { PanelDriver } from "./PanelDriver.ts";
import type { LyingGuestPage } from "./pages/lyingGuest.ts";
import { heard, TestBuilding } from "./TestBuilding.ts";

const offerSdp = readFileSync(join(import.meta.dirname, "../device/meeting/corpus/chromium-offer.sdp"), "utf8");
const hourSeconds = 3_600;

describe("a handshake that doesn't hold", { timeout: 90_000 }, () => {
	const folder = mkdtempSync(join(tmpdir(), "incamera-handshake-"));
	let building: TestBuilding;
	let berlin: PanelDriver;
	let muenchen: PanelDriver;
	let browser: Browser;
	/** Answers as a real far room's engine would. */
	let engine: EngineClient;
	/** Another organisation, to which the room München of this building belongs. */
	let foreign: FleetCa;

	beforeAll(async () => {
		foreign = await FleetCa.open(join(folder, "authority"), { development: true });
		const { key, certificate } = await foreign.issueDevice("room-muenchen");
		for (const [name, text] of Object.entries({ key, certificate, ca: foreign.certificate }))
			writeFileSync(join(folder, name), text, { mode: 0o600 });
		engine = new EngineClient({ camera: "none", microphone: "none", speaker: "none", display: "none" });
		[building, browser] = await Promise.all([
			TestBuilding.start({
				configure: (room, parts) => {
					const file = (name: string) => join(folder, name);
					if (room === "muenchen")
						parts.identity = { certificate: file("certificate"), key: file("key"), ca: file("ca"), crl: file("crl") };
				},
			}),
			launchChromium([allowMedia]),
			engine.start(),
		]);
	}, 120_000);
	afterAll(async () => {
		await Promise.all([browser?.close(), engine?.stop(), building?.stop()]);
		rmSync(folder, { recursive: true, force: true });
	});
	beforeEach(async () => {
		[berlin, muenchen] = await Promise.all([building.panel("berlin"), building.panel("muenchen")]);
	});
	afterEach(() => building.clearAndClosePanels());

	describe("of a guest", () => {
		it.each<[string, string, (jws: string, holder: LinkHolder) => Promise<string>]>([
			[
				"signed by nobody",
				"call.handshake_refused",
				async (jws) => `${jws.split(".").slice(0, 2).join(".")}.${"A".repeat(86)}`,
			],
			[
				"signed by another",
				"call.handshake_refused",
				async (jws) => resign(jws, await createGuestIdentity(), (p) => p),
			],
			[
				"of an unknown version",
				"call.version_unknown",
				(jws, { context }) => resign(jws, context.identity, (p) => ({ ...p, v: 2 })),
			],
			[
				"an hour old",
				"call.clock_wrong",
				(jws, { context }) => resign(jws, context.identity, (p) => ({ ...p, iat: Number(p["iat"]) - hourSeconds })),
			],
			[
				"an hour ahead",
				"call.clock_wrong",
				(jws, { context }) => resign(jws, context.identity, (p) => ({ ...p, iat: Number(p["iat"]) + hourSeconds })),
			],
		])("an OFFER %s is refused as %s, and the far end is told why", async (_, code, spoil) => {
			const { mark } = building;
			const holder = await building.holder(await building.roomAlone(berlin));
			const { jws } = await makeOffer(holder.context, offerSdp);
			await holder.say(await spoil(jws, holder));
			await building.refused(berlin, code, mark);
			expect(payloadOf(await heard(holder, "incamera-signal"))).toMatchObject({ body: { kind: "bye", reason: code } });
		});

		it("an OFFER that was seen in an earlier meeting is refused as call.replayed", async () => {
			const first = await building.holder(await building.roomAlone(berlin));
			const { jws } = await first.offer(offerSdp);
			await heard(first, "incamera-answer");
			await building.clear();
			const { mark } = building;
			const second = await building.holder(await building.roomAlone(berlin));
			await second.say(jws);
			await building.refused(berlin, "call.replayed", mark);
		});

		it.each<[string, (payload: Record<string, unknown>) => object]>([
			["another nonce than it had committed to", (p) => ({ ...p, nA: "A".repeat(43) })],
			["another transcript", (p) => ({ ...p, transcript: "A".repeat(43) })],
		])("a CONFIRM of %s is refused", async (_, change) => {
			const { mark } = building;
			const holder = await building.holder(await building.roomAlone(berlin));
			const sent = await holder.offer(offerSdp);
			const { confirm } = await readAnswer(holder.context, sent, await heard(holder, "incamera-answer"));
			await holder.say(await resign(confirm, holder.context.identity, change));
			await building.refused(berlin, "call.handshake_refused", mark);
		});

		it("a guest who signs as a room is refused", async () => {
			const { mark } = building;
			const identity = await dubiousRoom(await building.ca.issueDevice("room-hidden"));
			const holder = await building.holder(await building.roomAlone(berlin), { identity });
			await holder.offer(offerSdp);
			await building.refused(berlin, "call.handshake_refused", mark);
		});
	});

	describe("of a room", () => {
		/** The far room that came second: answers Berlin's OFFER, as a real one would but for what is told. */
		async function answers(identity: OwnIdentity): Promise<LinkHolder> {
			const holder = await building.holder(await building.roomAlone(berlin), { kind: "room", identity });
			const context: HandshakeContext = { ...holder.context, farKind: "room" };
			const offer = await readOffer(context, await heard(holder, "incamera-offer"));
			const peer = await engine.createPeer({ iceServers: [] });
			const sdp = await peer.acceptOffer(offer.sdp, offer.description.fingerprint);
			await holder.say((await makeAnswer(context, offer, sdp)).jws);
			await peer.close();
			return holder;
		}

		/** The far room that came first: offers. */
		async function offers(identity: OwnIdentity): Promise<void> {
			const link = await building.meeting();
			const holder = building.holder(link, { kind: "room", identity });
			await expect.poll(() => building.middle.members("room")).toBe(1);
			await berlin.touch({ type: "panel.join_link", link: formatLink(link) });
			await (await holder).offer(offerSdp);
		}

		const expired = async () => dubiousRoom(await building.ca.issueDevice("room-expired", { days: -1 }));
		const strange = async () => dubiousRoom(await foreign.issueDevice("room-strange"));
		const server = async () => dubiousRoom(await building.ca.issueServer(["127.0.0.1"]));

		it.each<[string, string, () => Promise<OwnIdentity>]>([
			["of another organisation's CA", "call.certificate_untrusted", strange],
			["that was made for a server", "call.certificate_untrusted", server],
			["that is expired", "call.certificate_expired", expired],
		])("a certificate %s is refused as %s, offering and answering", async (_, code, identity) => {
			let { mark } = building;
			await answers(await identity());
			await building.refused(berlin, code, mark);
			await building.clear();
			({ mark } = building);
			await offers(await identity());
			await building.refused(berlin, code, mark);
		});

		it("a certificate that is revoked while the room runs is refused as soon as the list is read", async () => {
			const credentials = await building.ca.issueDevice("room-stolen");
			const identity = await dubiousRoom(credentials);
			await building.ca.revoke(credentials.serial);
			let { mark } = building;
			// the room reads the list every ten seconds: until then the handshake still holds
			const refused = async (): Promise<boolean> => {
				await building.clearAndClosePanels();
				berlin = await building.panel("berlin");
				({ mark } = building);
				const holder = await answers(identity);
				const confirmed = () => holder.heard.some((jws) => readHeader(jws).typ === "incamera-confirm");
				await expect.poll(() => confirmed() || berlin.snapshot.screen.name === "ended", patience).toBe(true);
				return !confirmed();
			};
			while (!(await refused()));
			await building.refused(berlin, "call.certificate_revoked", mark);
		});

		it("a far room whose clock is an hour off says so, and the panel names the clock", async () => {
			const { mark } = building;
			const identity = await dubiousRoom(await building.ca.issueDevice("room-late"));
			const holder = await building.holder(await building.roomAlone(berlin), { kind: "room", identity });
			const { callId } = payloadOf(await heard(holder, "incamera-offer"));
			const channel = new SignalChannel({ callId: String(callId), role: "answerer", identity });
			await holder.say(await channel.sign({ kind: "bye", reason: "call.clock_wrong" }));
			await building.refused(berlin, "call.clock_wrong", mark);
		});

		it("two real rooms of two organisations refuse each other, and both panels say so", async () => {
			const { mark } = building;
			const link = await building.roomAlone(berlin);
			await muenchen.touch({ type: "panel.join_link", link: formatLink(link) });
			await Promise.all([
				building.refused(berlin, "call.certificate_untrusted", mark),
				building.refused(muenchen, "call.certificate_untrusted", mark, "muenchen"),
			]);
		});
	});

	describe("on the wire, altered by somebody who holds the link but no key", () => {
		it.each([
			["the guest's OFFER", "room", "incamera-offer"],
			["the room's ANSWER", "guest", "incamera-answer"],
		] as const)("%s with another fingerprint is refused on both sides", async (_, to, type) => {
			const { mark } = building;
			const link = await building.roomAlone(berlin);
			building.middle.tamper = (jws, receiver) =>
				receiver === to && readHeader(jws).typ === type ? [alter(jws, withOtherFingerprint)] : [jws];
			const guest = await Guest.create(browser);
			await watchTransport(guest.page);
			await guest.join(formatLink(link));
			await building.refused(berlin, "call.handshake_refused", mark);
			await guest.waitForScreen("ended");
			expect(await guest.page.textContent(".code code")).toBe("call.handshake_refused");
			expect(await mediaCount(guest.page)).toMatchObject({ received: 0, decoded: 0, sent: 0 });
			await guest.close();
		});

		it("left alone it connects: the one in the middle is no hindrance by itself", async () => {
			const link = await building.roomAlone(berlin);
			const guest = await Guest.create(browser);
			await watchTransport(guest.page);
			await guest.join(formatLink(link));
			await Promise.all([berlin.untilPhase("connected"), guest.waitForPhase("connected")]);
			await expect
				.poll(() => mediaCount(guest.page), patience)
				.toMatchObject({
					received: expect.toSatisfy((packets: number) => packets > 10),
					decoded: expect.toSatisfy((frames: number) => frames > 0),
				});
			const { mark } = building;
			await berlin.touch({ type: "panel.leave" });
			await expect.poll(() => building.gates("berlin", mark)[0]?.sent, patience).toBeGreaterThan(10);
			await guest.close();
		});
	});

	describe("of a guest whose transport presents another certificate than it signed", () => {
		let served: { url: string; close(): Promise<void> };
		beforeAll(async () => {
			served = await serveModule(join(import.meta.dirname, "pages/lyingGuest.ts"));
		});
		afterAll(() => served?.close());

		it.each([
			["is refused, and nothing is heard or shown on either side", true],
			["is not refused for anything else: when it tells the truth, it connects", false],
		])("%s", async (_, lie) => {
			const { mark } = building;
			const link = await building.roomAlone(berlin);
			const context = await browser.newContext();
			const page = await context.newPage();
			await watchTransport(page);
			await page.goto(served.url);
			await page.waitForFunction(() => "lyingGuest" in globalThis);
			await page.evaluate(
				([text, options]) => (globalThis as unknown as { lyingGuest: LyingGuestPage }).lyingGuest.join(text, options),
				[formatLink(link), { lie }] as const,
			);
			const state = () =>
				page.evaluate(() => (globalThis as unknown as { lyingGuest: LyingGuestPage }).lyingGuest.state());
			if (lie) {
				await building.refused(berlin, "call.peer_certificate_mismatch", mark);
				await expect.poll(async () => (await state()).failed, patience).toBe("call.peer_certificate_mismatch");
				expect(await mediaCount(page)).toMatchObject({ received: 0, decoded: 0 });
			} else {
				await berlin.untilPhase("connected");
				await expect.poll(async () => (await mediaCount(page)).decoded, patience).toBeGreaterThan(0);
			}
			await context.close();
		});
	});
});
