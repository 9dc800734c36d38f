import type { Bin, BufferCounter, Element } from "./gst/index.ts";

/** The packet is on its way within a millisecond; a transport that can't send must not hold up its own end. */
const mostSendMs = 50;

/**
 * DTLS' own end of a connection (close_notify, RFC 5246 section 7.2.1), of which webrtcbin 1.22 neither tells nor lets the far end
 * know: without it each side would wait until no packet came for a while. Nobody but the far end can send it.
 */
export class CloseNotify {
	readonly #decoders: Element[];
	readonly #encoders: Element[];
	#dispose: (() => void) | null;

	/** @param onReceived called once when the far end has closed; for a transport that is connected. */
	constructor(webrtcbin: Bin, onReceived: () => void) {
		const inner = webrtcbin.elements({ recursive: true });
		const wanted = (factory: string): Element[] => inner.filter((element) => element.factory === factory);
		this.#decoders = wanted("dtlsdec");
		this.#encoders = wanted("dtlsenc");
		const kept = [...this.#decoders, ...this.#encoders];
		for (const element of inner) if (!kept.includes(element)) element.dispose();
		this.#dispose = () => {
			for (const element of kept) element.dispose();
		};
		let received = false;
		for (const decoder of this.#decoders) {
			decoder.onNotify("connection-state", (state) => {
				if (state !== "closed" || received) return;
				received = true;
				onReceived();
			});
		}
	}

	/** Tells the far end that we close; resolves when that is sent. Nothing may be sent over DTLS after it. */
	async send(): Promise<void> {
		if (!this.#dispose) return;
		const counters = this.#encoders.map(countSent);
		// The end of what it encodes is what makes the element say so.
		for (const encoder of this.#encoders) {
			const sink = encoder.pad("sink") ?? encoder.requestPad("sink");
			sink.endOfStream();
			sink.dispose();
		}
		for (let waitedMs = 0; waitedMs < mostSendMs && counters.some((counter) => counter?.read().buffers === 0); ) {
			await new Promise((resolve) => setTimeout(resolve, 1));
			waitedMs += 1;
		}
		for (const counter of counters) counter?.dispose();
	}

	dispose(): void {
		this.#dispose?.();
		this.#dispose = null;
	}
}

function countSent(encoder: Element): BufferCounter | null {
	const pad = encoder.pad("src");
	const counter = pad?.count() ?? null;
	pad?.dispose();
	return counter;
}
