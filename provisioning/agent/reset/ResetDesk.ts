import { writeFile } from "node:fs/promises";
import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import type { ResetShown } from "../../contract/local.ts";
import type { RoomLink } from "../local/RoomLink.ts";
import type { RoomState } from "../local/RoomState.ts";

export interface ResetDeskOptions {
	/** The file that resets the device; null: nobody here can. */
	wish: string | null;
	link: RoomLink;
	room: RoomState;
	clock: Clock;
	log: Log;
	/** It is under way: whoever should know is told, and not waited for. */
	begun(): void;
}

/** The key is destroyed and the machine restarts within seconds; whoever is still here after this was not reset. */
const GONE_MS = 60_000;

/**
 * A factory reset that somebody at the panel wants, whether the device is a fleet's or nobody's. The agent has no right to do it: a unit of
 * systemd's watches for a file, and does nothing else. What it does is in `image/root/overlay/usr/lib/incamera/data-reset`.
 */
export class ResetDesk {
	readonly #options: ResetDeskOptions;
	readonly #stops: (() => void)[];
	#shown: ResetShown;
	#cancel: () => void = () => {};

	constructor(options: ResetDeskOptions) {
		const { wish, link } = options;
		this.#options = options;
		this.#shown = wish === null ? null : { state: "offered", code: null };
		this.#stops = [
			link.events.on("arrived", () => this.#tell()),
			link.events.on("reset", () => {
				if (wish !== null) void this.#begin(wish);
			}),
		];
	}

	close(): void {
		this.#cancel();
		for (const stop of this.#stops.splice(0)) stop();
	}

	async #begin(wish: string): Promise<void> {
		const { room, clock, begun } = this.#options;
		// the panel offers none of it in a call; a room program that asks all the same is not heeded
		if (this.#shown?.state !== "offered" || room.inCall) return;
		this.#cancel = clock.after(GONE_MS, () => this.#show("offered", "reset.failed"));
		this.#show("begun", null);
		try {
			await writeFile(wish, "");
			begun();
		} catch {
			this.#cancel();
			this.#show("offered", "reset.failed");
		}
	}

	#show(state: "offered" | "begun", code: "reset.failed" | null): void {
		this.#shown = { state, code };
		this.#options.log.write("warn", "device.reset", { state, code: code ?? "" });
		this.#tell();
	}

	#tell(): void {
		this.#options.link.send({ t: "reset", reset: this.#shown });
	}
}
