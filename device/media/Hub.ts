import type { Bin, Element, Pad, Pipeline } from "./gst/index.ts";

/**
 * Stands first in every branch that could fail: its error (a picture that cannot be negotiated, an encoder that gives up) ends there
 * and reaches neither the camera nor the call's transport. The bus still tells of it.
 */
export const isolate = "errorignore ignore-error=true ignore-notnegotiated=true ignore-notlinked=true convert-to=ok";

/**
 * A place in the running pipeline where a source comes in and users take it out, each without the others' notice: a funnel and a tee.
 * Without a user the tee drops what comes; without a source nothing comes. Neither copies a picture.
 */
export class Hub {
	/** What has to be in the pipeline's description for a hub of this name; `between` sits between the funnel and the tee. */
	static description(name: string, between = ""): string {
		return `funnel name=${name}-in ! ${between ? `${between} ! ` : ""}tee name=${name}-out allow-not-linked=true`;
	}

	readonly #pipeline: Pipeline;
	readonly #funnel: Element;
	readonly #tee: Element;

	constructor(pipeline: Pipeline, name: string) {
		this.#pipeline = pipeline;
		this.#funnel = pipeline.getElementByName(`${name}-in`) as Element;
		this.#tee = pipeline.getElementByName(`${name}-out`) as Element;
		// A funnel passes EOS on once all its pads had it. This pad never gets one: an unplugged camera must not end the far end's picture.
		this.#funnel.requestPad("sink_%u").dispose();
	}

	/** Puts a source bin (one `src` ghost pad) in front of the hub, not yet started. */
	addSource(bin: Bin): void {
		this.#pipeline.add(bin);
		const src = bin.pad("src") as Pad;
		this.linkSource(src);
		src.dispose();
	}

	/** Links a source pad that is already in the pipeline. */
	linkSource(src: Pad): void {
		const sink = this.#funnel.requestPad("sink_%u");
		src.link(sink);
		sink.dispose();
	}

	/** Puts a user (one `sink` ghost pad) behind the hub; it starts with the pipeline. */
	addUser(bin: Bin): void {
		this.#pipeline.add(bin);
		bin.syncStateWithParent();
		const sink = bin.pad("sink") as Pad;
		this.linkUser(sink);
		sink.dispose();
	}

	/** Links the sink pad of something that is already in the pipeline and playing. */
	linkUser(sink: Pad): void {
		const src = this.#tee.requestPad("src_%u");
		src.link(sink);
		src.dispose();
	}

	/** Takes out a source or user; resolves when its elements are in NULL: a device is then released. */
	remove(bin: Bin): Promise<void> {
		return this.#pipeline.removeSafely(bin);
	}
}
