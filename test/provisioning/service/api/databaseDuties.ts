import { randomBytes } from "node:crypto";
import type { Clock } from "../../../../device/core/clock.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { FleetDuties } from "../../../../provisioning/service/api/FleetDuties.ts";
import { Audit } from "../../../../provisioning/service/audit/Audit.ts";
import { type Db, json } from "../../../../provisioning/service/db/Database.ts";
import { Rollouts } from "../../../../provisioning/service/rollouts/Rollouts.ts";

const notFound = () => new RoomError("api.not_found", "no such thing");

/** The least that a fleet can do, without a bus: it only writes into the database. */
export function databaseDuties(db: Db, clock: Clock): FleetDuties {
	const now = () => new Date(clock.now());
	const audited = <T>(by: string, action: string, target: string | null, work: (trx: Db) => Promise<T>) =>
		db.transaction().execute(async (trx) => {
			const result = await work(trx);
			await Audit.append(trx, { actor: by, action, target });
			return result;
		});
	return {
		enrolments: {
			create: ({ room, by }) =>
				audited(by, "enrolment.create", null, async (trx) => {
					const expires_at = new Date(clock.now() + 86_400_000);
					const lookup = randomBytes(2).toString("hex").toUpperCase();
					const row = await trx
						.insertInto("enrolment_codes")
						.values({ lookup, room: json(room), created_by: by, created_at: now(), expires_at })
						.returning(["id", "lookup"])
						.executeTakeFirstOrThrow();
					const times = { createdAt: now().toISOString(), expiresAt: expires_at.toISOString() };
					const record = { ...row, ...times, roomName: room.name, tries: 0, state: "open", device: null } as const;
					return { code: `${lookup}-EFGH-JKMN-PQRS`, record };
				}),
			withdraw: (id, by) =>
				audited(by, "enrolment.withdraw", null, async (trx) => {
					const { numUpdatedRows } = await trx
						.updateTable("enrolment_codes")
						.set({ state: "withdrawn" })
						.where("id", "=", id)
						.executeTakeFirst();
					if (numUpdatedRows === 0n) throw notFound();
				}),
		},
		twins: {
			setDesired: (device, rev, doc, by) =>
				audited(by, "twin.set", `device:${device}`, async (trx) => {
					const twin = await trx
						.selectFrom("twins")
						.select("desired_rev")
						.where("device_id", "=", device)
						.forUpdate()
						.executeTakeFirst();
					if (!twin) throw notFound();
					if (twin.desired_rev !== rev) throw new RoomError("api.twin_conflict", "somebody else was faster");
					await trx
						.updateTable("twins")
						.set({ desired_rev: rev + 1, desired: json(doc), desired_at: now(), desired_by: by })
						.where("device_id", "=", device)
						.execute();
					await trx.updateTable("devices").set({ label: doc.room.name }).where("id", "=", device).execute();
				}),
		},
		commands: {
			send: (device, command, by) =>
				audited(by, "command.send", `device:${device}`, async (trx) => {
					const room = await trx.selectFrom("devices").select("online").where("id", "=", device).executeTakeFirst();
					if (!room) throw notFound();
					if (!room.online) throw new RoomError("api.device_offline", "the room is not there");
					const mid = randomBytes(16).toString("base64url");
					await trx
						.insertInto("commands")
						.values({
							mid,
							device_id: device,
							op: command.op,
							args: json(command.args),
							created_by: by,
							created_at: now(),
							expires_at: new Date(clock.now() + 30_000),
						})
						.execute();
					return { mid };
				}),
		},
		registry: {
			revoke: (device, reason, by) =>
				audited(by, `device.revoke.${reason}`, `device:${device}`, async (trx) => {
					const { numUpdatedRows } = await trx
						.updateTable("devices")
						.set({ state: "revoked", ended_at: now() })
						.where("id", "=", device)
						.executeTakeFirst();
					if (numUpdatedRows === 0n) throw notFound();
				}),
		},
		rollouts: new Rollouts({ db, clock }),
	};
}
