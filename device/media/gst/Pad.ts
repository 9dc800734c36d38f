import { BufferCounter } from "./BufferCounter.ts";
import { GstObject } from "./GstObject.ts";
import { native, wrapKind } from "./native.ts";
import type { GstInput } from "./values.ts";

/** A GstPad. */
export class Pad extends GstObject {
	get direction(): "src" | "sink" | "unknown" {
		return native().padDirection(this.handle);
	}

	/** Caps as a string: negotiated (null before), allowed on the link (null when unlinked), or possible. */
	caps(which: "current" | "allowed" | "query" = "current"): string | null {
		return native().padCaps(this.handle, which);
	}

	peer(): Pad | null {
		return native().padPeer(this.handle) as Pad | null;
	}

	/** The element (or ghost pad) this pad belongs to. */
	parent(): GstObject | null {
		return native().parent(this.handle) as GstObject | null;
	}

	get linked(): boolean {
		const peer = this.peer();
		peer?.dispose();
		return peer !== null;
	}

	/**
	 * Links this source pad to a sink pad. A pad that was blocked natively because it was new is let go.
	 * @throws RoomError `media.gst_link` with GStreamer's reason; the pad stays blocked.
	 */
	link(sink: Pad): void {
		native().padLink(this.handle, sink.handle);
	}

	/** Unlinks from whatever it is linked to; false when it was not linked. */
	unlink(): boolean {
		return native().padUnlink(this.handle);
	}

	/** Blocks data flow downstream; resolves once the pad is blocked or idle, so that it may be relinked. */
	block(): Promise<void> {
		return native().padBlock(this.handle);
	}

	/** Ends `block()`, or the native block of a new source pad; false when it was not blocked. */
	unblock(): boolean {
		return native().padUnblock(this.handle);
	}

	get blocked(): boolean {
		return native().padBlocked(this.handle);
	}

	/** Counts buffers natively from now on; no JavaScript runs per buffer. */
	count(): BufferCounter {
		return new BufferCounter(native().padCount(this.handle));
	}

	/** From now on a latency query that comes through this source pad is answered with this at most, milliseconds. */
	capLatency(ms: number): void {
		native().padCapLatency(this.handle, ms);
	}

	/** From now on buffers without a time end here. */
	dropUntimed(): void {
		native().padDropUntimed(this.handle);
	}

	/** Asks for a key frame: upstream from a sink pad's peer or into this source pad. False when nobody took the event. */
	forceKeyUnit(): boolean {
		return native().forceKeyUnit(this.handle, true);
	}

	/** Sends EOS downstream: into this sink pad, or to this source pad's peer. False when nobody took it. */
	endOfStream(): boolean {
		return native().sendEos(this.handle);
	}

	/** Sends a custom event; `upstream` towards the source. False when nobody took it. */
	sendCustomEvent(
		name: string,
		fields: { readonly [field: string]: GstInput },
		direction: "upstream" | "downstream",
	): boolean {
		return native().sendCustomEvent(this.handle, name, fields, direction === "upstream");
	}
}

wrapKind("pad", (handle) => new Pad(handle));
