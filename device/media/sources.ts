import { fileURLToPath } from "node:url";
import { chooseDevice, type FoundDevice, quote } from "./devices.ts";
import type { MediaDevice, SourceKind } from "./MediaEngine.ts";
import { markup } from "./markup.ts";
import type { EngineOptions } from "./protocol.ts";
import { VirtualCamera } from "./VirtualCamera.ts";

/** A source that was chosen: how to open it, and what the panel says of it. */
export interface SourcePlan {
	device: MediaDevice;
	/** Launch description with one unlinked source pad: raw I420 of about the wanted size, or mono S16LE at 48 kHz. */
	description: string;
	/** A file runs in a pipeline of its own, because its time starts at zero and it is played in a loop. */
	feeder: string | null;
	/** The description is an appsrc that a `TimecodeCamera` fills. */
	timecode?: boolean;
	/** The description is one of a `VirtualCamera` with this folder. */
	virtual?: string;
	/** Whether room sound reaches it: then it is processed (echo, noise, gain). */
	acoustic: boolean;
}

const caps48k = "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved";
const videoCaps = ({ width, height, fps }: EngineOptions["picture"]): string =>
	`video/x-raw,format=I420,width=${width},height=${height},framerate=${fps}/1`;

/**
 * Test pictures. A room without a camera shows none of these but `clock` (see `roomPicture`), a drawn meeting room.
 * `ball` moves with the wall clock (one sweep a second), so that a bench can read the time out of a decoded picture. `timecode`
 * (not of these) bears the moment itself. The rest are flat colours and bars that a test recognises after decoding.
 */
export const syntheticCameras: Record<string, string> = {
	ball: "pattern=ball animation-mode=wall-time motion=hsweep",
	bars: "pattern=smpte75",
	noise: "pattern=smpte",
	red: "pattern=red",
	green: "pattern=green",
	blue: "pattern=blue",
};

/** Test sounds by name; the number is the frequency in hertz. `tone:<hertz>` gives any other. */
export const syntheticMicrophones: Record<string, number> = { tone: 440, low: 220, high: 880 };

/** Chooses what a source setting means now; null when there is no such source (the state is then `absent`). */
export function planSource(
	kind: SourceKind,
	options: EngineOptions,
	devices: readonly FoundDevice[],
): SourcePlan | null {
	const wanted = options[kind];
	if (wanted === "none") return null;
	const colon = wanted.indexOf(":");
	const scheme = colon < 0 ? wanted : wanted.slice(0, colon);
	const rest = colon < 0 ? "" : wanted.slice(colon + 1);
	if (scheme === "synthetic") return synthetic(kind, options, rest);
	if (scheme === "file") return file(kind, options, rest);
	if (scheme === "virtual") return kind === "camera" ? virtual(options, rest) : null;
	const device = chooseDevice(devices, kind, scheme === "device" ? rest : null);
	if (device) return real(kind, options, device);
	return scheme === "auto" ? synthetic(kind, options, "") : null;
}

function real(kind: SourceKind, options: EngineOptions, device: FoundDevice): SourcePlan {
	const { id, label, api } = device;
	const open = device.element.replace(/^(\S+)/, `$1 name=${kind}-device`);
	const description =
		kind === "camera"
			? `${open} ${cameraChain(device.caps, options.picture)}`
			: `${open} ! audioconvert ! audioresample ! ${caps48k}`;
	return { device: { id, label, kind, api }, description, feeder: null, acoustic: kind === "microphone" };
}

function synthetic(kind: SourceKind, options: EngineOptions, pattern: string): SourcePlan | null {
	const name = pattern || (kind === "camera" ? "clock" : "tone");
	const device: MediaDevice = { id: `synthetic:${name}`, label: "", kind, api: "synthetic" };
	if (kind === "microphone") {
		const hertz = syntheticMicrophones[name] ?? Number(/^tone:(\d{2,5})$/.exec(name)?.[1] ?? Number.NaN);
		if (!(hertz >= 20 && hertz <= 20_000)) return null;
		// 20 ms a buffer, the length of an Opus frame: no thread wakes more often than needed.
		const description = `audiotestsrc name=microphone-device is-live=true wave=sine freq=${hertz} volume=0.05 samplesperbuffer=960 ! ${caps48k}`;
		return { device, description, feeder: null, acoustic: false };
	}
	if (name === "timecode") {
		const description =
			"appsrc name=camera-device is-live=true do-timestamp=true format=time max-buffers=2 leaky-type=downstream " +
			`caps=${quote(`${videoCaps(options.picture)},pixel-aspect-ratio=1/1,interlace-mode=progressive`)}`;
		return { device, description, feeder: null, acoustic: false, timecode: true };
	}
	if (name === "clock") return { device, description: roomPicture(options), feeder: null, acoustic: false };
	const drawn = syntheticCameras[name];
	if (drawn === undefined) return null;
	const description = `videotestsrc name=camera-device is-live=true ${drawn} ! ${videoCaps(options.picture)}`;
	return { device, description, feeder: null, acoustic: false };
}

function virtual({ picture }: EngineOptions, folder: string): SourcePlan {
	const device: MediaDevice = { id: "virtual", label: "", kind: "camera", api: "synthetic" };
	const description = VirtualCamera.description(folder, picture);
	return { device, description, feeder: null, acoustic: false, virtual: folder };
}

/**
 * A drawn meeting room whose screen bears the room's name and a clock with seconds, so that a still room is not taken for a frozen one.
 * The picture is decoded once; a frame costs a copy and the few pixels of the text.
 */
function roomPicture({ picture, roomName }: EngineOptions): string {
	const { width, height } = picture;
	const size = (px: number): string => `font_desc="Inter Light ${Math.round((px * height) / 720)}px"`;
	// clockoverlay puts a space between text and time; the name's line ends before it, and the space is too small to move the time aside.
	const name = `<span foreground="#b3bac5" ${size(34)}>${markup(roomName, 24)}</span>\n<span size="1">`;
	const time = `</span><span foreground="#f5f1e8" font_features="tnum" ${size(78)}>%H:%M:%S</span>`;
	return (
		`filesrc name=camera-device location=${quote(asset("room.png"))} ! pngdec ! videoconvert ! videoscale ! ` +
		`video/x-raw,format=I420,width=${width},height=${height} ! imagefreeze is-live=true ! ${videoCaps(picture)} ! ` +
		`clockoverlay text=${quote(name)} time-format=${quote(time)} halignment=center valignment=top line-alignment=center ` +
		`ypad=${Math.round((164 * height) / 720)} auto-resize=false draw-shadow=false draw-outline=false`
	);
}

function asset(name: string): string {
	return fileURLToPath(new URL(`./assets/${name}`, import.meta.url));
}

function file(kind: SourceKind, options: EngineOptions, path: string): SourcePlan {
	const device: MediaDevice = { id: "file", label: "", kind, api: "file" };
	const read = `filesrc location=${quote(path)} ! decodebin`;
	if (kind === "microphone") {
		return {
			device,
			description: `interaudiosrc name=microphone-device channel=microphone do-timestamp=true ! audioconvert ! audioresample ! ${caps48k}`,
			feeder: `${read} ! audioconvert ! audioresample ! ${caps48k} ! interaudiosink channel=microphone sync=true`,
			acoustic: false,
		};
	}
	const shape = `videoconvert ! videoscale ! ${videoCaps(options.picture).replace(/,framerate=.*$/, "")}`;
	if (/\.(png|jpe?g)$/i.test(path)) {
		// Not decodebin: its pad comes late, and a bin takes the converter's open sink pad for its own until then.
		const decoder = /\.png$/i.test(path) ? "pngdec" : "jpegdec";
		const description = `filesrc name=camera-device location=${quote(path)} ! ${decoder} ! ${shape} ! imagefreeze is-live=true ! ${videoCaps(options.picture)}`;
		return { device, description, feeder: null, acoustic: false };
	}
	return {
		device,
		description: `intervideosrc name=camera-device channel=camera ! ${shape},framerate=${options.picture.fps}/1`,
		feeder: `${read} ! ${shape} ! videorate ! ${videoCaps(options.picture)} ! intervideosink channel=camera sync=true`,
		acoustic: false,
	};
}

/**
 * From what a camera offers to I420, with the least work: a raw mode of the wanted size and rate; else the camera's JPEG of that
 * size (USB 2 has no room for raw 720p30); else whatever it gives, scaled.
 * @param caps The camera's caps as GStreamer prints them.
 */
export function cameraChain(caps: string | null, { width, height, fps }: EngineOptions["picture"]): string {
	const exact = `width=${width},height=${height},framerate=${fps}/1`;
	const modes = caps === null ? [] : caps.split(";").map((mode) => mode.trim());
	const offers = (media: string): boolean =>
		modes.some(
			(mode) =>
				mode.startsWith(media) && holds(mode, "width", width) && holds(mode, "height", height) && offersRate(mode, fps),
		);
	const toI420 = "! videoconvert ! video/x-raw,format=I420";
	if (offers("video/x-raw")) return `! video/x-raw,${exact} ${toI420}`;
	if (offers("image/jpeg")) return `! image/jpeg,${exact} ! jpegdec ${toI420}`;
	if (modes.some((mode) => mode.startsWith("image/jpeg")) && !modes.some((mode) => mode.startsWith("video/x-raw"))) {
		return `! image/jpeg ! jpegdec ! videoconvert ! videoscale ! video/x-raw,format=I420,width=${width},height=${height}`;
	}
	return `! videoconvert ! videoscale ! video/x-raw,format=I420,width=${width},height=${height}`;
}

/** Whether a caps structure's integer field holds a value: one number, a list in braces or a range in brackets. */
function holds(mode: string, field: string, value: number): boolean {
	const text = fieldText(mode, field);
	if (text === null) return true;
	const range = /^\[\s*(\d+),\s*(\d+)/.exec(text);
	if (range) return value >= Number(range[1]) && value <= Number(range[2]);
	return (text.match(/\d+/g) ?? []).some((number) => Number(number) === value);
}

function offersRate(mode: string, fps: number): boolean {
	const text = fieldText(mode, "framerate");
	if (text === null) return true;
	const rates = [...text.matchAll(/(\d+)\/(\d+)/g)].map(([, a, b]) => Number(a) / Number(b));
	return text.startsWith("[")
		? (rates[0] ?? 0) <= fps && (rates[1] ?? 0) >= fps
		: rates.some((rate) => Math.abs(rate - fps) < 0.01);
}

function fieldText(mode: string, field: string): string | null {
	const match = new RegExp(`\\b${field}=(?:\\([a-z]+\\))?\\s*(\\{[^}]*\\}|\\[[^\\]]*\\]|[^,;]+)`).exec(mode);
	return match?.[1]?.trim() ?? null;
}

/** Why a source did not open, from the bus message of its element. */
export function sourceFailure(message: {
	errorDomain?: string;
	errorCode?: number;
	debugInfo?: string;
	errorMessage?: string;
}): "busy" | "denied" | "absent" {
	const words = `${message.errorMessage ?? ""} ${message.debugInfo ?? ""}`;
	if (message.errorDomain === "gst-resource-error-quark") {
		if (message.errorCode === 15) return "denied";
		if (message.errorCode === 4) return "busy";
	}
	if (/permission denied|not authori[sz]ed|access denied|EACCES|operation not permitted/i.test(words)) return "denied";
	if (/\bbusy\b|EBUSY|in use/i.test(words)) return "busy";
	return "absent";
}
