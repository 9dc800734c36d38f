import type { Element } from "./Element.ts";
import { GstObject } from "./GstObject.ts";
import { type DeviceInfo, type Handle, type NativeMonitor, native, wrapKind } from "./native.ts";
import type { Structure } from "./values.ts";

/** A camera, microphone, speaker or display that GStreamer found. */
export class Device extends GstObject {
	readonly displayName: string;
	/** For example `Video/Source`, `Audio/Source`, `Audio/Sink`. */
	readonly deviceClass: string;
	/** Caps string; null where the device tells none. */
	readonly caps: string | null;
	/** What the provider tells: `device.api`, `device.path`, `node.name`, … */
	readonly properties: Structure;

	constructor(info: DeviceInfo) {
		super(info.handle);
		this.displayName = info.displayName;
		this.deviceClass = info.deviceClass;
		this.caps = info.caps;
		this.properties = info.properties;
	}

	/** A free element that opens this device. @throws RoomError `media.gst_device` when the provider cannot make one. */
	createElement(name?: string): Element {
		return native().deviceElement(this.handle, name) as Element;
	}
}

export interface DeviceFilter {
	/** Class list, for example `Video/Source` or `Audio/Source`. */
	classes: string;
	caps?: string;
}

/** Finds devices and tells of plugging and unplugging. */
export class DeviceMonitor {
	readonly #native: NativeMonitor;

	/** `onChange` runs for devices that come, go or change after `start()`. */
	constructor(
		filters: readonly DeviceFilter[],
		onChange: (event: "added" | "removed" | "changed", device: Device) => void = () => undefined,
	) {
		this.#native = native().deviceMonitor(filters, (event, info) => onChange(event, new Device(info)));
	}

	/** Starts the providers on a thread of its own; false when none could be started: then there are no devices. */
	start(): Promise<boolean> {
		return this.#native.start();
	}

	/** What is there now; fresh wrappers each time. Empty before `start()`. */
	devices(): Device[] {
		return this.#native.devices().map((info) => new Device(info));
	}

	/** Stops and drops it; `onChange` runs no more from this call on. Idempotent. */
	dispose(): Promise<void> {
		return this.#native.dispose();
	}
}

wrapKind("device", (handle: Handle) => new GstObject(handle));
