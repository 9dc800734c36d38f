import { Emitter } from "../core/Emitter.ts";
import type { Candidate, Peer, PeerEvents } from "../meeting/Peer.ts";
import type { EngineMethod, EngineMethods } from "./protocol.ts";
import type { PeerStats } from "./stats.ts";

type Ask = <M extends EngineMethod>(
	method: M,
	argument: EngineMethods[M]["argument"],
) => Promise<EngineMethods[M]["result"]>;

/** A peer that lives in the engine, seen from the room program. */
export class RemotePeer implements Peer {
	readonly events = new Emitter<PeerEvents>();
	readonly #id: number;
	readonly #ask: Ask;
	readonly #forget: () => void;
	#gone = false;

	constructor(id: number, ask: Ask, forget: () => void) {
		this.#id = id;
		this.#ask = ask;
		this.#forget = forget;
	}

	createOffer(): Promise<string> {
		return this.#ask("peer.createOffer", { peer: this.#id });
	}

	acceptOffer(sdp: string, expectedFingerprint: Uint8Array): Promise<string> {
		return this.#ask("peer.acceptOffer", { peer: this.#id, sdp, fingerprint: expectedFingerprint });
	}

	acceptAnswer(sdp: string, expectedFingerprint: Uint8Array): Promise<void> {
		return this.#ask("peer.acceptAnswer", { peer: this.#id, sdp, fingerprint: expectedFingerprint });
	}

	addCandidate(candidate: Candidate): Promise<void> {
		return this.#ask("peer.addCandidate", { peer: this.#id, candidate });
	}

	release(): void {
		// A peer that cannot be released stays shut, and `lost` or `refused` has said why.
		this.#ask("peer.release", { peer: this.#id }).catch(() => undefined);
	}

	/** Figures for the service page and the benches. */
	stats(): Promise<PeerStats> {
		return this.#ask("peer.stats", { peer: this.#id });
	}

	async close(): Promise<void> {
		if (this.#gone) return;
		this.#gone = true;
		try {
			// An engine that is gone has closed it already.
			await this.#ask("peer.close", { peer: this.#id }).catch(() => undefined);
		} finally {
			this.#forget();
			this.events.clear();
		}
	}

	/** The engine's process is gone, and this peer with it. */
	engineGone(): void {
		if (this.#gone) return;
		this.#gone = true;
		this.events.emit("lost", { byFarEnd: false });
	}
}
