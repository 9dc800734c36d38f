import type { Clock } from "../core/clock.ts";
import { RoomError } from "../core/RoomError.ts";
import { meetingTimes } from "./meetingTimes.ts";
import type { IceServer, PeerFactory } from "./Peer.ts";
import { PreparedPeer } from "./PreparedPeer.ts";

/** Older than this, a prepared peer's ports and TURN credentials may be gone. */
const MOST_AGE_MS = 5 * 60_000;
/** How often an engine that is down is asked again. */
const ENGINE_RETRY_MS = 100;

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

	/**
	 * The prepared peer if it is of use, else a new one. An engine that is down is waited for (`meetingTimes.engine`): after a crash it
	 * is back in a moment, and whoever gave up would leave the far end waiting for an answer.
	 * @param signal ends the wait.
	 */
	async take(iceServers: IceServer[], options: { offer: boolean; signal: AbortSignal }): Promise<PreparedPeer> {
		const ready = this.#ready;
		if (!ready || (ready.offered && !options.offer)) {
			this.discard();
			return this.#create(iceServers, options.signal);
		}
		this.#cancelAge();
		this.#ready = null;
		try {
			return await ready.peer;
		} catch {
			return this.#create(iceServers, options.signal);
		}
	}

	discard(): void {
		if (this.#ready) this.#forget(this.#ready.peer);
	}

	async #create(iceServers: IceServer[], signal: AbortSignal): Promise<PreparedPeer> {
		let late = false;
		const cancel = this.#clock.after(meetingTimes.engine, () => {
			late = true;
		});
		try {
			for (;;) {
				try {
					return await PreparedPeer.create(this.#factory, iceServers);
				} catch (error) {
					const down = error instanceof RoomError && error.code === "media.engine_failed";
					if (!down || late || signal.aborted) throw error;
				}
				await this.#pause(signal);
			}
		} finally {
			cancel();
		}
	}

	/** Until it is time to ask the engine again, or there is nobody to ask for. */
	#pause(signal: AbortSignal): Promise<void> {
		return new Promise((resolve) => {
			const done = (): void => {
				cancel();
				signal.removeEventListener("abort", done);
				resolve();
			};
			const cancel = this.#clock.after(ENGINE_RETRY_MS, done);
			signal.addEventListener("abort", done);
		});
	}

	#forget(peer: Promise<PreparedPeer>): void {
		if (this.#ready?.peer !== peer) return;
		this.#cancelAge();
		this.#ready = null;
		void peer.then((prepared) => prepared.close()).catch(() => {});
	}
}
