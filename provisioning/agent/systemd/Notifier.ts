import { spawn } from "node:child_process";
import type { Clock } from "../../../device/core/clock.ts";

/** What systemd gave to this process, sd_notify(3) and sd_watchdog_enabled(3). */
export interface NotifyEnvironment {
	NOTIFY_SOCKET?: string | undefined;
	WATCHDOG_USEC?: string | undefined;
}

/**
 * Tells systemd how this service is, if it is one. By `systemd-notify`, since Node has no datagram sockets on a path: one short process each half
 * of the watchdog's time. The unit needs `NotifyAccess=all`. All is said in the words of sd_notify(3): the program's `--stopping` came with systemd
 * 253, and Debian 12 has 252.
 */
export class Notifier {
	readonly #environment: NotifyEnvironment;
	readonly #clock: Clock;
	#cancel: () => void = () => {};

	constructor(options: { environment: NotifyEnvironment; clock: Clock }) {
		this.#environment = options.environment;
		this.#clock = options.clock;
	}

	/** Started; from here on the watchdog is fed as long as `isWell`. */
	ready(isWell: () => boolean): void {
		void this.#notify("READY=1");
		const watchdogMs = Number(this.#environment.WATCHDOG_USEC ?? 0) / 1000;
		if (!(watchdogMs > 0)) return;
		const feed = (): void => {
			if (isWell()) void this.#notify("WATCHDOG=1");
			this.#cancel = this.#clock.after(watchdogMs / 2, feed);
		};
		feed();
	}

	/** Resolves when systemd has been told, or can't be. */
	async stopping(): Promise<void> {
		this.#cancel();
		await this.#notify("STOPPING=1");
	}

	#notify(said: string): Promise<void> {
		const { NOTIFY_SOCKET: socket } = this.#environment;
		if (!socket) return Promise.resolve();
		return new Promise((resolve) => {
			const child = spawn("systemd-notify", [said], {
				stdio: "ignore",
				env: { NOTIFY_SOCKET: socket, PATH: "/usr/bin:/bin" },
			});
			child.once("error", () => resolve());
			child.once("exit", () => resolve());
		});
	}
}
