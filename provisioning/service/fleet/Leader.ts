import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { BrokerAdapter } from "../broker/BrokerAdapter.ts";
import type { ServiceLine } from "../bus/ServiceLine.ts";
import type { FleetCa } from "../ca/FleetCa.ts";
import type { Commands } from "../commands/Commands.ts";
import type { Database } from "../db/Database.ts";
import type { DatabaseRevocations } from "../registry/DatabaseRevocations.ts";
import { RevocationKeeper } from "../registry/RevocationKeeper.ts";
import type { Director } from "../rollouts/Director.ts";
import { rolloutTick } from "../rollouts/rolloutTick.ts";
import { DirectoryKeeper } from "../twins/DirectoryKeeper.ts";
import type { Twins } from "../twins/Twins.ts";
import { Census } from "./Census.ts";
import { discardUnconfirmed, endSuperseded, expireEnrolments, purge } from "./housekeeping.ts";
import { Leadership } from "./Leadership.ts";

export interface LeaderOptions {
	database: Database;
	line: ServiceLine;
	ca: FleetCa;
	director: Director;
	revocations: DatabaseRevocations;
	broker: BrokerAdapter;
	twins: Twins;
	commands: Commands;
	clock: Clock;
	log: Log;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** What one worker of a fleet does: this one, as long as it leads. */
export class Leader {
	readonly #options: LeaderOptions;
	readonly #leadership: Leadership;
	readonly #census: Census;
	/** What ends with the leadership. */
	#duties: (() => Promise<void> | void)[] = [];
	#ending: Promise<unknown> = Promise.resolve();
	#endListening: () => void = () => {};

	constructor(options: LeaderOptions) {
		this.#options = options;
		const { database, clock, line, ca, director, twins, log } = options;
		this.#census = new Census({ db: database.db, line, ca, director, twins, clock, log });
		this.#leadership = new Leadership({ url: database.url, clock, changed: (leads) => this.#changed(leads) });
	}

	get leads(): boolean {
		return this.#leadership.leads;
	}

	start(): void {
		this.#endListening = this.#options.line.events.on("opened", () => this.leads && this.#census.start());
		this.#leadership.start();
	}

	/** A message of the revocations' topic came. */
	marked(): void {
		this.#census.marked();
	}

	async close(): Promise<void> {
		this.#endListening();
		await this.#leadership.close();
		await this.#ending;
	}

	#changed(leads: boolean): void {
		this.#options.log.write("info", "fleet.leader", { leads });
		if (leads) this.#begin();
		else {
			this.#census.stop();
			const ending = this.#duties.splice(0).map((end) => end());
			this.#ending = Promise.all([this.#ending, ...ending]);
		}
	}

	#begin(): void {
		const { database, ca, director, revocations, broker, line, commands, clock, log } = this.#options;
		const { db } = database;
		const directory = new DirectoryKeeper({ database, clock });
		const revoking = new RevocationKeeper({ database, ca, revocations, broker, clock, log });
		directory.start();
		revoking.start();
		this.#duties.push(
			() => directory.close(),
			() => revoking.close(),
			this.#every(SECOND_MS, () => commands.expire()),
			this.#every(5 * SECOND_MS, () => rolloutTick(db, clock.now(), director)),
			this.#every(MINUTE_MS, async () => {
				await discardUnconfirmed(db, clock.now());
				await expireEnrolments(db, clock.now());
			}),
			this.#every(30 * MINUTE_MS, async () => {
				await endSuperseded(db, clock.now());
				await purge(db, clock.now());
			}),
		);
		if (line.isOpen) this.#census.start();
	}

	/** One after the other; a failure is forgotten until the next time. */
	#every(ms: number, duty: () => Promise<unknown>): () => Promise<void> {
		let over = false;
		let running: Promise<unknown> = Promise.resolve();
		let cancel = () => {};
		const later = (): void => {
			if (over) return;
			cancel = this.#options.clock.after(ms, () => {
				running = duty()
					.catch((error) => {
						const { code } = RoomError.from(error, "fleet.duty_failed");
						if (code !== "database.unavailable") this.#options.log.write("error", "error.unexpected", { code });
					})
					.finally(later);
			});
		};
		later();
		return async () => {
			over = true;
			cancel();
			await running;
		};
	}
}
