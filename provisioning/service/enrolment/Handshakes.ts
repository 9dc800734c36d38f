import { randomBytes } from "node:crypto";
import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { csrMacInput, type EnrolDown, type EnrolFailure, type EnrolUp, enrolDown } from "../../contract/enrolment.ts";
import { encodePayload } from "../../contract/envelope.ts";
import { topics } from "../../contract/topics.ts";
import type { Counters } from "../bus/Counters.ts";
import { newEnvelope, random16 } from "../bus/message.ts";
import type { Db } from "../db/Database.ts";
import type { ServiceKey } from "../db/ServiceKey.ts";
import { AttemptStore, type StoredAttempt } from "./AttemptStore.ts";
import { type CodeKeys, isMacOfOne } from "./CodeKeys.ts";
import { HandshakeLimits } from "./HandshakeLimits.ts";
import { nextStep } from "./handshake.ts";
import type { Issuance } from "./Issuance.ts";

export interface HandshakesOptions {
	db: Db;
	key: ServiceKey;
	codeKeys: CodeKeys;
	issuance: Issuance;
	/** Says something to a device at the bootstrap listener; what is lost is asked for again. */
	publish: (topic: string, payload: Uint8Array) => Promise<void>;
	/** SHA-256 of the certificates that the bootstrap listener shows, or showed a moment ago. */
	listenerCertificates: () => Promise<readonly Uint8Array[]>;
	clock: Clock;
	log: Log;
	counters: Counters;
	limits?: HandshakeLimits;
}

const RETRY_AFTER_MS = 5000;

/**
 * The handshake by which a device gets into the fleet (design: fleet.md, Enrolment): device and fleet prove to each other that they know the code,
 * over a listener that anybody may reach. What is decided: `nextStep`; what is known: `AttemptStore`. Any worker can go on at any step.
 *
 * Whoever has a wrong code learns nothing: a lookup that nobody knows is challenged, computed with, counted and refused like another.
 */
export class Handshakes {
	readonly #options: HandshakesOptions;
	readonly #store: AttemptStore;
	readonly #limits: HandshakeLimits;
	/** The secret of codes that there are not. */
	readonly #decoy = randomBytes(16).toString("hex");

	constructor(options: HandshakesOptions) {
		this.#options = options;
		this.#store = new AttemptStore(options.db, options.key);
		this.#limits = options.limits ?? new HandshakeLimits(options.clock);
	}

	/** Does what a message asks for. Never throws: who gets no answer asks again. */
	async take(nonce: string, message: EnrolUp): Promise<void> {
		if (!this.#limits.allows(nonce)) return;
		try {
			await this.#step(nonce, message);
		} catch (error) {
			const { code } = RoomError.from(error, "enrol.failed");
			if (code === "bus.unreachable" || code === "database.unavailable") return;
			this.#options.log.write("error", "error.unexpected", { code });
			await this.#refuse(nonce, "enrol.failed").catch(() => {});
		}
	}

	async #step(nonce: string, message: EnrolUp): Promise<void> {
		const { clock } = this.#options;
		const attempt = await this.#store.find(nonce);
		const step = nextStep(attempt, message, clock.now());
		switch (step.do) {
			case "begin":
				return this.#begin(nonce, message as EnrolUp & { op: "hello" });
			case "challenge":
				return this.#say(nonce, { op: "challenge", srvNonce: step.srvNonce });
			case "prove":
				return this.#prove(nonce, attempt as StoredAttempt, step);
			case "wait":
				return this.#say(nonce, { op: "pending", retryAfterMs: RETRY_AFTER_MS });
			case "repeat":
				if (attempt?.answer) await this.#options.publish(topics.enrolDown(nonce), attempt.answer);
				return;
			case "refuse":
				return this.#refuse(nonce, step.code);
		}
	}

	async #begin(nonce: string, hello: EnrolUp & { op: "hello" }): Promise<void> {
		if (!this.#limits.allowsBeginning()) return this.#refuse(nonce, "enrol.too_many");
		const srvNonce = random16();
		const begun = await this.#store.begin(nonce, hello, srvNonce, this.#options.clock.now());
		// Another worker had the same message: it answers.
		if (begun) await this.#say(nonce, { op: "challenge", srvNonce });
	}

	async #prove(nonce: string, attempt: StoredAttempt, { csr, mac }: { csr: string; mac: string }): Promise<void> {
		const { clock } = this.#options;
		const claim = await this.#store.claim(nonce, csr, clock.now());
		if (claim === "taken") return;
		if (claim === "locked") return this.#fail(attempt, "enrol.code_locked");
		try {
			await this.#judge(nonce, attempt, { csr, mac });
		} catch (error) {
			// Not the device's fault: neither is the try lost, nor the proof.
			this.#unclaimLater(attempt);
			throw error;
		}
	}

	async #judge(nonce: string, attempt: StoredAttempt, { csr, mac }: { csr: string; mac: string }): Promise<void> {
		const { codeKeys, listenerCertificates, issuance, clock, counters } = this.#options;
		if (codeKeys.waiting > 0) await this.#say(nonce, { op: "pending", retryAfterMs: RETRY_AFTER_MS });
		const code = await this.#store.readCode(attempt, clock.now());
		let key: Buffer;
		try {
			key = await codeKeys.derive(code?.secret ?? this.#decoy, attempt.lookup, attempt.facts.serial);
		} catch (error) {
			if (!(error instanceof RoomError) || error.code !== "enrol.too_many") throw error;
			await this.#store.unclaim(attempt);
			return this.#say(nonce, { op: "pending", retryAfterMs: RETRY_AFTER_MS });
		}
		counters.add("enrolment_proofs", {});
		const der = Buffer.from(csr, "base64");
		const of = { csr: der, devNonce: attempt.devNonce, srvNonce: attempt.srvNonce };
		const inputs = (await listenerCertificates()).map((serverCertificate) => csrMacInput({ ...of, serverCertificate }));
		if (!isMacOfOne(mac, key, inputs) || !code) {
			const left = await this.#store.failTry(attempt, clock.now());
			return this.#tell(nonce, left > 0 ? "enrol.code_wrong" : "enrol.code_locked");
		}
		try {
			const { lookup, facts } = attempt;
			const proved = { nonce, codeId: code.id, lookup, key, csr: der, facts, expiresAt: new Date(attempt.expiresAt) };
			// Withdrawn in this very moment: it was no code any more.
			if (!(await issuance.issue(proved))) return this.#fail(attempt, "enrol.code_wrong");
			counters.add("enrolments", { outcome: "issued" });
		} catch (error) {
			if (!(error instanceof RoomError) || error.code !== "enrol.csr_refused") throw error;
			await this.#store.giveTryBack(attempt);
			await this.#fail(attempt, "enrol.csr_refused");
		}
	}

	/** As soon as the database is there. */
	#unclaimLater(attempt: StoredAttempt, tries = 10): void {
		this.#store.unclaim(attempt).catch(() => {
			if (tries > 0) this.#options.clock.after(2000, () => this.#unclaimLater(attempt, tries - 1));
		});
	}

	/** Ends the attempt, and says why. */
	async #fail(attempt: StoredAttempt, code: EnrolFailure): Promise<void> {
		await this.#store.fail(attempt.nonce, code);
		await this.#tell(attempt.nonce, code);
	}

	async #tell(nonce: string, code: EnrolFailure): Promise<void> {
		const { counters, log } = this.#options;
		counters.add("enrolments", { outcome: code });
		log.write("warn", "enrolment.refused", { code });
		await this.#refuse(nonce, code);
	}

	#refuse(nonce: string, code: EnrolFailure): Promise<void> {
		return this.#say(nonce, { op: "refused", code });
	}

	#say(nonce: string, words: Words): Promise<void> {
		const message = { ...newEnvelope(this.#options.clock.now()), ...words } as EnrolDown;
		return this.#options.publish(topics.enrolDown(nonce), encodePayload(enrolDown, message));
	}
}

type Words =
	| { op: "challenge"; srvNonce: string }
	| { op: "pending"; retryAfterMs: number }
	| { op: "refused"; code: EnrolFailure };
