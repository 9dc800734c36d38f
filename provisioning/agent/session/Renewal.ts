import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { certificateRequest, certificateResponse } from "../../contract/enrolment.ts";
import { decodePayload, encodePayload } from "../../contract/envelope.ts";
import { topics } from "../../contract/topics.ts";
import type { BrokerLine } from "../../line/BrokerLine.ts";
import { envelopeOf } from "../envelope.ts";
import { certificatesOf, checkCertificate } from "../identity/certificates.ts";
import { type DeviceKey, makeDeviceKey } from "../identity/DeviceKey.ts";
import type { Identity, IdentityStore, Membership } from "../identity/IdentityStore.ts";
import type { Refusals } from "../Refusals.ts";

export interface RenewalOptions {
	membership: Membership;
	identities: IdentityStore;
	line: () => BrokerLine;
	clock: Clock;
	log: Log;
	refusals: Refusals;
	random: () => number;
	/** Another identity is in use: the room program reads its files again. */
	renewed(membership: Membership): void;
}

/** Certificates are renewed after this part of their life, and a little later, so that those issued together are not renewed together. */
const DUE = 2 / 3;
const SPREAD = 1 / 60;
const LOOK_MS = 6 * 3_600_000;
/** No answer comes after that; the service holds a few requests an hour for a fault. */
const ANSWER_MS = 10 * 60_000;
/** The broker had nobody to give the request to. */
const NOBODY_MS = 15_000;
/** Until a renewal that failed is tried again. */
const AGAIN_MS = 3_600_000;
/**
 * Until a new identity that missed a connection is tried again, after the first time, the second …: a broker may have been started anew just then.
 * One that misses one more is given up for another.
 */
const MISSED_MS = [10_000, 60_000, 600_000, 3_600_000];

/**
 * Renews key and certificate in time, over the bus. The new identity is kept beside the old one until the broker has taken it; the old one
 * goes on being tried, so that neither a power cut nor a wrong certificate can lock the device out.
 */
export class Renewal {
	readonly #options: RenewalOptions;
	readonly #jitter: number;
	#membership: Membership;
	#candidateNext = true;
	#using: Identity;
	#missed = 0;
	#asked: { mid: string; key: DeviceKey } | null = null;
	#cancel: () => void = () => {};
	#closed = false;

	constructor(options: RenewalOptions) {
		this.#options = options;
		this.#membership = options.membership;
		this.#using = options.membership.identity;
		this.#jitter = options.random();
	}

	/** With what the next connection is to be made: a candidate and the present identity take turns. */
	next(): Identity {
		const { identity, candidate } = this.#membership;
		this.#using = candidate && this.#candidateNext ? candidate : identity;
		this.#candidateNext = !this.#candidateNext;
		return this.#using;
	}

	get using(): Identity {
		return this.#using;
	}

	/** The connection is up and the fleet has been told with which certificate. */
	async opened(): Promise<void> {
		const { candidate } = this.#membership;
		if (!candidate) return this.#look();
		if (this.#using.generation === candidate.generation) {
			this.#change(await this.#options.identities.promote());
			this.#note("renewed");
			this.#options.renewed(this.#membership);
			return this.#look();
		}
		this.#missed += 1;
		this.#note("missed");
		const waitMs = MISSED_MS[this.#missed - 1];
		if (waitMs !== undefined) return this.#later(waitMs, () => this.#reconnect());
		this.#change(await this.#options.identities.dropCandidate());
		this.#later(AGAIN_MS, () => this.#look());
	}

	lost(): void {
		this.#asked = null;
		this.#cancel();
	}

	close(): void {
		this.#closed = true;
		this.lost();
	}

	/** What came on `cert/res`. */
	async received(payload: Uint8Array): Promise<void> {
		const decoded = decodePayload(certificateResponse, payload);
		const asked = this.#asked;
		if (!decoded.ok) return this.#refused(`certificate.${decoded.reason}`);
		if (!asked || decoded.value.re !== asked.mid) return this.#refused("certificate.not_asked");
		this.#asked = null;
		const answer = decoded.value;
		try {
			if ("code" in answer) throw new RoomError(answer.code, "the fleet refused");
			const { chain, caBundle } = answer;
			this.#check(asked.key, chain, caBundle);
			this.#missed = 0;
			const fresh = { key: asked.key.pem, chain, ca: caBundle };
			this.#change(await this.#options.identities.addCandidate(fresh));
			this.#reconnect();
		} catch (error) {
			this.#refused(RoomError.from(error, "certificate.unwritable").code);
			this.#later(AGAIN_MS, () => this.#look());
		}
	}

	/** The broker only carries this: what it brings has to come from the authority that is ours already. */
	#check(key: DeviceKey, chain: string, caBundle: string): void {
		const { clock } = this.#options;
		const { deviceId, pem } = this.#membership.identity;
		checkCertificate({ chain, authority: pem.ca, deviceId, key: key.privateKey, nowMs: clock.now() });
		const raws = (text: string) => certificatesOf(text).map(({ raw }) => raw.toString("hex"));
		const ours = new Set(raws(pem.ca));
		if (raws(caBundle).some((raw) => !ours.has(raw))) {
			throw new RoomError("certificate.authority_changed", "another authority");
		}
	}

	#look(): void {
		if (this.#closed) return;
		const { from, to } = this.#membership.identity;
		const due = from + (to - from) * (DUE + SPREAD * this.#jitter);
		const inMs = due - this.#options.clock.now();
		// Timers hold 24 days at most, and the clock may be set meanwhile.
		if (inMs > 0) {
			this.#later(Math.min(inMs, LOOK_MS), () => this.#look());
			return;
		}
		this.#ask().catch((error: unknown) => {
			this.#refused(RoomError.from(error, "certificate.not_asked").code);
			this.#later(AGAIN_MS, () => this.#look());
		});
	}

	async #ask(): Promise<void> {
		const { line, clock } = this.#options;
		const key = await makeDeviceKey();
		const envelope = envelopeOf(clock);
		this.#asked = { mid: envelope.mid, key };
		this.#note("asked");
		const request = { ...envelope, csr: Buffer.from(key.request).toString("base64") };
		const topic = topics.certificateRequest(this.#membership.identity.deviceId);
		const delivery = await line().publish(topic, encodePayload(certificateRequest, request));
		// it may have been answered already
		if (this.#asked?.mid !== envelope.mid) return;
		this.#later(delivery === "nobody" ? NOBODY_MS : ANSWER_MS, () => this.#look());
	}

	#reconnect(): void {
		this.#candidateNext = true;
		this.#options.line().drop();
	}

	#change(membership: Membership): void {
		this.#membership = membership;
	}

	#later(ms: number, callback: () => void): void {
		this.#cancel();
		if (!this.#closed) this.#cancel = this.#options.clock.after(ms, callback);
	}

	#refused(code: string): void {
		this.#options.refusals.note(code);
	}

	#note(state: string): void {
		this.#options.log.write("info", "certificate.renewal", { state, generation: this.#using.generation });
	}
}
