import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { PAYLOAD_BYTES } from "../../contract/envelope.ts";
import { topics } from "../../contract/topics.ts";
import type { RevocationList, RevocationReason, RevocationStore, RevokedCertificate } from "../ca/RevocationStore.ts";
import { x509 } from "../ca/x509.ts";
import type { Db } from "../db/Database.ts";
import { notify } from "../db/Notifications.ts";
import { enqueue } from "../db/Outbound.ts";

/** Said when there is a newer list. */
export const REVOCATION_LIST = "revocation_list";

type Sign = (number: number, revoked: readonly RevokedCertificate[]) => Promise<string>;

/**
 * What is revoked stands in `certificates`, the newest list in `ca_state`: all workers of a fleet have the same.
 *
 * With each list goes one for the devices, retained on the bus: without the certificates that a newer one of the same device has replaced. With
 * them the list of a large fleet would not fit into a message, and whoever holds such a certificate is the room that it names.
 */
export class DatabaseRevocations implements RevocationStore {
	readonly #db: Db;
	readonly #caFolder: string;
	readonly #clock: Clock;

	/** `caFolder`: where the authority's `ca.pem` is. */
	constructor(options: { db: Db; caFolder: string; clock?: Clock }) {
		this.#db = options.db;
		this.#caFolder = options.caFolder;
		this.#clock = options.clock ?? systemClock;
	}

	async open({ fingerprint, founded }: { fingerprint: string; founded: boolean }): Promise<void> {
		const made = await this.#db
			.insertInto("ca_state")
			.values({ fingerprint })
			.onConflict((conflict) => conflict.doNothing())
			.returning("fingerprint")
			.executeTakeFirst();
		const state = await this.#db.selectFrom("ca_state").select("fingerprint").executeTakeFirstOrThrow();
		if (state.fingerprint !== fingerprint || (founded && !made)) {
			throw new RoomError(
				"ca.foreign_list",
				"the database belongs to another authority: give this worker the fleet's ca folder",
			);
		}
	}

	async current(): Promise<RevocationList | null> {
		const state = await this.#db.selectFrom("ca_state").select(["crl_number", "crl_pem"]).executeTakeFirst();
		return state?.crl_pem ? { number: state.crl_number, pem: state.crl_pem } : null;
	}

	async publish(added: readonly RevokedCertificate[], sign: Sign): Promise<RevocationList> {
		const authority = await readFile(join(this.#caFolder, "ca.pem"), "utf8");
		return this.#db.transaction().execute(async (trx) => {
			const { crl_number } = await trx
				.selectFrom("ca_state")
				.select("crl_number")
				.forUpdate()
				.executeTakeFirstOrThrow();
			await markRevoked(trx, added);
			const revoked = await revokedNow(trx, this.#clock.now());
			const list = { number: crl_number + 1, pem: await sign(crl_number + 1, revoked) };
			await trx
				.updateTable("ca_state")
				.set({ crl_number: list.number, crl_pem: list.pem, updated_at: new Date(this.#clock.now()) })
				.execute();
			const short = revoked.filter(({ reason }) => reason !== "superseded");
			const payload = Buffer.from(`${authority}\n${await sign(list.number, short)}`);
			// Devices then get it where guests do, over HTTP.
			if (payload.length <= PAYLOAD_BYTES) await enqueue(trx, [{ topic: topics.revocations(), payload, retain: true }]);
			await notify(trx, REVOCATION_LIST, String(list.number));
			return list;
		});
	}

	/** Whether a certificate is revoked that the newest list does not name: whoever revoked it could not have a list signed. */
	async isBehind(): Promise<boolean> {
		const list = await this.current();
		const listed = new Set(list ? new x509.X509Crl(list.pem).entries.map((entry) => entry.serialNumber) : []);
		return (await revokedNow(this.#db, this.#clock.now())).some(({ serial }) => !listed.has(serial));
	}

	/** When the newest list was signed. */
	async signedAt(): Promise<Date> {
		return (await this.#db.selectFrom("ca_state").select("updated_at").executeTakeFirstOrThrow()).updated_at;
	}
}

async function markRevoked(trx: Db, added: readonly RevokedCertificate[]): Promise<void> {
	if (added.length === 0) return;
	await sql`
		insert into certificates (serial, state, not_before, not_after, revoked_at, reason)
		select serial, 'revoked', revoked_at, not_after, revoked_at, reason
		from unnest(
			${added.map(({ serial }) => serial)}::text[], ${added.map(({ at }) => new Date(at))}::timestamptz[],
			${added.map(({ expires }) => new Date(expires))}::timestamptz[], ${added.map(({ reason }) => reason)}::text[]
		) as added (serial, revoked_at, not_after, reason)
		on conflict (serial) do update set state = 'revoked', revoked_at = excluded.revoked_at, reason = excluded.reason
			where certificates.state <> 'revoked'`.execute(trx);
}

async function revokedNow(db: Db, now: number): Promise<RevokedCertificate[]> {
	const rows = await db
		.selectFrom("certificates")
		.select(["serial", "revoked_at", "not_after", "reason"])
		.where("state", "=", "revoked")
		.where("not_after", ">", new Date(now))
		.orderBy("serial")
		.execute();
	return rows.map(({ serial, revoked_at, not_after, reason }) => ({
		serial,
		at: (revoked_at ?? not_after).getTime(),
		expires: not_after.getTime(),
		reason: listReason(reason),
	}));
}

/** An admin's reasons are not the list's: `replaced` is no more suspicious than `retired`, of the others the key may be in strange hands. */
function listReason(reason: string | null): RevocationReason {
	if (reason === "superseded" || reason === "unconfirmed" || reason === "retired") return reason;
	return reason === "replaced" ? "retired" : "lost";
}
