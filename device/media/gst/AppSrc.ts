import { Element, wrapElementKind } from "./Element.ts";
import { type Handle, native } from "./native.ts";

/** An `appsrc`. */
export class AppSrc extends Element<"app-src-element"> {
	constructor(handle: Handle) {
		super(handle, "app-src-element");
	}

	/**
	 * Copies the bytes into the stream. `pts`: nanoseconds, or 8 bytes big-endian.
	 * @throws RoomError `media.gst_argument` when `data` is not bytes, `media.gst_flow` when the source is flushing or ended.
	 */
	push(data: Uint8Array, pts?: number | Uint8Array): void {
		native().sourcePush(this.handle, data, pts);
	}

	endOfStream(): void {
		native().sourceEnd(this.handle);
	}
}

wrapElementKind("app-src", (handle) => new AppSrc(handle));
