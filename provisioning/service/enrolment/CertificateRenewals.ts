import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { certificateResponse } from "../../contract/enrolment.ts";
import { encodePayload } from "../../contract/envelope.ts";
import { topics } from "../../contract/topics.ts";
import { Audit } from "../audit/Audit.ts";
import { newEnvelope } from "../bus/message.ts";
import type { FrameOf } from "../bus/readFrame.ts";
import type { FleetCa, Issued } from "../ca/FleetCa.ts";
import type { Db } from "../db/Database.ts";
import { enqueue } from "../db/Outbound.ts";
import { announce } from "../fleet/announcements.ts";

export interface CertificateRenewalsOptions {
	db: Db;
	ca: FleetCa;
	clock: Clock;
	log: Log;
}

/** Certificates that a device gets and does not confirm within an hour: who asks for more is broken, or up to something. */
const WAITING_MOST = 3;
const WAITING_MS = 3_600_000;
/** An answer that comes later is answered by the next request. */
const ANSWER_MS = 10 * 60_000;

type Refusal = "enrol.csr_refused" | "enrol.too_many" | "enrol.failed";

/**
 * New certificates for devices that are in the fleet, for the key that they have or a new one. The old certificate stays good until the
 * new one was seen in use (`Confirmations`), and a while longer.
 */
export class CertificateRenewals {
	readonly #options: CertificateRenewalsOptions;

	constructor(options: CertificateRenewalsOptions) {
		this.#options = options;
	}

	async take(frames: readonly FrameOf<"certificateRequest">[]): Promise<void> {
		for (const frame of frames) await this.#answer(frame);
	}

	async #answer({ id, message }: FrameOf<"certificateRequest">): Promise<void> {
		const { db, ca, clock, log } = this.#options;
		let issued: Issued | Refusal;
		try {
			issued = await ca.issueFromCsr(Buffer.from(message.csr, "base64"), id);
		} catch (error) {
			const { code } = RoomError.from(error, "enrol.failed");
			issued = code === "enrol.csr_refused" ? code : "enrol.failed";
		}
		await db.transaction().execute(async (trx) => {
			const device = await trx
				.selectFrom("devices")
				.select("state")
				.where("id", "=", id)
				.forNoKeyUpdate()
				.executeTakeFirst();
			// Not (or no longer) in the fleet: no word.
			if (device?.state !== "active") return;
			const outcome = typeof issued === "string" ? issued : await this.#record(trx, id, issued);
			const envelope = { ...newEnvelope(clock.now()), re: message.mid };
			const answer =
				typeof outcome === "string"
					? { ...envelope, code: outcome }
					: { ...envelope, chain: outcome.chain, caBundle: ca.certificate };
			if (typeof outcome === "string") log.write("warn", "enrolment.refused", { code: outcome });
			await enqueue(trx, [
				{
					topic: topics.certificateResponse(id),
					payload: encodePayload(certificateResponse, answer),
					expiresAt: new Date(clock.now() + ANSWER_MS),
				},
			]);
		});
	}

	async #record(trx: Db, id: string, issued: Issued): Promise<Issued | Refusal> {
		const now = this.#options.clock.now();
		const waiting = await trx
			.selectFrom("certificates")
			.select("serial")
			.where("device_id", "=", id)
			.where("state", "=", "pending")
			.where("created_at", ">", new Date(now - WAITING_MS))
			.execute();
		if (waiting.length >= WAITING_MOST) return "enrol.too_many";
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
		await announce(trx, { devices: [id] });
		await Audit.append(trx, {
			actor: `device:${id}`,
			action: "certificate.renew",
			target: `device:${id}`,
			detail: { certificate: issued.serial },
		});
		return issued;
	}
}
