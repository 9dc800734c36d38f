import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { topics } from "../../contract/topics.ts";
import type { ServiceLine } from "../bus/ServiceLine.ts";
import type { FleetCa } from "../ca/FleetCa.ts";
import type { Db } from "../db/Database.ts";
import { sweepAbsent } from "../registry/presences.ts";
import type { Director } from "../rollouts/Director.ts";
import { offerAgain } from "../rollouts/jobs.ts";
import type { Twins } from "../twins/Twins.ts";

export interface CensusOptions {
	db: Db;
	line: ServiceLine;
	ca: FleetCa;
	director: Director;
	twins: Twins;
	clock: Clock;
	log: Log;
}

/** How long a retained message takes to come after its subscription, at most. */
const MARKER_MS = 2000;
/** How long brokers may take to hand out what they keep. */
const HAND_OUT_MS = 10_000;
/** Devices come back within their backoff's cap, if the broker takes them as fast; then whoever was not heard is not there. */
const ABSENT_MS = 90_000;
/** What a broker that writes to its disk now and then can have lost. */
const RECENT_MS = 15 * 60_000;

/** Shared subscriptions get no retained messages (MQTT 5, 4.8.2): what was said while nobody listened is asked for by a plain one. */
const kept = [topics.presence("+"), topics.twinReported("+")];

/**
 * Makes broker and database agree, whenever the leader gets a line: who is there and what they report, out of what the broker keeps; and what it should
 * keep and has lost, out of the database. Whether it has lost all shows by the revocation list, which it always should have.
 */
export class Census {
	readonly #options: CensusOptions;
	#marker: () => void = () => {};
	#cancels: (() => void)[] = [];
	#round = 0;

	constructor(options: CensusOptions) {
		this.#options = options;
	}

	/** A message of the revocations' topic came. */
	marked(): void {
		this.#marker();
	}

	/** Begins anew. */
	start(): void {
		this.stop();
		const round = ++this.#round;
		this.#take(round).catch((error) => {
			// Line or database are away: it begins again when they are back.
			if (round !== this.#round) return;
			const { code } = RoomError.from(error, "fleet.census_failed");
			this.#options.log.write("warn", "error.unexpected", { code });
			if (this.#options.line.isOpen) this.#after(HAND_OUT_MS, () => this.start());
		});
	}

	stop(): void {
		this.#round++;
		for (const cancel of this.#cancels.splice(0)) cancel();
	}

	async #take(round: number): Promise<void> {
		const { db, line, ca, director, twins, clock, log } = this.#options;
		const since = clock.now();
		const marker = this.#waitForMarker();
		await line.subscribe([topics.revocations()]);
		await line.subscribe(kept);
		this.#after(HAND_OUT_MS, () => void line.unsubscribe([...kept, topics.revocations()]).catch(() => {}));
		const isKept = await marker;
		if (round !== this.#round) return;
		let published = await twins.publishAll(isKept ? new Date(since - RECENT_MS) : null);
		if (!isKept) {
			published += await db.transaction().execute((trx) => offerAgain(trx, { nowMs: clock.now(), director }));
			// The list goes out with a new one. Last: it says that the others were written down.
			await ca.renewCrl();
		}
		if (round !== this.#round) return;
		this.#after(Math.max(0, since + ABSENT_MS - clock.now()), () => {
			sweepAbsent(db, new Date(since)).then(
				(absent) => log.write("info", "fleet.census", { published, absent }),
				() => this.start(),
			);
		});
	}

	#waitForMarker(): Promise<boolean> {
		return new Promise((resolve) => {
			this.#marker = () => resolve(true);
			this.#after(MARKER_MS, () => resolve(false));
		});
	}

	#after(ms: number, callback: () => void): void {
		this.#cancels.push(this.#options.clock.after(ms, callback));
	}
}
