import type { Candidate, IceServer, Peer, PeerEvents, PeerFactory } from "./Peer.ts";

export interface PeerWatcher {
	candidate(candidate: Candidate): void;
	connected(): void;
	lost(loss: PeerEvents["lost"]): void;
	refused(): void;
}

/** A peer that may be made before it is known for which call: what it says meanwhile is kept for its watcher. */
export class PreparedPeer {
	readonly peer: Peer;
	#offer: Promise<string> | null = null;
	#watcher: PeerWatcher | null = null;
	#lostEarly = (): void => {};
	readonly #kept: ((watcher: PeerWatcher) => void)[] = [];

	private constructor(peer: Peer) {
		this.peer = peer;
		peer.events.on("candidate", (candidate) => this.#tell((watcher) => watcher.candidate(candidate)));
		peer.events.on("connected", () => this.#tell((watcher) => watcher.connected()));
		peer.events.on("lost", (loss) => {
			if (!this.#watcher) this.#lostEarly();
			this.#tell((watcher) => watcher.lost(loss));
		});
		peer.events.on("refused", () => this.#tell((watcher) => watcher.refused()));
	}

	static async create(factory: PeerFactory, iceServers: IceServer[]): Promise<PreparedPeer> {
		return new PreparedPeer(await factory({ iceServers }));
	}

	/** The local offer, made once. */
	offer(): Promise<string> {
		this.#offer ??= this.peer.createOffer();
		return this.#offer;
	}

	/** Calls back if the peer is lost before anybody watches it. */
	onLostEarly(callback: () => void): void {
		this.#lostEarly = callback;
	}

	watch(watcher: PeerWatcher): void {
		this.#watcher = watcher;
		for (const tell of this.#kept.splice(0)) tell(watcher);
	}

	async close(): Promise<void> {
		this.#watcher = null;
		await this.peer.close();
	}

	#tell(tell: (watcher: PeerWatcher) => void): void {
		if (this.#watcher) tell(this.#watcher);
		else this.#kept.push(tell);
	}
}
