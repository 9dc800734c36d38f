import { type Handle, native, wrapKind } from "./native.ts";
import type { Disconnect, GstInput, GstValue, Structure } from "./values.ts";

/**
 * Any GObject. A wrapper counts one reference; `dispose()` gives it back at once, the garbage collector does it late.
 *
 * A connected listener and the object it closes over keep each other alive: end it by its `Disconnect`, by `dispose()` of the wrapper
 * it was connected through, or by `dispose()` of the pipeline that holds the object.
 *
 * Every method throws `media.gst_disposed` ("used after dispose") on a disposed wrapper.
 */
export class GstObject {
	/** Native reference; internal to this folder. */
	readonly handle: Handle;

	constructor(handle: Handle) {
		this.handle = handle;
	}

	/** GstObject's name, empty for other objects. */
	get name(): string {
		return this.handle.name;
	}

	/** GType name, for example `GstWebRTCBin`. */
	get typeName(): string {
		return this.handle.typeName;
	}

	get disposed(): boolean {
		return this.handle.disposed;
	}

	/** @throws RoomError `media.gst_property_unknown` when there is no such readable property. */
	get(property: string): GstValue {
		return native().getProperty(this.handle, property);
	}

	hasProperty(property: string): boolean {
		return native().hasProperty(this.handle, property);
	}

	/** @throws RoomError `media.gst_property_unknown`, or `media.gst_property_value` when the value does not fit the type. */
	set(property: string, value: GstInput): void {
		native().setProperty(this.handle, property, value);
	}

	setAll(properties: { readonly [property: string]: GstInput }): void {
		for (const [property, value] of Object.entries(properties)) this.set(property, value);
	}

	/**
	 * Connects a signal, detail allowed (`notify::connection-state`; its argument is the property's name). Listeners run later, on the
	 * JavaScript thread, in order; they cannot return a value to GStreamer. A new source pad that arrives with `pad-added` is blocked
	 * natively until `Pad.link` (or `Pad.unblock`).
	 * @throws RoomError `media.gst_signal_unknown`.
	 */
	connect(signal: string, listener: (...args: GstValue[]) => void): Disconnect {
		return native().connect(this.handle, signal, listener);
	}

	/** Calls back with the property's value (read when the call runs) whenever it changes. */
	onNotify(property: string, listener: (value: GstValue) => void): Disconnect {
		return this.connect(`notify::${property}`, () => {
			if (!this.disposed) listener(this.get(property));
		});
	}

	/**
	 * Emits an action signal and gives its return value.
	 * @throws RoomError `media.gst_signal_unknown`, `media.gst_argument`.
	 */
	emit(signal: string, ...args: GstInput[]): GstValue {
		return native().emit(this.handle, signal, args);
	}

	/**
	 * Emits an action signal whose last parameter is a GstPromise (left out here) and resolves with its reply.
	 * Rejects with RoomError `media.gst_promise` when the reply is an error, or the promise was interrupted or expired.
	 */
	request(signal: string, ...args: GstInput[]): Promise<Structure | undefined> {
		return native().request(this.handle, signal, args);
	}

	/** Whether both wrap the same GObject. */
	same(other: GstObject): boolean {
		return native().same(this.handle, other.handle);
	}

	/** Drops the reference and the connections made through it. Idempotent. */
	dispose(): void {
		this.handle.dispose();
	}
}

wrapKind("object", (handle) => new GstObject(handle));
