import type { Clock } from "../core/clock.ts";
import type { IceServer, PeerFactory } from "./Peer.ts";
import { PreparedPeer } from "./PreparedPeer.ts";

/** Older than this, a prepared peer's ports and TURN credentials may be gone. */
const MOST_AGE_MS = 5 * 60_000;

/** Has a peer ready before it is needed: making one, with its certificate and candidates, is most of what a join waits for. */
export class PeerSupply {
	readonly #factory: PeerFactory;
	readonly #clock: Clock;
	#ready: { peer: Promise<PreparedPeer>; offered: boolean } | null = null;
	#cancelAge = (): void => {};

	constructor(options: { factory: PeerFactory; clock: Clock }) {
		this.#factory = options.factory;
		this.#clock = options.clock;
	}

	/**
	 * Makes a peer in advance and keeps it fresh until it is taken.
	 * @param options.offer whether to make its offer too; such a peer can't answer any more.
	 */
	prepare(iceServers: IceServer[], options: { offer: boolean }): void {
		if (this.#ready?.offered === options.offer) return;
		this.discard();
		const peer = PreparedPeer.create(this.#factory, iceServers);
		this.#ready = { peer, offered: options.offer };
		const made = options.offer ? peer.then((prepared) => prepared.offer()) : peer;
		// What fails in advance fails again, and is reported, when it is needed; a lost one is made anew then.
		made.catch(() => this.#forget(peer));
		void peer.then((prepared) => prepared.onLostEarly(() => this.#forget(peer))).catch(() => {});
		this.#cancelAge = this.#clock.after(MOST_AGE_MS, () => {
			this.discard();
			this.prepare(iceServers, options);
		});
	}

	/** The prepared peer if it is of use, else a new one. */
	take(iceServers: IceServer[], options: { offer: boolean }): Promise<PreparedPeer> {
		const ready = this.#ready;
		if (!ready || (ready.offered && !options.offer)) {
			this.discard();
			return PreparedPeer.create(this.#factory, iceServers);
		}
		this.#cancelAge();
		this.#ready = null;
		return ready.peer;
	}

	discard(): void {
		if (this.#ready) this.#forget(this.#ready.peer);
	}

	#forget(peer: Promise<PreparedPeer>): void {
		if (this.#ready?.peer !== peer) return;
		this.#cancelAge();
		this.#ready = null;
		void peer.then((prepared) => prepared.close()).catch(() => {});
	}
}
