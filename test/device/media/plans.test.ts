import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { amplification, meter, microphoneDescription, speakerDescription } from "../../../device/media/audio.ts";
import { captions } from "../../../device/media/captions.ts";
import {
	chooseDevice,
	type DeviceReport,
	describeDevice,
	type FoundDevice,
	quote,
} from "../../../device/media/devices.ts";
import { findDisplay } from "../../../device/media/display.ts";
import { encoderKinds, encodersFor, usableCodecs } from "../../../device/media/encoder.ts";
import type { TvScene } from "../../../device/media/MediaEngine.ts";
import { placements } from "../../../device/media/placements.ts";
import { defaultEngineOptions } from "../../../device/media/protocol.ts";
import { cameraChain, planSource, sourceFailure } from "../../../device/media/sources.ts";
import { WarningLimit } from "../../../device/media/WarningLimit.ts";

const everything = (): boolean => true;

/** As GStreamer 1.22's providers report a USB camera, its microphone, a monitor and a loudspeaker. */
const reports: Record<string, DeviceReport> = {
	camera: {
		typeName: "GstV4l2Device",
		displayName: "HD Pro Webcam C920",
		deviceClass: "Video/Source",
		caps: "video/x-raw, format=(string)YUY2, width=(int)1280, height=(int)720, framerate=(fraction){ 10/1, 5/1 }; image/jpeg, width=(int)1280, height=(int)720, framerate=(fraction){ 30/1, 15/1 }",
		properties: { "device.api": "v4l2", "device.path": "/dev/video0" },
	},
	microphone: {
		typeName: "GstPulseDevice",
		displayName: "C920 Analog Stereo",
		deviceClass: "Audio/Source",
		caps: null,
		properties: { "device.api": "alsa", "device.class": "sound", "node.name": "alsa_input.usb-C920" },
	},
	alsaMicrophone: {
		typeName: "GstAlsaDevice",
		displayName: "C920, USB Audio",
		deviceClass: "Audio/Source",
		caps: null,
		properties: { "device.api": "alsa", "alsa.card": 1, "alsa.device": 0 },
	},
	monitor: {
		typeName: "GstPulseDevice",
		displayName: "Monitor of Built-in Audio",
		deviceClass: "Audio/Source",
		caps: null,
		properties: { "device.class": "monitor", "node.name": "alsa_output.pci.monitor" },
	},
	speaker: {
		typeName: "GstPulseDevice",
		displayName: "Built-in Audio",
		deviceClass: "Audio/Sink",
		caps: null,
		properties: { "node.name": "alsa_output.pci", "is-default": true },
	},
};
const found = (...names: string[]): FoundDevice[] =>
	names.flatMap((name) => describeDevice(reports[name] as DeviceReport, everything) ?? []);

describe("devices", () => {
	it("knows cameras, microphones and speakers by their provider, and how to open them", () => {
		expect(
			found("camera", "microphone", "alsaMicrophone", "speaker").map(({ id, kind, element }) => [id, kind, element]),
		).toEqual([
			["v4l2:/dev/video0", "camera", 'v4l2src device="/dev/video0"'],
			["pulse:alsa_input.usb-C920", "microphone", 'pulsesrc device="alsa_input.usb-C920"'],
			["alsa:plughw:1,0", "microphone", 'alsasrc device="plughw:1,0"'],
			["pulse:alsa_output.pci", "speaker", 'pulsesink device="alsa_output.pci"'],
		]);
	});

	it("takes the monitor of a loudspeaker for no microphone: the far end would hear itself", () => {
		expect(found("monitor")).toEqual([]);
	});

	it("leaves out what this machine has no element for", () => {
		expect(describeDevice(reports["camera"] as DeviceReport, () => false)).toBeNull();
	});

	it("prefers a sound server to bare ALSA, the default among equals, and finds one by id", () => {
		const devices = found("alsaMicrophone", "microphone", "camera");
		expect(chooseDevice(devices, "microphone")?.api).toBe("pulse");
		expect(chooseDevice(devices, "microphone", "alsa:plughw:1,0")?.api).toBe("alsa");
		expect(chooseDevice(devices, "microphone", "alsa:plughw:7,0")).toBeNull();
		expect(chooseDevice(devices, "speaker")).toBeNull();
	});

	it("keeps quotes and backslashes of a device's name inside the description", () => {
		expect(quote('a"b\\c')).toBe('"a\\"b\\\\c"');
	});
});

describe("sources", () => {
	const options = defaultEngineOptions;

	it("falls back to a test picture and a tone only where there is no device", () => {
		expect(planSource("camera", options, [])?.device.api).toBe("synthetic");
		expect(planSource("microphone", options, [])?.device.api).toBe("synthetic");
		expect(planSource("camera", options, found("camera"))?.device.api).toBe("v4l2");
	});

	it("opens a named device or nothing: never another one in its place", () => {
		const named = { ...options, camera: "device:v4l2:/dev/video7" };
		expect(planSource("camera", named, found("camera"))).toBeNull();
		expect(planSource("camera", { ...options, camera: "device:v4l2:/dev/video0" }, found("camera"))?.device.id).toBe(
			"v4l2:/dev/video0",
		);
		expect(planSource("camera", { ...options, camera: "none" }, found("camera"))).toBeNull();
	});

	it("refuses test pictures and tones that do not exist", () => {
		expect(planSource("camera", { ...options, camera: "synthetic:elephant" }, [])).toBeNull();
		expect(planSource("microphone", { ...options, microphone: "synthetic:tone:1" }, [])).toBeNull();
		expect(planSource("microphone", { ...options, microphone: "synthetic:tone:600" }, [])?.description).toContain(
			"freq=600",
		);
	});

	it("asks a USB 2 camera for its JPEG where raw 720p30 does not fit the cable", () => {
		const chain = cameraChain((reports["camera"] as DeviceReport).caps, options.picture);
		expect(chain).toContain("image/jpeg,width=1280,height=720,framerate=30/1 ! jpegdec");
	});

	it("takes raw pictures where the camera has them at that size and rate, and scales what else it gives", () => {
		const raw =
			"video/x-raw, format=(string)NV12, width=(int)[ 16, 1920 ], height=(int)[ 16, 1080 ], framerate=(fraction)[ 0/1, 60/1 ]";
		expect(cameraChain(raw, options.picture)).toContain("video/x-raw,width=1280,height=720,framerate=30/1");
		expect(
			cameraChain("video/x-raw, width=(int)640, height=(int)480, framerate=(fraction)30/1", options.picture),
		).toContain("videoscale");
		expect(cameraChain(null, options.picture)).toContain("videoscale");
	});

	it("processes room sound (echo, noise, gain) and mutes behind it; a test tone is left alone", () => {
		const real = planSource("microphone", options, found("microphone"));
		const tone = planSource("microphone", options, []);
		if (!real || !tone) throw new Error("no plan");
		const described = microphoneDescription(real, { muted: true, speaker: true });
		expect(described).toMatch(
			/webrtcdsp.*echo-cancel=true probe=speaker-probe.*noise-suppression=true.*gain-control=true.*valve name=valve drop=true/,
		);
		expect(microphoneDescription(real, { muted: false, speaker: false })).toContain("echo-cancel=false");
		expect(microphoneDescription(tone, { muted: false, speaker: true })).not.toContain("webrtcdsp");
		expect(speakerDescription(found("speaker")[0] as FoundDevice)).toContain("webrtcechoprobe name=speaker-probe");
	});

	it("tells busy, denied and absent apart by what GStreamer says", () => {
		const domain = "gst-resource-error-quark";
		expect(sourceFailure({ errorDomain: domain, errorCode: 4 })).toBe("busy");
		expect(sourceFailure({ errorDomain: domain, errorCode: 15 })).toBe("denied");
		expect(sourceFailure({ errorDomain: domain, errorCode: 7, debugInfo: "system error: Permission denied" })).toBe(
			"denied",
		);
		expect(sourceFailure({ errorDomain: domain, errorCode: 5, debugInfo: "Device or resource busy" })).toBe("busy");
		expect(sourceFailure({ errorDomain: domain, errorCode: 3 })).toBe("absent");
	});
});

describe("encoders", () => {
	it("prefers hardware, then openh264, and never names a GPL encoder", () => {
		const registered = new Set(["v4l2h264enc", "openh264enc", "x264enc", "vp8enc"]);
		const names = encodersFor("h264", (name) => registered.has(name)).map(({ element }) => element);
		expect(names).toEqual(["v4l2h264enc", "openh264enc"]);
		expect(encoderKinds.some(({ element }) => element.startsWith("x264"))).toBe(false);
	});

	it("does not try again what failed in this process", () => {
		expect(encodersFor("h264", everything, new Set(["vah264enc"])).map(({ element }) => element)).not.toContain(
			"vah264enc",
		);
	});

	it("offers H.264 first, and only what can be both encoded and decoded", () => {
		expect(usableCodecs(everything)).toEqual(["h264", "vp8"]);
		expect(usableCodecs((name) => name !== "openh264dec")).toEqual(["vp8"]);
	});
});

describe("the TV", () => {
	const size = { width: 1280, height: 720 };
	const scene = (changes: Partial<TvScene>): TvScene => ({
		layout: "call",
		name: "",
		status: "",
		locked: false,
		selfView: true,
		...changes,
	});

	it("shows the far end full and ourselves small in its corner", () => {
		const { far, self } = placements(scene({}), size);
		expect(far).toMatchObject({ xpos: 0, ypos: 0, width: 1280, height: 720 });
		expect(self).toMatchObject({ width: 256, height: 144 });
		expect((self?.xpos ?? 0) + 256).toBeLessThan(1280);
		expect(placements(scene({ selfView: false }), size).self).toBeNull();
	});

	it("shows no far end outside a call, and nobody at rest", () => {
		for (const layout of ["resting", "joining", "alone"] as const)
			expect(placements(scene({ layout }), size).far).toBeNull();
		expect(placements(scene({ layout: "resting" }), size).self).toBeNull();
	});

	it("shows no edge where there is no picture of ourselves", () => {
		expect(placements(scene({}), size, true)).toMatchObject({ framed: true });
		expect(placements(scene({}), size, false)).toMatchObject({ framed: false, self: null });
		expect(placements(scene({ layout: "alone" }), size, false)).toMatchObject({ scrim: false, self: null });
	});

	it("has clock, date in the room's language and name at rest; a status and a lock's room only over a picture", () => {
		const now = new Date(2026, 10, 23, 12);
		const german = captions(scene({ layout: "resting", name: "Berlin", status: "x", locale: "de" }), 720, now);
		expect(german.clock).toMatchObject({ halignment: "center", text: "" });
		expect(german.line["text"]).toContain("Montag, 23. November");
		expect(german.name["text"]).toContain("Berlin");
		expect(captions(scene({ layout: "resting" }), 720, now).line["text"]).toContain("Monday");
		const call = captions(scene({ name: "Berlin", status: "Encrypted" }), 720, now);
		expect(call.name).toMatchObject({ silent: true });
		expect(call.line["text"]).toContain("Encrypted");
		expect(captions(scene({ status: "" }), 720, now).line).toMatchObject({ silent: true });
	});

	it("gives the calm colour to a far end that is verified, and to no other", () => {
		const status = (changes: Partial<TvScene>): string =>
			String(captions(scene({ status: "x", ...changes }), 720, new Date(0)).line["text"]);
		expect(status({ locked: true, verified: true })).toContain("#7adcb9");
		expect(status({ locked: true })).toContain("#f3b54a");
		expect(status({ verified: true })).not.toContain("#7adcb9");
	});

	it("keep the clock's format, fonts and all, within what its element takes", () => {
		for (const [layout, name] of [
			["resting", "Berlin"],
			["call", "x".repeat(80)],
		] as const) {
			const { clock } = captions(scene({ layout, name, status: "x" }), 4320, new Date(0));
			expect(Buffer.byteLength(clock["time-format"] ?? "")).toBeLessThan(256);
		}
	});

	it("takes a far end's name as text: no markup, no control characters, no reordering, not endless", () => {
		const { clock } = captions(scene({ name: `<i>&\u202e\u0007${"x".repeat(500)}`, status: "" }), 720, new Date(0));
		const text = String(clock["text"]);
		expect(text).toContain("&lt;i&gt;&amp;");
		for (const control of ["\u202e", "\u0007"]) expect(text).not.toContain(control);
		expect(text.length).toBeLessThan(200);
	});

	it("logs the same warning once in a while, and how many it stands for", () => {
		const limit = new WarningLimit(1_000);
		expect(limit.take("media.warning", "jpegenc0", 0)).toEqual({
			code: "media.warning",
			element: "jpegenc0",
			repeated: 0,
		});
		for (let at = 1; at < 1_000; at += 10) expect(limit.take("media.warning", "jpegenc1", at)).toBeNull();
		expect(limit.take("media.warning", "tv-mixer", 5)).toMatchObject({ repeated: 0 });
		expect(limit.take("media.warning", "jpegenc2", 1_000)).toMatchObject({ repeated: 100 });
	});

	it("reads a level as a meter and a volume as loudness", () => {
		expect(meter([-60, -30])).toBe(0.5);
		expect(meter([Number.NEGATIVE_INFINITY])).toBe(0);
		expect(meter([3])).toBe(1);
		expect(meter(undefined)).toBe(0);
		expect(amplification(0)).toBe(0);
		expect(amplification(100)).toBe(1);
		expect(amplification(50)).toBe(0.125);
	});

	describe("display", () => {
		let folder = "";
		afterEach(() => rmSync(folder, { recursive: true, force: true }));

		it("is a connected output of a graphics card, a Wayland session first, and nothing where there is neither", () => {
			folder = mkdtempSync(join(tmpdir(), "incamera-drm-"));
			const drm = join(folder, "drm");
			mkdirSync(join(drm, "card0-HDMI-A-1"), { recursive: true });
			writeFileSync(join(drm, "card0-HDMI-A-1", "status"), "disconnected\n");
			expect(findDisplay({}, everything, drm)).toBeNull();
			writeFileSync(join(drm, "card0-HDMI-A-1", "status"), "connected\n");
			expect(findDisplay({}, everything, drm)?.sink).toContain("kmssink");
			const session = { XDG_RUNTIME_DIR: folder, WAYLAND_DISPLAY: "wayland-1" };
			// a card that a compositor has is not ours, even while the compositor is gone
			expect(findDisplay(session, everything, drm)).toBeNull();
			writeFileSync(join(folder, "wayland-1"), "");
			expect(findDisplay(session, everything, drm)?.sink).toContain("waylandsink");
			const byPath = { WAYLAND_DISPLAY: join(folder, "wayland-1") };
			expect(findDisplay(byPath, everything, drm)).toEqual(findDisplay(session, everything, drm));
			expect(findDisplay({ WAYLAND_DISPLAY: "wayland-1" }, everything, drm)).toBeNull();
			expect(findDisplay(session, (name) => name !== "waylandsink", drm)).toBeNull();
			expect(findDisplay({}, everything, join(folder, "none"))).toBeNull();
		});
	});
});
