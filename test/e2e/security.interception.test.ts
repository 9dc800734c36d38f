/**
 * A person in the middle of the media path, for real: the candidates of both ends lead through a process that terminates DTLS on both
 * sides. Each end expects the other's certificate, as an honest handshake signs it.
 */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { RemotePeer } from "../../device/media/RemotePeer.ts";
import { formatLink } from "../../device/meeting/link.ts";
import { fingerprintOf, startEngine, until } from "../device/media/engines.ts";
import { makeNative } from "../device/media/native/built.ts";
import { allowMedia, launchChromium } from "../sim/chromium.ts";
import { DtlsInterceptor } from "../sim/network/DtlsInterceptor.ts";
import { Guest, patience } from "../ui/guest/guestBrowser.ts";
import { type Detour, mediaCount, watchTransport } from "./guestTransport.ts";
import type { PanelDriver } from "./PanelDriver.ts";
import { TestBuilding } from "./TestBuilding.ts";

beforeAll(() => makeNative(), 300_000);

interface Pair {
	/** Offers; its DTLS is the server, because webrtcbin answers `a=setup:active`. */
	offerer: RemotePeer;
	answerer: RemotePeer;
	offer: string;
	answer: string;
	events: { offerer: string[]; answerer: string[] };
}

/** Two engines in a call whose path leads through the interceptor. @param trusted what both are told to expect instead of each other */
async function call(interceptor: DtlsInterceptor, trusted: Uint8Array | null = null): Promise<Pair> {
	const [one, other] = await Promise.all([startEngine(), startEngine()]);
	await Promise.all([one, other].map(({ engine }) => engine.setSources({ microphone: true, camera: true })));
	const [offerer, answerer] = (await Promise.all(
		[one, other].map(({ engine }) => engine.createPeer({ iceServers: [] })),
	)) as [RemotePeer, RemotePeer];
	const events = { offerer: [] as string[], answerer: [] as string[] };
	for (const event of ["connected", "lost", "refused"] as const) {
		offerer.events.on(event, () => events.offerer.push(event));
		answerer.events.on(event, () => events.answerer.push(event));
	}
	// nothing is handed over before both descriptions are applied
	const described = Promise.withResolvers<void>();
	for (const [from, to, face] of [
		[offerer, answerer, interceptor.client],
		[answerer, offerer, interceptor.server],
	] as const) {
		from.events.on("candidate", ({ candidate, sdpMLineIndex }) => {
			const redirected = DtlsInterceptor.redirect(candidate, face);
			if (redirected) void described.promise.then(() => to.addCandidate({ candidate: redirected, sdpMLineIndex }));
		});
	}
	const offer = await offerer.createOffer();
	const answer = await answerer.acceptOffer(offer, trusted ?? fingerprintOf(offer));
	await offerer.acceptAnswer(answer, trusted ?? fingerprintOf(answer));
	expect(answer).toContain("a=setup:active");
	described.resolve();
	offerer.release();
	answerer.release();
	return { offerer, answerer, offer, answer, events };
}

async function intercept(options: { terminate?: boolean } = {}): Promise<DtlsInterceptor> {
	const interceptor = await DtlsInterceptor.start(options);
	onTestFinished(() => interceptor.stop());
	return interceptor;
}

/** The sound that a description announces. */
function soundOf(sdp: string): { payloadType: number; ssrc: number } {
	const section = sdp.split(/(?=^m=)/m).find((part) => part.startsWith("m=audio")) ?? "";
	return {
		payloadType: Number(/^m=audio \d+ \S+ (\d+)/.exec(section)?.[1]),
		ssrc: Number(/^a=ssrc:(\d+)/m.exec(section)?.[1]),
	};
}
const silence = Buffer.from([0xf8, 0xff, 0xfe]);

/** Sends each end sound in the other's name until `enough`. */
async function speak(
	interceptor: DtlsInterceptor,
	{ offer, answer }: Pair,
	enough: () => Promise<boolean>,
): Promise<void> {
	await until(async () => {
		interceptor.client.forge(soundOf(offer), silence);
		interceptor.server.forge(soundOf(answer), silence);
		return enough();
	});
}

describe("somebody in the middle of the media path", { timeout: 90_000 }, () => {
	it("who only forwards disturbs nobody: media flows both ways", async () => {
		const router = await intercept({ terminate: false });
		const { offerer, answerer, events } = await call(router);
		await until(async () => {
			const [a, b] = await Promise.all([offerer.stats(), answerer.stats()]);
			return a.farVideo.frames > 5 && b.farVideo.frames > 5 && a.farAudio.buffers > 5 && b.farAudio.buffers > 5;
		});
		expect([events.offerer, events.answerer]).toEqual([["connected"], ["connected"]]);
		expect([router.client.seen.media > 10, router.server.seen.media > 10]).toEqual([true, true]);
	});

	it("who terminates DTLS is refused by both ends, and not one buffer passes in either direction", async () => {
		const interceptor = await intercept();
		const pair = await call(interceptor);
		const { offerer, answerer, events } = pair;
		await until(() => events.offerer.includes("refused") && events.answerer.includes("refused"));
		// the interceptor did its part: without the gate it would have both ends' media
		await until(() => interceptor.client.handshakeDone && interceptor.server.handshakeDone);
		await speak(interceptor, pair, async () => {
			const all = await Promise.all([offerer.stats(), answerer.stats()]);
			return all.every(({ gate }) => gate.received.dropped > 20);
		});
		for (const peer of [offerer, answerer]) {
			const { gate, farAudio, farVideo, sender } = await peer.stats();
			expect(gate).toMatchObject({ state: "refused", sent: { passed: 0 }, received: { passed: 0 } });
			expect([farAudio.buffers, farVideo.frames, sender.frames]).toEqual([0, 0, 0]);
		}
		expect([...events.offerer, ...events.answerer]).not.toContain("connected");
		expect([interceptor.client.seen.media, interceptor.server.seen.media]).toEqual([0, 0]);
	});

	it("would be believed by ends that expect its certificate: nothing but the comparison keeps it out", async () => {
		const interceptor = await intercept();
		const pair = await call(interceptor, interceptor.certificateSha256);
		const { offerer, answerer, events } = pair;
		await until(() => events.offerer.includes("connected") && events.answerer.includes("connected"));
		await until(() => interceptor.client.handshakeDone && interceptor.server.handshakeDone);
		await speak(interceptor, pair, async () => {
			const all = await Promise.all([offerer.stats(), answerer.stats()]);
			return all.every(({ gate, farAudio }) => gate.received.passed > 20 && farAudio.buffers > 5);
		});
		expect([interceptor.client.seen.media > 0, interceptor.server.seen.media > 0]).toEqual([true, true]);
	});
});

describe("somebody in the middle between a room and a guest", { timeout: 90_000 }, () => {
	let browser: Browser;
	let building: TestBuilding;
	let berlin: PanelDriver;
	beforeAll(async () => {
		[building, browser] = await Promise.all([TestBuilding.start(), launchChromium([allowMedia])]);
		berlin = await building.panel("berlin");
	}, 120_000);
	afterAll(() => Promise.all([browser?.close(), building?.stop()]));
	afterEach(() => building.clear());

	/** A guest whose network leads to the interceptor: a room answers its offer, so the room is the DTLS client. */
	async function meet({ client, server }: DtlsInterceptor): Promise<Guest> {
		const link = await building.roomAlone(berlin);
		const guest = await Guest.create(browser);
		onTestFinished(() => guest.close());
		const room = client.socket.address();
		const detour: Detour = { address: room.address, roomPort: room.port, guestPort: server.socket.address().port };
		await watchTransport(guest.page, detour);
		await guest.join(formatLink(link));
		return guest;
	}

	it("who only forwards disturbs nobody", async () => {
		const router = await intercept({ terminate: false });
		const guest = await meet(router);
		await Promise.all([berlin.untilPhase("connected"), guest.waitForPhase("connected")]);
		await expect.poll(async () => (await mediaCount(guest.page)).decoded, patience).toBeGreaterThan(0);
		await berlin.until(() => berlin.loudestFar > 0.05, "the guest's beep");
		await expect.poll(() => Math.min(router.client.seen.media, router.server.seen.media)).toBeGreaterThan(10);
	});

	it("who terminates DTLS is refused: the code is on the panel and on the page, and no media passed", async () => {
		const { mark } = building;
		const interceptor = await intercept();
		const guest = await meet(interceptor);
		await building.refused(berlin, "call.peer_certificate_mismatch", mark);
		await guest.waitForScreen("ended");
		expect(await guest.page.textContent(".code code")).toBe("call.peer_certificate_mismatch");
		expect(await mediaCount(guest.page)).toMatchObject({ received: 0, decoded: 0, sent: 0 });
		// One end at least was shown the interceptor's certificate: whoever is first breaks its handshake off, and the other's may not have begun.
		const compared = () => building.gates("berlin", mark).some(({ state }) => state === "refused");
		const brokenOff = () => interceptor.client.handshakeDone || interceptor.server.output.includes("alert");
		await expect.poll(() => compared() || brokenOff()).toBe(true);
		expect([interceptor.client.seen.media, interceptor.server.seen.media]).toEqual([0, 0]);
	});
});
