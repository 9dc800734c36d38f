import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FoundDevice } from "../../../device/media/devices.ts";
import { type EncoderKind, encoderKinds } from "../../../device/media/encoder.ts";
import { Bin, type Element, type Pad, Pipeline } from "../../../device/media/gst/index.ts";
import { Hub } from "../../../device/media/Hub.ts";
import type { NegotiatedMedia } from "../../../device/media/negotiation.ts";
import { PeerSender } from "../../../device/media/PeerSender.ts";
import { defaultEngineOptions } from "../../../device/media/protocol.ts";
import { SourceSlot } from "../../../device/media/SourceSlot.ts";
import { Speaker } from "../../../device/media/Speaker.ts";
import { until } from "./engines.ts";
import { makeNative } from "./native/built.ts";

beforeAll(() => makeNative(), 300_000);

let pipeline: Pipeline;
let hubs: { camera: Hub; microphone: Hub };

/** A pipeline with both hubs, the camera's going to a counted sink. */
async function build(extra = ""): Promise<void> {
	pipeline = new Pipeline(`${Hub.description("camera")} ${Hub.description("microphone")} ${extra}`);
	hubs = { camera: new Hub(pipeline, "camera"), microphone: new Hub(pipeline, "microphone") };
	await pipeline.play(0);
}
afterEach(() => pipeline.dispose());

describe("a source slot", { timeout: 30_000 }, () => {
	const camera = (id: string, element = "videotestsrc is-live=true"): FoundDevice => ({
		id,
		label: `Camera ${id}`,
		kind: "camera",
		api: "v4l2",
		element,
		caps: null,
		isDefault: false,
	});
	let devices: FoundDevice[];
	let slot: SourceSlot;
	let warnings: string[];

	beforeEach(async () => {
		await build();
		devices = [];
		warnings = [];
		slot = new SourceSlot("camera", {
			pipeline,
			hub: hubs.camera,
			options: defaultEngineOptions,
			devices: () => devices,
			speaker: () => false,
			onChange: () => undefined,
			onWarning: (code) => warnings.push(code),
		});
		pipeline.onMessage((message) => slot.handleError(message), ["error"]);
	});

	it("takes the next camera when the one in use is unplugged, then none, then the first again", async () => {
		devices = [camera("a"), camera("b")];
		await slot.setOpen(true);
		expect(slot.status).toMatchObject({ state: "open", device: "Camera a" });
		devices = [camera("b")];
		await slot.devicesChanged();
		expect(slot.status).toMatchObject({ state: "open", device: "Camera b" });
		devices = [];
		await slot.devicesChanged();
		// A test picture in the middle of a meeting would be a riddle: its absence is told.
		expect(slot.status).toMatchObject({ state: "absent", device: null });
		devices = [camera("a")];
		await slot.devicesChanged();
		expect(slot.status).toMatchObject({ state: "open", device: "Camera a" });
	});

	it("makes do with a test picture until the first camera is plugged in", async () => {
		await slot.setOpen(true);
		expect(slot.status).toMatchObject({ state: "open", device: null });
		devices = [camera("a")];
		await slot.devicesChanged();
		expect(slot.status).toMatchObject({ state: "open", device: "Camera a" });
	});

	it("goes on with another camera when one cannot be opened, and says why when none can", async () => {
		devices = [camera("a", "filesrc location=/nonexistent/incamera")];
		await slot.setOpen(true);
		expect(slot.status).toMatchObject({ state: "absent", flowing: false });
		expect(warnings).toContain("media.camera_absent");
		devices = [camera("a", "filesrc location=/nonexistent/incamera"), camera("b")];
		await slot.devicesChanged();
		expect(slot.status).toMatchObject({ state: "open", device: "Camera b" });
	});

	it("is opened when it is switched on again, if what held it is gone", async () => {
		devices = [camera("a", "filesrc location=/nonexistent/incamera")];
		await slot.setOpen(true);
		expect(slot.status).toMatchObject({ state: "absent" });
		// no event tells of it
		devices = [camera("a")];
		await slot.setMuted(true);
		await slot.setMuted(false);
		expect(slot.status).toMatchObject({ state: "open", device: "Camera a" });
	});

	it("takes a camera that fell silent for gone, without the hub's users having noticed an end", async () => {
		devices = [camera("a", "videotestsrc is-live=true num-buffers=3"), camera("b")];
		const user = Bin.parse("fakesink async=false sync=false");
		hubs.camera.addUser(user);
		const counter = (user.pad("sink") as Pad).count();
		await slot.setOpen(true);
		await until(() => counter.read().buffers >= 3);
		const ended: string[] = [];
		pipeline.onMessage(({ srcElementName }) => ended.push(String(srcElementName)), ["eos"]);
		slot.measure(performance.now());
		slot.measure(performance.now() + 10_000);
		await until(() => slot.status.device === "Camera b" && counter.read().buffers > 10);
		expect(ended).toEqual([]);
	});

	it("closes what was asked to close while it was still opening", async () => {
		devices = [camera("a")];
		await Promise.all([slot.setOpen(true), slot.setOpen(false)]);
		expect(slot.running).toBe(false);
		expect(slot.status.state).toBe("closed");
	});

	it("releases a camera that is off, and tells flowing by buffers, not by what was asked for", async () => {
		devices = [camera("a")];
		await slot.setOpen(true);
		expect(slot.status.flowing).toBe(false);
		await until(() => {
			slot.measure(performance.now());
			return slot.status.flowing;
		});
		await slot.setMuted(true);
		expect(slot.running).toBe(false);
		slot.measure(performance.now() + 600);
		expect(slot.status).toMatchObject({ state: "off", flowing: false });
	});
});

describe("a loudspeaker", { timeout: 30_000 }, () => {
	const device = (kind: FoundDevice["kind"], id: string, element = "fakesink"): FoundDevice => ({
		id,
		label: id,
		kind,
		api: "alsa",
		element,
		caps: null,
		isDefault: false,
	});
	const [good, other] = [device("speaker", "good"), device("speaker", "other")];
	const bad = device("speaker", "bad", "filesink location=/nonexistent/incamera");
	let devices: FoundDevice[] | null;
	let warnings: string[];

	async function speaker(setting: string): Promise<Speaker> {
		await build(Hub.description("far"));
		devices = null;
		warnings = [];
		const onWarning = (code: string) => void warnings.push(code);
		return new Speaker(pipeline, new Hub(pipeline, "far"), { setting, devices: () => devices, onWarning });
	}

	it("is missing where devices are and none of them is one, and not on a machine that never had any", async () => {
		const made = await speaker("auto");
		const missing = (now: FoundDevice[] | null): boolean => {
			devices = now;
			return made.missing;
		};
		expect([missing(null), missing([])]).toEqual([false, false]);
		expect(missing([device("camera", "camera")])).toBe(true);
		expect(missing([device("camera", "camera"), good])).toBe(false);
		expect([missing([good]), missing([])]).toEqual([false, true]);
	});

	it("that is named is missing until it is there, and one that is not wanted never is", async () => {
		const named = await speaker("device:good");
		expect(named.missing).toBe(false);
		devices = [other];
		expect(named.missing).toBe(true);
		devices = [other, good];
		expect(named.missing).toBe(false);
		await pipeline.dispose();
		const unwanted = await speaker("none");
		devices = [device("camera", "camera")];
		expect(unwanted.missing).toBe(false);
	});

	it("is missing when it can't be opened, fails or is unplugged, until one opens", async () => {
		const made = await speaker("auto");
		devices = [bad];
		await made.open();
		expect([made.playing, made.missing, warnings]).toEqual([false, true, ["media.speaker_failed"]]);
		devices = [good];
		await made.devicesChanged();
		await made.open();
		expect([made.playing, made.missing]).toEqual([true, false]);
		await made.fail();
		expect([made.playing, made.missing]).toEqual([false, true]);
		await made.open();
		expect([made.playing, made.missing]).toEqual([true, false]);
		devices = [];
		await made.devicesChanged();
		expect([made.playing, made.missing]).toEqual([false, true]);
	});
});

describe("a peer's sender", { timeout: 30_000 }, () => {
	const media: NegotiatedMedia = {
		mline: 1,
		kind: "video",
		codec: "h264",
		payloadType: 96,
		profileLevelId: null,
		transportCcId: null,
	};
	let sink: Pad;
	let source: Element;
	const target = { width: 640, height: 360, fps: 30, bitrate: 900_000 };

	beforeEach(async () => {
		await build("fakesink name=wire async=false sync=false");
		const wire = pipeline.getElementByName("wire") as Element;
		sink = wire.pad("sink") as Pad;
		// Moving rings, so that the encoder has to spend what it is given.
		const bin = pipeline.addDescription(
			"videotestsrc name=source is-live=true pattern=zone-plate kx2=20 ky2=20 kt=2 ! capsfilter caps=video/x-raw,format=I420,width=640,height=360,framerate=30/1",
		);
		source = bin;
		hubs.camera.linkSource(bin.pad("src") as Pad);
	});

	it("encodes nothing before it is opened, starts with a key frame, and follows the rate control while it runs", async () => {
		const sender = new PeerSender(pipeline, hubs, target);
		sender.add(media, sink, 1234);
		const wire = sink.count();
		source.syncStateWithParent();
		const other = Bin.parse("fakesink async=false sync=false");
		hubs.camera.addUser(other);
		const passed = (other.pad("sink") as Pad).count();
		await until(() => passed.read().buffers > 5);
		expect(sender.stats().frames).toBe(0);
		expect(wire.read().buffers).toBe(0);

		sender.open();
		await until(() => sender.stats().frames > 0);
		expect(sender.stats().keyFrames).toBeGreaterThan(0);
		/** Mean size of the next frames, bytes. */
		const perFrame = async (frames: number): Promise<number> => {
			const before = sender.stats();
			await until(() => sender.stats().frames >= before.frames + frames);
			const after = sender.stats();
			return (after.bytes - before.bytes) / (after.frames - before.frames);
		};
		await perFrame(10);
		const much = await perFrame(20);
		sender.apply({ ...target, bitrate: 200_000 });
		await perFrame(20);
		// openh264's bit rate really changes while it plays.
		expect(await perFrame(20)).toBeLessThan(much * 0.6);

		sender.apply({ width: 320, height: 180, fps: 15, bitrate: 200_000 });
		const encoder = pipeline.elements({ recursive: true }).find((element) => sender.owns(element.name));
		await until(() => {
			const caps = encoder?.pad("src")?.caps() ?? "";
			return (
				caps.includes("width=(int)320") && caps.includes("height=(int)180") && caps.includes("framerate=(fraction)15/1")
			);
		});
		await sender.dispose();
	});

	it("takes the next encoder when the first gives up, and the stream goes on", async () => {
		const good = encoderKinds.find(({ element }) => element === "openh264enc") as EncoderKind;
		const failing: EncoderKind = {
			...good,
			element: "failingenc",
			bitrateProperty: null,
			description: (bitrate, picture) =>
				`identity name=encoder error-after=5 ! ${good.description(bitrate, picture).replace("name=encoder ", "")}`,
		};
		const sender = new PeerSender(pipeline, hubs, target, () => [failing, good]);
		const replaced: boolean[] = [];
		pipeline.onMessage(
			({ srcElementName }) => {
				if (sender.owns(String(srcElementName))) void sender.replaceEncoder().then((done) => replaced.push(done));
			},
			["error"],
		);
		sender.add(media, sink, 1234);
		sender.open();
		const wire = sink.count();
		source.syncStateWithParent();
		await until(() => replaced.length === 1);
		expect(replaced).toEqual([true]);
		expect(sender.stats().encoder).toBe("openh264enc");
		const before = wire.read().buffers;
		await until(() => wire.read().buffers > before + 10);
		await sender.dispose();
	});
});
