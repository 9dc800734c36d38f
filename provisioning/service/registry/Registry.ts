import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { Audit } from "../audit/Audit.ts";
import { endCommands } from "../commands/endCommands.ts";
import type { Db } from "../db/Database.ts";
import { lockIssuedCode } from "../enrolment/pendingDevices.ts";
import { announce } from "../fleet/announcements.ts";
import { roomsChanged } from "../twins/rooms.ts";
import { clearRetained } from "./clearRetained.ts";
import { revokeCertificates } from "./revokeCertificates.ts";

/** Why an admin shuts a device out. */
export type RevokeReason = "lost" | "stolen" | "compromised" | "replaced" | "other";

/** Devices that leave the fleet. */
export class Registry {
	readonly #db: Db;
	readonly #clock: Clock;

	constructor(options: { db: Db; clock: Clock }) {
		this.#db = options.db;
		this.#clock = options.clock;
	}

	/**
	 * Shuts a device out, now and for good: once it is committed, `RevocationKeeper` puts its certificates on the list and ends its session. A
	 * device that is out already stays as it is. Error: `api.not_found`.
	 */
	async revoke(id: string, reason: RevokeReason, by: string): Promise<void> {
		await this.#db.transaction().execute(async (trx) => {
			const ended = await this.end(trx, id, "revoked", reason);
			if (ended)
				await Audit.append(trx, { actor: by, action: "device.revoke", target: `device:${id}`, detail: { reason } });
		});
	}

	/** A device leaves in order: it has forgotten the fleet, the fleet forgets its certificates. */
	async retire(id: string, by: string): Promise<void> {
		await this.#db.transaction().execute(async (trx) => {
			const ended = await this.end(trx, id, "retired", "retired");
			if (ended) await Audit.append(trx, { actor: by, action: "device.retire", target: `device:${id}` });
		});
	}

	/** False if it was out already. `online` stays until its session has really ended. Error: `api.not_found`. */
	async end(trx: Db, id: string, state: "revoked" | "retired", reason: string): Promise<boolean> {
		const now = this.#clock.now();
		await lockIssuedCode(trx, id);
		const device = await trx
			.selectFrom("devices")
			.select("state")
			.where("id", "=", id)
			.forNoKeyUpdate()
			.executeTakeFirst();
		if (!device) throw new RoomError("api.not_found", "there is no such device");
		if (device.state === "revoked" || device.state === "retired") return false;
		await trx
			.updateTable("devices")
			.set({ state, ended_at: new Date(now) })
			.where("id", "=", id)
			.execute();
		await trx
			.updateTable("jobs")
			.set({ state: "CANCELLED", ended_at: new Date(now), changed_at: new Date(now) })
			.where("device_id", "=", id)
			.where("ended_at", "is", null)
			.execute();
		await endCommands(trx, id, now);
		// A code that waits for this device's confirmation must not give it a way back in.
		await trx
			.updateTable("enrolment_codes")
			.set({ state: "withdrawn", secret_sealed: null })
			.where("device_id", "=", id)
			.where("state", "=", "issued")
			.execute();
		await revokeCertificates(trx, [id], reason, now);
		await clearRetained(trx, [id]);
		await roomsChanged(trx);
		await announce(trx, { devices: [id] });
		return true;
	}
}
