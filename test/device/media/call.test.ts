import { beforeAll, describe, expect, it } from "vitest";
import { callScene, isColour, join, seen, startEngine, until } from "./engines.ts";
import { makeNative } from "./native/built.ts";

beforeAll(() => makeNative(), 300_000);

describe("a call between two engines", { timeout: 60_000 }, () => {
	it("shows and plays what the other side sends, both ways, with a description that repairs losses", async () => {
		const [red, blue] = await Promise.all([
			startEngine({ camera: "synthetic:red" }),
			startEngine({ camera: "synthetic:blue", microphone: "synthetic:high" }),
		]);
		await Promise.all([red, blue].map(({ engine }) => engine.setSources({ microphone: true, camera: true })));
		await Promise.all([red, blue].map(({ engine }) => engine.setTv(callScene)));
		const { a, b, offer, answer } = await join(red.engine, blue.engine);
		await until(() => red.told.farPictures[0] && blue.told.farPictures[0]);
		await seen(red.engine, "tv", (picture) => isColour(picture, "blue"));
		await seen(blue.engine, "tv", (picture) => isColour(picture, "red"));
		await until(() => red.told.levels.far > 0.4 && blue.told.levels.far > 0.4);
		for (const sdp of [offer, answer]) {
			expect(sdp).toMatch(/a=rtcp-fb:\d+ nack pli/);
			expect(sdp).toMatch(/a=rtpmap:\d+ rtx\/90000/);
			expect(sdp).toContain("transport-wide-cc");
			expect(sdp).toMatch(/a=fmtp:111 .*useinbandfec=1/);
			expect(sdp).not.toContain("a=crypto");
		}
		expect(offer).toMatch(/m=video \d+ UDP\/TLS\/RTP\/SAVPF 96 97/);
		const stats = await a.stats();
		expect(stats.sender).toMatchObject({ codec: "h264", encoder: "openh264enc" });
		expect(stats.gate).toMatchObject({ state: "open" });
		// The far end tells what arrives of what we send: without it there is no rate control.
		await until(async () => (await b.stats()).path.loss !== null);
	});

	it("gives each call a certificate of its own, so that calls cannot be linked", async () => {
		const { engine } = await startEngine();
		const offers: (string | undefined)[] = [];
		for (let call = 0; call < 2; call++) {
			const peer = await engine.createPeer({ iceServers: [] });
			offers.push(/a=fingerprint:.*/.exec(await peer.createOffer())?.[0]);
			await peer.close();
		}
		expect(offers[0]).toBeDefined();
		expect(offers[0]).not.toBe(offers[1]);
	});

	it("speaks VP8 with a far end that has no H.264", async () => {
		const [green, blue] = await Promise.all([
			startEngine({ camera: "synthetic:green" }),
			startEngine({ camera: "synthetic:blue" }),
		]);
		await Promise.all([green, blue].map(({ engine }) => engine.setSources({ microphone: false, camera: true })));
		await blue.engine.setTv(callScene);
		const { a, b } = await join(green.engine, blue.engine, {
			offer: (sdp) =>
				sdp.replace(/(m=video .*SAVPF) .*/, "$1 97").replace(/a=(rtpmap|fmtp|rtcp-fb):(96|98).*\r\n/g, ""),
		});
		await seen(blue.engine, "tv", (picture) => isColour(picture, "green"));
		expect((await a.stats()).sender.codec).toBe("vp8");
		expect((await b.stats()).sender.codec).toBe("vp8");
	});

	it("mutes at the source: not one buffer goes out, and the far end hears and sees nothing, until it is taken back", async () => {
		const [muting, far] = await Promise.all([
			startEngine({ camera: "synthetic:red" }),
			startEngine({ camera: "synthetic:blue" }),
		]);
		await Promise.all([muting, far].map(({ engine }) => engine.setSources({ microphone: true, camera: true })));
		const { a, b } = await join(muting.engine, far.engine);
		await until(() => far.told.levels.far > 0.4 && far.told.farPictures[0]);
		await muting.engine.setMuted({ microphone: true, camera: true });
		await until(() => muting.told.sources?.microphone.state === "off" && !muting.told.sources.microphone.flowing);
		await until(() => muting.told.sources?.camera.state === "off" && !muting.told.sources.camera.flowing);
		await until(() => far.told.levels.far === 0 && muting.told.levels.microphone === 0);
		const before = await a.stats();
		// Another second of the far end's pictures passes, none of ours.
		await until(async () => (await a.stats()).farVideo.frames > before.farVideo.frames + 15);
		const after = await a.stats();
		expect(after.gate.sent.passed).toBe(before.gate.sent.passed);
		expect(after.sender.frames).toBe(before.sender.frames);
		await muting.engine.setMuted({ microphone: false, camera: false });
		const frames = (await b.stats()).farVideo.frames;
		await until(async () => (await b.stats()).farVideo.frames > frames + 5);
		await until(() => far.told.levels.far > 0.4);
	});

	it("keeps what was muted before the sources were opened muted from the first buffer on", async () => {
		const { engine, told } = await startEngine();
		await engine.setMuted({ microphone: true, camera: true });
		await engine.setSources({ microphone: true, camera: true });
		await until(() => told.sources?.microphone.state === "off" && told.sources.camera.state === "off");
		let flowed = false;
		engine.events.on("sources", ({ microphone, camera }) => (flowed ||= microphone.flowing || camera.flowing));
		let levels = 0;
		engine.events.on("levels", () => (levels += 1));
		await until(() => levels >= 10);
		expect(flowed).toBe(false);
		expect(told.levels.microphone).toBe(0);
	});
});

describe("the gate in the engine", { timeout: 60_000 }, () => {
	it("refuses a far end whose certificate is not the signed one, without a buffer in either direction", async () => {
		const [one, other] = await Promise.all([startEngine(), startEngine()]);
		await Promise.all([one, other].map(({ engine }) => engine.setSources({ microphone: true, camera: true })));
		const { a, b, events } = await join(one.engine, other.engine, { answerPrint: new Uint8Array(32).fill(7) });
		await until(() => events.a.includes("refused"));
		expect(events.a).not.toContain("connected");
		const [near, far] = [await a.stats(), await b.stats()];
		expect(near.gate).toMatchObject({ state: "refused", sent: { passed: 0 }, received: { passed: 0 } });
		expect(near.farVideo.frames + near.farAudio.buffers).toBe(0);
		expect(far.farVideo.frames + far.farAudio.buffers).toBe(0);
	});

	it("lets nothing through before the handshake is proved, and everything after", async () => {
		const [one, other] = await Promise.all([startEngine(), startEngine()]);
		await Promise.all([one, other].map(({ engine }) => engine.setSources({ microphone: true, camera: true })));
		const { a, b, events } = await join(one.engine, other.engine, { release: false });
		await until(() => events.a.includes("connected") && events.b.includes("connected"));
		for (const peer of [a, b]) {
			expect((await peer.stats()).gate).toMatchObject({
				state: "waiting",
				sent: { passed: 0 },
				received: { passed: 0 },
			});
		}
		a.release();
		b.release();
		await until(() => one.told.farPictures[0] && other.told.farPictures[0]);
	});
});
