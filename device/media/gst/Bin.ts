import type { AppSink } from "./AppSink.ts";
import type { AppSrc } from "./AppSrc.ts";
import "./AppSink.ts";
import "./AppSrc.ts";
import "./Pad.ts";
import { Element, elementOf, wrapElementKind } from "./Element.ts";
import { type Handle, native } from "./native.ts";

export type AnyElement = Element<"element"> | AppSink | AppSrc;

/** A GstBin: holds elements, can be changed while it plays. */
export class Bin extends Element<"element"> {
	constructor(handle: Handle) {
		super(handle, "element");
	}

	/**
	 * A free bin from a launch description; unlinked pads become ghost pads (`sink`, `src`) unless `ghostPads` is false.
	 * @throws RoomError `media.gst_parse`, `media.gst_element_missing`.
	 */
	static parse(description: string, options: { name?: string; ghostPads?: boolean } = {}): Bin {
		return elementOf(native().parseBin(description, options.name, options.ghostPads ?? true)) as Bin;
	}

	/** Finds by name, in depth; null when there is none. Each call gives a new wrapper. */
	getElementByName(name: string): AnyElement | null {
		return native().binChild(this.handle, name) as AnyElement | null;
	}

	elements(options: { recursive?: boolean } = {}): AnyElement[] {
		return native().binElements(this.handle, options.recursive ?? false) as AnyElement[];
	}

	/** @throws RoomError `media.gst_add` when the name is taken or the element has a parent. The state is not changed: link first, then `syncStateWithParent`. */
	add(...elements: Element[]): void {
		for (const element of elements) native().binAdd(this.handle, element.handle);
	}

	/** Takes an element out, as it is. For one that plays see `removeSafely`. */
	remove(element: Element): void {
		native().binRemove(this.handle, element.handle);
	}

	/** Parses, adds and returns a bin; link its ghost pads, then `syncStateWithParent()`. */
	addDescription(description: string, options: { name?: string; ghostPads?: boolean } = {}): Bin {
		const bin = Bin.parse(description, options);
		this.add(bin);
		return bin;
	}

	/**
	 * Takes a playing element or bin out while its neighbours go on: blocks the pads that feed it once they are idle, unlinks all its pads,
	 * brings it to NULL on a thread of its own, removes it, gives back request pads of its neighbours, and disposes every wrapper of it and
	 * of what is in it. The neighbours' pads are left unlinked and let go.
	 * Resolves when it is gone. Rejects with RoomError `media.gst_argument` when it is not in this bin.
	 */
	removeSafely(element: Element): Promise<void> {
		return native().binRemoveSafely(this.handle, element.handle);
	}

	/** Graphviz text of what is linked to what, for a bug report. Holds no media. */
	dot(): string {
		return native().binDot(this.handle);
	}

	/** Asks all elements for their latency anew; after adding or removing a live branch. */
	recalculateLatency(): boolean {
		return native().recalculateLatency(this.handle);
	}
}

wrapElementKind("bin", (handle) => new Bin(handle));
