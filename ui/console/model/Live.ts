import { signal } from "@preact/signals";
import { Backoff } from "../../../device/core/backoff.ts";
import { Emitter } from "../../../device/core/Emitter.ts";
import type { FleetClient } from "../../../provisioning/contract/http/FleetClient.ts";
import type { LiveChange } from "../../../provisioning/contract/http/shapes.ts";

export interface LiveEvents {
	/** The first one of each connection says that anything may have changed. */
	changed: LiveChange;
}

/** The stream of changes, kept up for as long as somebody is signed in. */
export class Live {
	readonly changes = new Emitter<LiveEvents>();
	readonly up = signal(true);
	readonly #client: FleetClient;
	readonly #backoff = new Backoff({ baseMs: 500, capMs: 15_000 });
	#abort: AbortController | null = null;

	constructor(client: FleetClient) {
		this.#client = client;
	}

	open(): void {
		if (this.#abort) return;
		this.#abort = new AbortController();
		void this.#follow(this.#abort.signal);
	}

	close(): void {
		this.#abort?.abort();
		this.#abort = null;
	}

	async #follow(signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			try {
				for await (const change of this.#client.watch("live.watch", signal)) {
					this.up.value = true;
					this.#backoff.reset();
					this.changes.emit("changed", change);
				}
			} catch {
				// it broke; said below, and tried again
			}
			if (signal.aborted) return;
			this.up.value = false;
			await new Promise((resolve) => setTimeout(resolve, this.#backoff.nextMs()));
		}
	}
}
