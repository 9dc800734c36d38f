import { type Device, DeviceMonitor } from "./gst/index.ts";
import type { MediaDevice } from "./MediaEngine.ts";

/** A device with what a launch description needs to open it. */
export interface FoundDevice extends MediaDevice {
	/** Opens it: an element with its properties. */
	element: string;
	/** What it can deliver, GStreamer caps; null where it does not tell. */
	caps: string | null;
	/** The system's own first choice. */
	isDefault: boolean;
}

/** What a provider told about a device, without its GObject, so that the choice can be tested on recorded devices. */
export interface DeviceReport {
	typeName: string;
	displayName: string;
	deviceClass: string;
	caps: string | null;
	properties: Readonly<Record<string, unknown>>;
}

/**
 * Sound servers before bare ALSA: they follow the room's default device and share it. V4L2 before PipeWire: one process less
 * between the camera and the encoder.
 */
const preference: Record<"camera" | "microphone" | "speaker" | "display", readonly MediaDevice["api"][]> = {
	camera: ["v4l2", "pipewire"],
	microphone: ["pipewire", "pulse", "alsa"],
	speaker: ["pipewire", "pulse", "alsa"],
	display: [],
};

/**
 * Follows plugging and unplugging. The system is asked at the start and when a device has come or gone, never in between: of a provider
 * that could not start (PulseAudio's without a server) GstDeviceMonitor asks anew each time, and each of these connections leaves
 * pipes and shared memory behind.
 */
export class DeviceWatch {
	readonly #monitor: DeviceMonitor;
	readonly #exists: (factory: string) => boolean;
	#found: FoundDevice[] | null = null;
	#known = false;
	#disposed = false;

	constructor(exists: (factory: string) => boolean, onChange: () => void) {
		this.#exists = exists;
		const changed = (): void => {
			if (this.#disposed) return;
			this.#found = null;
			onChange();
		};
		this.#monitor = new DeviceMonitor(
			[{ classes: "Video/Source" }, { classes: "Audio/Source" }, { classes: "Audio/Sink" }],
			(_event, device) => {
				device.dispose();
				changed();
			},
		);
		// before that there are none
		void this.#monitor.start().then(() => {
			this.#known = true;
			changed();
		});
	}

	/** Whether the system was asked: before, that a device is not in the list says nothing. */
	get known(): boolean {
		return this.#known;
	}

	list(): FoundDevice[] {
		this.#found ??= this.#monitor.devices().flatMap((device) => {
			const found = describeDevice(reportOf(device), this.#exists);
			device.dispose();
			return found ? [found] : [];
		});
		return [...this.#found];
	}

	dispose(): void {
		this.#disposed = true;
		this.#monitor.dispose();
	}
}

function reportOf({ typeName, displayName, deviceClass, caps, properties }: Device): DeviceReport {
	return { typeName, displayName, deviceClass, caps, properties };
}

/** A device as the engine uses it; null for what is no microphone, camera or speaker (monitors of speakers, metadata nodes) or can't be opened. */
export function describeDevice(report: DeviceReport, exists: (factory: string) => boolean): FoundDevice | null {
	const kind = kindOf(report);
	const api = apiOf(report.typeName);
	if (!kind || !api) return null;
	const text = (key: string): string | null => {
		const value = report.properties[key];
		return typeof value === "string" || typeof value === "number" ? String(value) : null;
	};
	if (text("device.class") === "monitor" || report.displayName.startsWith("Monitor of ")) return null;
	const address =
		api === "v4l2"
			? (text("device.path") ?? text("api.v4l2.path"))
			: api === "alsa"
				? alsaAddress(report, text)
				: (text("node.name") ?? text("device.string") ?? text("alsa.device") ?? report.displayName);
	if (!address) return null;
	const [factory, property] = opener(api, kind);
	if (!exists(factory)) return null;
	return {
		id: `${api}:${address}`,
		label: report.displayName,
		kind,
		api,
		element: `${factory} ${property}=${quote(address)}`,
		caps: report.caps,
		isDefault: report.properties["is-default"] === true,
	};
}

/** The best device of a kind, or the one with this id; null when there is none. */
export function chooseDevice(
	devices: readonly FoundDevice[],
	kind: FoundDevice["kind"],
	id: string | null = null,
): FoundDevice | null {
	const candidates = devices.filter((device) => device.kind === kind);
	if (id !== null) return candidates.find((device) => device.id === id) ?? null;
	const order = preference[kind];
	const rank = ({ api, isDefault }: FoundDevice): number => {
		const place = order.indexOf(api);
		return (place < 0 ? order.length : place) * 2 + (isDefault ? 0 : 1);
	};
	return [...candidates].sort((a, b) => rank(a) - rank(b))[0] ?? null;
}

function kindOf({ deviceClass }: DeviceReport): "camera" | "microphone" | "speaker" | null {
	if (deviceClass.startsWith("Video/") && deviceClass.includes("Source")) return "camera";
	if (deviceClass.startsWith("Source/Video")) return "camera";
	if (deviceClass.startsWith("Audio/") && deviceClass.includes("Source")) return "microphone";
	if (deviceClass.startsWith("Audio/") && deviceClass.includes("Sink")) return "speaker";
	return null;
}

function apiOf(typeName: string): "v4l2" | "pipewire" | "alsa" | "pulse" | null {
	if (/v4l2/i.test(typeName)) return "v4l2";
	if (/pipewire/i.test(typeName)) return "pipewire";
	if (/pulse/i.test(typeName)) return "pulse";
	if (/alsa/i.test(typeName)) return "alsa";
	return null;
}

function alsaAddress(report: DeviceReport, text: (key: string) => string | null): string | null {
	const direct = text("alsa.device") ?? text("device.string");
	if (direct?.includes(":")) return direct;
	const card = text("alsa.card") ?? /\bcard (\d+)/.exec(report.displayName)?.[1];
	return card === undefined || card === null ? null : `plughw:${card},${text("alsa.device") ?? "0"}`;
}

function opener(
	api: "v4l2" | "pipewire" | "alsa" | "pulse",
	kind: "camera" | "microphone" | "speaker",
): [string, string] {
	const end = kind === "speaker" ? "sink" : "src";
	if (api === "v4l2") return ["v4l2src", "device"];
	if (api === "pipewire") return [`pipewire${end}`, "target-object"];
	return [`${api}${end}`, "device"];
}

/** A string as GStreamer's launch syntax takes it. */
export function quote(text: string): string {
	return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
