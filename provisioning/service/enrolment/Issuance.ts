import type { Clock } from "../../../device/core/clock.ts";
import { enrolDown, issuedMacInput } from "../../contract/enrolment.ts";
import { encodePayload } from "../../contract/envelope.ts";
import { topics } from "../../contract/topics.ts";
import type { DeviceFacts } from "../../contract/twin.ts";
import { Audit } from "../audit/Audit.ts";
import { newEnvelope } from "../bus/message.ts";
import type { FleetCa } from "../ca/FleetCa.ts";
import { type Db, json } from "../db/Database.ts";
import { enqueue } from "../db/Outbound.ts";
import { announce } from "../fleet/announcements.ts";
import { firstTwin } from "../twins/desired.ts";
import { macOf } from "./CodeKeys.ts";
import { newDeviceId } from "./codes.ts";
import { discardPending } from "./pendingDevices.ts";
import { Tries } from "./Tries.ts";

export interface IssuanceOptions {
	db: Db;
	ca: FleetCa;
	clock: Clock;
	/** Where devices connect: `mqtts://host:port`, in the order to be tried. */
	brokers: readonly string[];
	/** Origin of the rendezvous. */
	rendezvous: string;
}

export interface Proved {
	nonce: string;
	codeId: string;
	lookup: string;
	/** Of the code. */
	key: Uint8Array;
	/** DER. */
	csr: Uint8Array;
	facts: DeviceFacts;
	/** When the attempt ends. */
	expiresAt: Date;
}

/** Makes a device of who has proved to know a code. */
export class Issuance {
	readonly #options: IssuanceOptions;

	constructor(options: IssuanceOptions) {
		this.#options = options;
	}

	/**
	 * Issues the certificate, and writes down device, twin and answer, all or nothing; the answer goes out by itself. False: the code was
	 * withdrawn, used or has expired meanwhile.
	 *
	 * A code that was issued to before and never confirmed is used again: who proves the secret is who was given it, and the person at the panel
	 * sees only that it did not work and types it once more. What was issued first is revoked.
	 *
	 * Error: `enrol.csr_refused`.
	 */
	async issue(proved: Proved): Promise<boolean> {
		const { db, ca, clock } = this.#options;
		const id = newDeviceId();
		const issued = await ca.issueFromCsr(proved.csr, id);
		const answer = this.#answer(proved, id, issued.chain);
		return db.transaction().execute(async (trx) => {
			const now = clock.now();
			const code = await trx
				.selectFrom("enrolment_codes")
				.select(["id", "room", "device_id"])
				.where("id", "=", proved.codeId)
				.where("state", "in", ["open", "issued"])
				.where("expires_at", ">", new Date(now))
				.forUpdate()
				.executeTakeFirst();
			if (!code) return false;
			if (code.device_id) await discardPending(trx, code.device_id, now);
			await insertDevice(trx, id, code.room, proved.facts, now);
			await trx
				.insertInto("certificates")
				.values({
					serial: issued.serial,
					device_id: id,
					not_before: new Date(issued.notBefore),
					not_after: new Date(issued.notAfter),
					created_at: new Date(now),
				})
				.execute();
			await trx
				.updateTable("enrolment_codes")
				.set({ state: "issued", device_id: id })
				.where("id", "=", code.id)
				.execute();
			await Tries.forget(trx, proved.lookup);
			await trx
				.updateTable("enrolment_attempts")
				.set({ step: "issued", device_id: id, certificate_serial: issued.serial, answer: Buffer.from(answer) })
				.where("nonce", "=", proved.nonce)
				.execute();
			await enqueue(trx, [{ topic: topics.enrolDown(proved.nonce), payload: answer, expiresAt: proved.expiresAt }]);
			await announce(trx, { devices: [id], enrolments: true });
			await Audit.append(trx, {
				actor: "service",
				action: "device.issue",
				target: `device:${id}`,
				detail: { enrolment: code.id, certificate: issued.serial },
			});
			return true;
		});
	}

	#answer({ csr, key }: Proved, deviceId: string, chain: string): Uint8Array {
		const { ca, clock, brokers, rendezvous } = this.#options;
		const of = { csr, chain, caBundle: ca.certificate, deviceId, brokers: [...brokers], rendezvous };
		const mac = macOf(key, issuedMacInput(of));
		const { csr: _, ...told } = of;
		return encodePayload(enrolDown, { ...newEnvelope(clock.now()), op: "issued", ...told, mac });
	}
}

async function insertDevice(
	trx: Db,
	id: string,
	room: Parameters<typeof firstTwin>[0],
	facts: DeviceFacts,
	now: number,
): Promise<void> {
	await trx
		.insertInto("devices")
		.values({
			id,
			serial_number: facts.serial,
			model: facts.model,
			firmware: facts.firmware,
			slot: facts.slot,
			label: room.name,
			created_at: new Date(now),
		})
		.execute();
	await trx
		.insertInto("twins")
		.values({
			device_id: id,
			desired_rev: 1,
			desired: json(firstTwin(room)),
			desired_at: new Date(now),
			desired_by: "service",
		})
		.execute();
}
