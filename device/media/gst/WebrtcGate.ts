import type { Element } from "./Element.ts";
import { type NativeGate, native } from "./native.ts";
import type { Disconnect } from "./values.ts";

/** `waiting`: closed, no verdict. `open`: media flows. `refused`: closed for good. */
export type GateState = "waiting" | "open" | "refused";

/** Buffers at webrtcbin's pads. `data` counts SCTP packets of data channels, both directions. */
export interface GateCounters {
	/** Into webrtcbin: what we would send. */
	sent: { passed: number; dropped: number };
	/** Out of webrtcbin: what we would show. */
	received: { passed: number; dropped: number };
	data: { passed: number; dropped: number };
}

/**
 * The gate of one webrtcbin: native code that lets no media and no data through before the far end's DTLS certificate was proved.
 *
 * Every webrtcbin that this binding makes has one from its first moment; it cannot be taken off. It opens when all hold: `expect` was
 * called, `release` was called, a certificate was presented, and every certificate presented so far has the expected SHA-256
 * fingerprint. One that differs, or a second `expect` with another value, closes it for good. No property, setting or environment
 * variable opens it otherwise.
 *
 * It also gives webrtcbin a fresh ECDSA P-256 certificate of its own (webrtcbin 1.22 has one RSA certificate per process).
 * webrtcbin writes a wrong `a=fingerprint` for it: write `certificateSha256` there before signing (RFC 8122, section 5).
 */
export class WebrtcGate {
	readonly #native: NativeGate;

	private constructor(gate: NativeGate) {
		this.#native = gate;
	}

	/** @throws RoomError `media.gst_argument` when the element is no webrtcbin. */
	static of(webrtcbin: Element): WebrtcGate {
		return new WebrtcGate(native().gateOf(webrtcbin.handle));
	}

	/** SHA-256 over the DER of our own certificate, 32 bytes: what the far end will see. */
	get certificateSha256(): Buffer {
		return this.#native.certificateSha256;
	}

	/**
	 * The signed fingerprint of the far end: SHA-256 over its DER certificate, 32 bytes. To be called before `set-remote-description`.
	 * @throws RoomError `media.gst_argument` when it is not 32 bytes.
	 */
	expect(sha256: Uint8Array): void {
		this.#native.expect(sha256);
	}

	/** The handshake is proved: the gate may open as soon as the certificate has matched. Idempotent. */
	release(): void {
		this.#native.release();
	}

	get state(): GateState {
		return this.#native.state();
	}

	counters(): GateCounters {
		return this.#native.counters();
	}

	/** Calls back when the gate opens or refuses; also once for a state that it already has. */
	onChange(listener: (state: "open" | "refused") => void): Disconnect {
		return this.#native.onChange(listener);
	}

	/** Ends the listeners. The gate itself stays on the webrtcbin, as it is, until that is gone. */
	dispose(): void {
		this.#native.dispose();
	}
}
