import type { Bin } from "./Bin.ts";
import { GstObject } from "./GstObject.ts";
import { type Handle, native, wrapKind } from "./native.ts";
import type { Pad } from "./Pad.ts";
import type { BufferData, Disconnect, GstInput, PadInfo, PropertyResult, State, StateChangeResult } from "./values.ts";

export type ElementType = "element" | "app-sink-element" | "app-src-element";

/** A GstElement. The methods of gst-kit's element come first. */
export class Element<Type extends ElementType = ElementType> extends GstObject {
	readonly type: Type;

	constructor(handle: Handle, type: Type) {
		super(handle);
		this.type = type;
	}

	/**
	 * Makes a free element. A webrtcbin comes with its gate (see WebrtcGate).
	 * @throws RoomError `media.gst_element_missing` with the factory's name.
	 */
	static make(factory: string, name?: string): Element {
		const handle = native().makeElement(factory, name);
		return elementOf(handle);
	}

	/** gst-kit: the property with its kind; null when unknown or empty. 64-bit integers are `bigint`. */
	getElementProperty(key: string): PropertyResult {
		return native().getElementProperty(this.handle, key);
	}

	/** gst-kit: as `set`. */
	setElementProperty(key: string, value: GstInput): void {
		native().setProperty(this.handle, key, value);
	}

	/** gst-kit: copies every buffer of a pad to JavaScript. For debugging and tests; counting is `Pad.count`. */
	addPadProbe(padName: string, callback: (data: BufferData) => void): Disconnect {
		return native().addPadProbe(this.handle, padName, callback);
	}

	/** gst-kit: sets a property of type pad (`active-pad`) to one of this element's pads. */
	setPad(attribute: string, padName: string): void {
		native().setPad(this.handle, attribute, padName);
	}

	/** gst-kit: what a static or existing pad is; null when there is none. For the pad itself see `pad`. */
	getPad(padName: string): PadInfo | null {
		return native().padInfo(this.handle, padName);
	}

	/** Factory's name, for example `vp8enc`. */
	get factory(): string | null {
		return native().factoryName(this.handle);
	}

	parent(): Bin | null {
		return native().parent(this.handle) as Bin | null;
	}

	/** An existing pad, static or requested before; null when there is none. */
	pad(name: string): Pad | null {
		return native().staticPad(this.handle, name) as Pad | null;
	}

	pads(): Pad[] {
		return native().pads(this.handle) as Pad[];
	}

	/** @throws RoomError `media.gst_pad` when the element gives none for the template (`sink_%u`) or name (`sink_1`). */
	requestPad(template: string): Pad {
		return native().requestPad(this.handle, template) as Pad;
	}

	/** Gives a requested pad back and disposes its wrapper. */
	releasePad(pad: Pad): void {
		native().releasePad(this.handle, pad.handle);
		pad.dispose();
	}

	/** @throws RoomError `media.gst_link`. Pads are found when not named; `caps` filters. */
	link(to: Element, options: { srcPad?: string; sinkPad?: string; caps?: string } = {}): void {
		native().linkElements(this.handle, options.srcPad, to.handle, options.sinkPad, options.caps);
	}

	unlink(from: Element): void {
		native().unlinkElements(this.handle, from.handle);
	}

	/**
	 * Changes the state on a thread of its own, then waits up to `timeoutMs` (negative: for ever) for its end.
	 * A timeout gives `async`; a failure gives `failure` and a message on the bus, not a rejection. Changes of one element happen in the
	 * order in which they were asked for.
	 */
	setState(state: State, timeoutMs = 1000): Promise<StateChangeResult> {
		return native().setState(this.handle, state, timeoutMs);
	}

	/** GstState's numbers, without waiting; `pending` is 0 when no change is under way. */
	state(): { state: number; pending: number } {
		return native().getState(this.handle);
	}

	syncStateWithParent(): boolean {
		return native().syncStateWithParent(this.handle);
	}

	/** A locked element keeps its state when its parent changes. */
	setLockedState(locked: boolean): void {
		native().setLockedState(this.handle, locked);
	}

	/** Asks for a key frame: sent upstream from this element. */
	forceKeyUnit(): boolean {
		return native().forceKeyUnit(this.handle, true);
	}

	sendCustomEvent(
		name: string,
		fields: { readonly [field: string]: GstInput },
		direction: "upstream" | "downstream",
	): boolean {
		return native().sendCustomEvent(this.handle, name, fields, direction === "upstream");
	}
}

/** The wrapper class that fits what the handle holds. */
export function elementOf(handle: Handle): Element {
	return (elementKinds.get(handle.kind) ?? plainElement)(handle);
}

const elementKinds = new Map<string, (handle: Handle) => Element>();
const plainElement = (handle: Handle): Element => new Element(handle, "element");

/** Registers a subclass for its kind. */
export function wrapElementKind(kind: Handle["kind"], wrapper: (handle: Handle) => Element): void {
	elementKinds.set(kind, wrapper);
	wrapKind(kind, wrapper);
}

wrapElementKind("element", plainElement);
