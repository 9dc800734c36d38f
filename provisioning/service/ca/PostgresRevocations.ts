import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Db } from "../db/Database.ts";
import { notify } from "../db/Notifications.ts";
import type { RevocationList, RevocationStore, RevokedCertificate } from "./RevocationStore.ts";

/** Notification with the number of a new list: the other workers refresh theirs (`FleetCa.refreshCrl`). */
export const REVOCATIONS_CHANNEL = "revocations";

/**
 * The revocations of several workers, in the tables `certificates` and `ca_state`. Whoever revokes in a transaction of his own (sets
 * `state`, `revoked_at`, `reason`) publishes it afterwards with `FleetCa.renewCrl`.
 */
export class PostgresRevocations implements RevocationStore {
	readonly #db: Db;
	readonly #clock: Clock;

	constructor(db: Db, clock: Clock = systemClock) {
		this.#db = db;
		this.#clock = clock;
	}

	async open({ fingerprint }: { fingerprint: string }): Promise<void> {
		await this.#db
			.insertInto("ca_state")
			.values({ fingerprint })
			.onConflict((conflict) => conflict.column("singleton").doNothing())
			.execute();
		const state = await this.#db.selectFrom("ca_state").select("fingerprint").executeTakeFirstOrThrow();
		if (state.fingerprint !== fingerprint) {
			throw new RoomError(
				"ca.foreign_list",
				"the database belongs to another authority: give this worker that one's folder",
			);
		}
	}

	async current(): Promise<RevocationList | null> {
		const state = await this.#db.selectFrom("ca_state").select(["crl_number", "crl_pem"]).executeTakeFirst();
		return state && state.crl_number > 0 ? { number: state.crl_number, pem: state.crl_pem } : null;
	}

	publish(
		added: readonly RevokedCertificate[],
		sign: (number: number, revoked: readonly RevokedCertificate[]) => Promise<string>,
	): Promise<RevocationList> {
		return this.#db.transaction().execute(async (trx) => {
			const before = await trx
				.selectFrom("ca_state")
				.select(["crl_number", "crl_pem"])
				.forUpdate()
				.executeTakeFirstOrThrow();
			const news = await add(trx, added);
			if (added.length > 0 && !news && before.crl_number > 0) {
				return { number: before.crl_number, pem: before.crl_pem };
			}
			const now = new Date(this.#clock.now());
			// Certificates of servers and for proofs are nobody's: past their end they tell nothing.
			await trx.deleteFrom("certificates").where("device_id", "is", null).where("not_after", "<=", now).execute();
			const revoked = await trx
				.selectFrom("certificates")
				.select(["serial", "revoked_at", "not_after", "reason"])
				.where("state", "=", "revoked")
				.where("not_after", ">", now)
				.orderBy("serial")
				.execute();
			const number = before.crl_number + 1;
			const pem = await sign(
				number,
				revoked.map(({ serial, revoked_at, not_after, reason }) => ({
					serial,
					at: (revoked_at ?? now).getTime(),
					expires: not_after.getTime(),
					reason: reason ?? "other",
				})),
			);
			await trx.updateTable("ca_state").set({ crl_number: number, crl_pem: pem, updated_at: now }).execute();
			await notify(trx, REVOCATIONS_CHANNEL, String(number));
			return { number, pem };
		});
	}
}

/** Whether one of them was not revoked before. */
async function add(trx: Db, added: readonly RevokedCertificate[]): Promise<boolean> {
	if (added.length === 0) return false;
	const changed = await trx
		.insertInto("certificates")
		.values(
			added.map(({ serial, at, expires, reason }) => ({
				serial,
				state: "revoked" as const,
				not_before: new Date(at),
				not_after: new Date(expires),
				revoked_at: new Date(at),
				reason,
			})),
		)
		.onConflict((conflict) =>
			conflict
				.column("serial")
				.doUpdateSet((eb) => ({
					state: "revoked",
					revoked_at: eb.ref("excluded.revoked_at"),
					reason: eb.ref("excluded.reason"),
				}))
				.where("certificates.state", "<>", "revoked"),
		)
		.returning("serial")
		.execute();
	return changed.length > 0;
}
