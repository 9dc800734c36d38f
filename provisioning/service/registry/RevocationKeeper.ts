import { sql } from "kysely";
import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { BrokerAdapter } from "../broker/BrokerAdapter.ts";
import type { FleetCa } from "../ca/FleetCa.ts";
import type { Database } from "../db/Database.ts";
import { announce } from "../fleet/announcements.ts";
import { clearRetained } from "./clearRetained.ts";
import type { DatabaseRevocations } from "./DatabaseRevocations.ts";
import { REVOKED, readRevoked } from "./revokeCertificates.ts";

export interface RevocationKeeperOptions {
	database: Database;
	ca: Pick<FleetCa, "renewCrl">;
	revocations: DatabaseRevocations;
	broker: Pick<BrokerAdapter, "publishRevocations" | "revoke">;
	clock: Clock;
	log: Log;
}

const LOOK_MS = 20_000;
/** A list is good for sixty days. */
const RENEW_MS = 20 * 86_400_000;
/** Sessions that are ended at once. */
const AT_ONCE = 8;

/**
 * Makes the broker heed what was revoked, at once: the list, and the end of the sessions. One worker does it: the leader. What was missed (a worker
 * died, the broker was away) is found again: certificates that no list names, devices that left the fleet and are still online.
 */
export class RevocationKeeper {
	readonly #options: RevocationKeeperOptions;
	readonly #kicks = new Set<string>();
	#lists = false;
	#running: Promise<void> | null = null;
	#closed = false;
	#endListening: () => void = () => {};
	#cancelLook: () => void = () => {};

	constructor(options: RevocationKeeperOptions) {
		this.#options = options;
	}

	start(): void {
		// The first call, with null, looks for what was missed.
		this.#endListening = this.#options.database.listen(REVOKED, (payload) => {
			const kicks = readRevoked(payload);
			if (kicks) this.#ask(kicks);
			else void this.look();
		});
		this.#later();
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#endListening();
		this.#cancelLook();
		await this.#running;
	}

	/** Finds what was missed, and renews a list that gets old. Never throws. */
	async look(): Promise<void> {
		const { database } = this.#options;
		try {
			const left = await database.db
				.selectFrom("devices")
				.select("id")
				.where("state", "in", ["revoked", "retired"])
				.where("online", "=", true)
				.execute();
			if (left.length > 0) this.#ask(left.map(({ id }) => id));
			else if (await this.#listIsOld()) this.#ask([]);
		} catch {
			// The database is away; the next look will tell.
		}
	}

	#later(): void {
		this.#cancelLook = this.#options.clock.after(LOOK_MS, () => {
			void this.look();
			this.#later();
		});
	}

	#ask(kicks: readonly string[]): void {
		for (const id of kicks) this.#kicks.add(id);
		this.#lists = true;
		if (this.#closed) return;
		this.#running ??= this.#enforce().finally(() => {
			this.#running = null;
		});
	}

	/** A certificate is revoked that the newest list does not name, or the list gets old. */
	async #listIsOld(): Promise<boolean> {
		const { revocations, clock } = this.#options;
		return (await revocations.signedAt()).getTime() < clock.now() - RENEW_MS || revocations.isBehind();
	}

	async #enforce(): Promise<void> {
		const { ca, broker, log } = this.#options;
		while (this.#lists && !this.#closed) {
			this.#lists = false;
			const kicks = [...this.#kicks].slice(0, AT_ONCE);
			for (const id of kicks) this.#kicks.delete(id);
			if (this.#kicks.size > 0) this.#lists = true;
			try {
				if (await this.#listIsOld()) await ca.renewCrl();
				if (kicks.length === 0) await broker.publishRevocations();
				else await Promise.all(kicks.map((id) => this.#kick(id)));
			} catch (error) {
				// `look` finds it again.
				log.write("error", "error.unexpected", { code: RoomError.from(error, "broker.unreachable").code });
			}
		}
	}

	async #kick(id: string): Promise<void> {
		const { database, broker } = this.#options;
		await broker.revoke(id);
		await database.db.transaction().execute(async (trx) => {
			await sql`update devices set online = false where id = ${id} and online`.execute(trx);
			// The session's last will came after the topics had been cleared.
			await clearRetained(trx, [id]);
			await announce(trx, { devices: [id] });
		});
	}
}
