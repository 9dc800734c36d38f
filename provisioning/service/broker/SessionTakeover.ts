import type { MqttClient } from "mqtt";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { FleetCa } from "../ca/FleetCa.ts";
import { connectOnce } from "./clientChecks.ts";

/** mosquitto ends a connection that has finished TLS but sent no CONNECT after 90 s, and looks every five. */
const HOLD_MS = 100_000;
/** Of the certificate with the device's name: as long as it is needed. */
const DAYS = 10 / (24 * 60);
const TRIES = 3;
const RETRY_MS = 250;

/**
 * Ends a device's session by taking its place: a new connection with the same client id ends the old one (MQTT 5, 3.1.4), in any broker.
 * The authority can have any name, so it makes a certificate for minutes. The place is held for a while: a connection that the device had
 * prepared before its certificate was revoked would come to life later; whoever takes the place back loses it at once.
 */
export class SessionTakeover {
	readonly #options: { ca: FleetCa; url: string; deviceId: string };
	readonly #cancelEnd: () => void;
	#client: MqttClient | null = null;
	#closed = false;

	private constructor(options: { ca: FleetCa; url: string; deviceId: string; clock?: Clock; ended?: () => void }) {
		this.#options = options;
		this.#cancelEnd = (options.clock ?? systemClock).after(HOLD_MS, () => {
			void this.close();
			options.ended?.();
		});
	}

	/** Resolves when the device's session has ended. Error: `broker.unreachable`. */
	static async begin(options: {
		ca: FleetCa;
		url: string;
		deviceId: string;
		clock?: Clock;
		/** The place was held long enough. */
		ended?: () => void;
	}): Promise<SessionTakeover> {
		const takeover = new SessionTakeover(options);
		try {
			await takeover.#take();
		} catch (cause) {
			await takeover.close();
			throw new RoomError("broker.unreachable", "the session could not be ended: the broker can't be reached", {
				cause,
			});
		}
		return takeover;
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#cancelEnd();
		await this.#client?.endAsync(true);
	}

	async #take(): Promise<void> {
		const { ca, url, deviceId } = this.#options;
		const identity = await ca.issueDevice(deviceId, { days: DAYS });
		for (let attempt = 1; ; attempt++) {
			try {
				this.#client = await connectOnce({ url, ca: ca.certificate }, identity, deviceId);
				break;
			} catch (error) {
				if (attempt === TRIES || this.#closed) throw error;
				await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
			}
		}
		if (this.#closed) return void (await this.#client.endAsync(true));
		this.#client.once("close", () => {
			if (!this.#closed) this.#take().catch(() => {});
		});
	}
}
