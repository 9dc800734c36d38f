import { X509Certificate } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { Element, type GstObject, Pipeline, WebrtcGate } from "../../../../device/media/gst/index.ts";
import { makeNative } from "./built.ts";
import { type Codec, connect, Endpoint } from "./Endpoint.ts";
import { until } from "./until.ts";

beforeAll(() => makeNative(), 300_000);

describe("the gate between two webrtcbins", () => {
	const open: Endpoint[] = [];
	const pair = (codec?: Codec): [Endpoint, Endpoint] => {
		const made: [Endpoint, Endpoint] = [new Endpoint(codec), new Endpoint(codec)];
		open.push(...made);
		return made;
	};
	afterEach(async () => {
		await Promise.all(open.splice(0).map((endpoint) => endpoint.dispose()));
	});

	/** The far side is honest and open, so that media really arrives at the side under test. */
	const honest = (side: Endpoint, far: Endpoint): void => {
		side.gate.expect(far.gate.certificateSha256);
		side.gate.release();
	};
	const wrong = (): Buffer => Buffer.alloc(32, 7);
	/** Waits until buffers were dropped in both directions, then proves that none passed. */
	const nothingPasses = async (side: Endpoint): Promise<void> => {
		const before = side.gate.counters();
		await until(() => {
			const now = side.gate.counters();
			return now.sent.dropped >= before.sent.dropped + 10 && now.received.dropped >= before.received.dropped + 10;
		}, "buffers dropped in both directions");
		const now = side.gate.counters();
		expect([now.sent.passed, now.received.passed]).toEqual([before.sent.passed, before.received.passed]);
	};
	const nothingPassed = async (side: Endpoint): Promise<void> => {
		await nothingPasses(side);
		expect(side.gate.counters()).toMatchObject({ sent: { passed: 0 }, received: { passed: 0 } });
		expect(side.decoded?.read().buffers ?? 0).toBe(0);
	};

	it.each(["vp8", "h264"] as const)(
		"lets %s through both ways when the certificates are the signed ones",
		async (codec) => {
			const [a, b] = pair(codec);
			const heard: string[] = [];
			a.gate.onChange((state) => heard.push(state));
			honest(a, b);
			honest(b, a);
			expect([a.gate.state, b.gate.state]).toEqual(["waiting", "waiting"]);
			await connect(a, b);
			await until(
				() => (a.decoded?.read().buffers ?? 0) > 10 && (b.decoded?.read().buffers ?? 0) > 10,
				"decoded frames",
			);
			expect([a.gate.state, b.gate.state]).toEqual(["open", "open"]);
			expect(heard).toEqual(["open"]);
			expect(a.gate.counters().sent.passed).toBeGreaterThan(10);
			expect(a.gate.counters().received.passed).toBeGreaterThan(10);
			expect([...a.blockedAtFirst, ...b.blockedAtFirst]).toEqual([true, true]);
			expect(a.decoded?.read()).toMatchObject({ width: 128, height: 96 });
		},
	);

	it("refuses a certificate that is not the signed one, for good", async () => {
		const [a, b] = pair();
		const heard: string[] = [];
		a.gate.onChange((state) => heard.push(state));
		a.gate.expect(wrong());
		a.gate.release();
		honest(b, a);
		await connect(a, b);
		await nothingPassed(a);
		expect(a.gate.state).toBe("refused");
		expect(heard).toEqual(["refused"]);
		a.gate.expect(b.gate.certificateSha256);
		a.gate.release();
		await nothingPassed(a);
		expect(a.gate.state).toBe("refused");
	});

	it("refuses a fingerprint that differs in one bit", async () => {
		const [a, b] = pair();
		const almost = Buffer.from(b.gate.certificateSha256);
		almost.writeUInt8(almost.readUInt8(31) ^ 1, 31);
		a.gate.expect(almost);
		a.gate.release();
		honest(b, a);
		await connect(a, b);
		await nothingPassed(a);
		expect(a.gate.state).toBe("refused");
	});

	it("stays closed without an expected fingerprint", async () => {
		const [a, b] = pair();
		a.gate.release();
		honest(b, a);
		await connect(a, b);
		await nothingPassed(a);
		expect(a.gate.state).toBe("waiting");
	});

	it("stays closed until it is released", async () => {
		const [a, b] = pair();
		a.gate.expect(b.gate.certificateSha256);
		honest(b, a);
		await connect(a, b);
		await nothingPassed(a);
		expect(a.gate.state).toBe("waiting");
		a.gate.release();
		expect(a.gate.state).toBe("open");
		await until(() => (a.decoded?.read().buffers ?? 0) > 10 && (b.decoded?.read().buffers ?? 0) > 10, "decoded frames");
	});

	it("asks for a key frame in each direction when it opens", async () => {
		// Nobody decodes, so nobody else asks; encoders make one key frame at the start.
		const [a, b] = [new Endpoint("vp8", { decode: false }), new Endpoint("vp8", { decode: false })];
		open.push(a, b);
		a.gate.expect(b.gate.certificateSha256);
		honest(b, a);
		await connect(a, b);
		await until(() => b.encoded.read().keyBuffers === 2, "b's key frame for its own opening");
		await nothingPassed(a);
		expect([a.encoded.read().keyBuffers, b.encoded.read().keyBuffers]).toEqual([1, 2]);
		a.gate.release();
		await until(() => a.encoded.read().keyBuffers > 1, "a key frame of a");
		await until(() => b.encoded.read().keyBuffers > 2, "a key frame of b");
	});

	it("decides when the fingerprint comes after the certificate", async () => {
		const [a, b] = pair();
		a.gate.release();
		b.gate.release();
		await connect(a, b);
		expect([a.gate.state, b.gate.state]).toEqual(["waiting", "waiting"]);
		a.gate.expect(b.gate.certificateSha256);
		b.gate.expect(wrong());
		expect([a.gate.state, b.gate.state]).toEqual(["open", "refused"]);
		await until(() => b.gate.counters().received.dropped > 5, "a's media dropped at b");
		expect(b.gate.counters()).toMatchObject({ sent: { passed: 0 }, received: { passed: 0 } });
	});

	it("closes again when a second fingerprint is expected", async () => {
		const [a, b] = pair();
		honest(a, b);
		honest(b, a);
		await connect(a, b);
		await until(() => a.gate.counters().received.passed > 5, "media");
		a.gate.expect(b.gate.certificateSha256);
		expect(a.gate.state).toBe("open");
		a.gate.expect(wrong());
		expect(a.gate.state).toBe("refused");
		// One buffer of each direction may have been past the check at that moment.
		await until(() => a.gate.counters().sent.dropped > 0 && a.gate.counters().received.dropped > 0, "closed");
		await nothingPasses(a);
	});

	it("holds data channels back until it is open", async () => {
		const [a, b] = pair();
		a.gate.expect(b.gate.certificateSha256);
		honest(b, a);
		await Promise.all([a.pipeline.setState("ready"), b.pipeline.setState("ready")]);
		const channel = a.webrtcbin.emit("create-data-channel", "test", null) as GstObject;
		await connect(a, b);
		await until(() => a.gate.counters().data.dropped > 1, "data packets dropped");
		expect(a.gate.counters().data.passed).toBe(0);
		expect(channel.get("ready-state")).not.toBe("open");
		a.gate.release();
		await until(() => channel.get("ready-state") === "open", "data channel open");
		channel.dispose();
	});

	it("presents a fresh P-256 certificate of its own in each call", async () => {
		const [a, b] = pair();
		honest(a, b);
		honest(b, a);
		await connect(a, b);
		const seen = new X509Certificate(b.part("dtlsdec")?.get("peer-pem") as string);
		expect(seen.fingerprint256.replaceAll(":", "").toLowerCase()).toBe(a.gate.certificateSha256.toString("hex"));
		expect(seen.publicKey.asymmetricKeyType).toBe("ec");
		expect(seen.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
		expect(seen.verify(seen.publicKey)).toBe(true);
		expect(Date.parse(seen.validFrom)).toBeLessThan(Date.now() - 3600_000);
		expect(Date.parse(seen.validTo)).toBeGreaterThan(Date.now() + 24 * 3600_000);
		const other = new X509Certificate(a.part("dtlsdec")?.get("peer-pem") as string);
		expect(other.subject).toMatch(/^CN=[0-9a-f]{32}$/);
		expect(other.subject).not.toBe(seen.subject);
		expect(other.serialNumber).not.toBe(seen.serialNumber);
	});
});

describe("the gate's face", () => {
	it("is on every webrtcbin, however it was made, and is one", async () => {
		const made = Element.make("webrtcbin");
		const pipeline = Pipeline.empty();
		pipeline.add(made);
		const inBin = pipeline.addDescription("webrtcbin name=inner", { ghostPads: false });
		for (const webrtcbin of [made, inBin.getElementByName("inner")!]) {
			expect(WebrtcGate.of(webrtcbin).state).toBe("waiting");
			expect(WebrtcGate.of(webrtcbin).certificateSha256).toEqual(WebrtcGate.of(webrtcbin).certificateSha256);
			expect(WebrtcGate.of(webrtcbin).certificateSha256).toHaveLength(32);
		}
		await pipeline.dispose();
	});

	it("is for a webrtcbin only, and takes 32 bytes", () => {
		const other = Element.make("identity");
		expect(() => WebrtcGate.of(other)).toThrow(expect.objectContaining({ code: "media.gst_argument" }));
		other.dispose();
		const webrtcbin = Element.make("webrtcbin");
		const gate = WebrtcGate.of(webrtcbin);
		for (const bad of [Buffer.alloc(31), Buffer.alloc(33), new Uint32Array(8), "00".repeat(32), null]) {
			expect(() => gate.expect(bad as Uint8Array)).toThrow(expect.objectContaining({ code: "media.gst_argument" }));
		}
		expect(gate.state).toBe("waiting");
		gate.dispose();
		webrtcbin.dispose();
	});

	it("tells a state that it has already", async () => {
		const webrtcbin = Element.make("webrtcbin");
		const gate = WebrtcGate.of(webrtcbin);
		gate.expect(Buffer.alloc(32, 1));
		gate.expect(Buffer.alloc(32, 2));
		expect(await new Promise((resolve) => gate.onChange(resolve))).toBe("refused");
		gate.dispose();
		webrtcbin.dispose();
	});
});
