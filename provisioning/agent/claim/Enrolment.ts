import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import {
	csrMacInput,
	type EnrolDown,
	type EnrolUp,
	enrolDown,
	enrolUp,
	issuedMacInput,
	type readCode,
} from "../../contract/enrolment.ts";
import { decodePayload, encodePayload } from "../../contract/envelope.ts";
import { topics } from "../../contract/topics.ts";
import type { DeviceFacts } from "../../contract/twin.ts";
import { BrokerLine } from "../../line/BrokerLine.ts";
import { envelopeOf, random16 } from "../envelope.ts";
import { checkCertificate } from "../identity/certificates.ts";
import { type DeviceKey, makeDeviceKey } from "../identity/DeviceKey.ts";
import type { NewIdentity } from "../identity/IdentityStore.ts";
import { codeKey, macHolds, macOf } from "./codeKey.ts";

export interface EnrolmentOptions {
	code: NonNullable<ReturnType<typeof readCode>>;
	facts: DeviceFacts;
	/** The bootstrap listener, `mqtts://host:port`. */
	url: string;
	clock: Clock;
	log: Log;
	random?: () => number;
	/** How far it is; the first step, connecting, is not told. */
	onStep(step: "proving" | "waiting"): void;
}

/** What a fleet that proved itself has given to this device. */
export interface Issued {
	identity: NewIdentity;
	fleet: { deviceId: string; brokers: string[]; rendezvous: string };
}

/** Said again when nothing came back by then. */
const AGAIN_MS = 5000;
/** Nothing heard for so long: nobody is there. */
const SILENT_MS = 30_000;

/**
 * The device's side of enrolment, on the bootstrap listener (fleet.md): both sides prove that they know the code, and neither tells it.
 * Whoever listens, or sits between, can end it and nothing else. A line that breaks is taken up again where it was.
 */
export class Enrolment {
	readonly #options: EnrolmentOptions;
	readonly #nonce = randomBytes(16).toString("hex");
	readonly #devNonce = random16();
	readonly #line: BrokerLine;
	readonly #key: Promise<DeviceKey> = makeDeviceKey();
	readonly #codeKey: Promise<Buffer>;
	readonly #result = Promise.withResolvers<Issued>();
	/** What the fleet challenged us with; null: it hasn't yet. */
	#challenge: { key: Buffer; csr: Uint8Array; srvNonce: string } | null = null;
	#stopAgain: () => void = () => {};
	#stopSilence: () => void = () => {};
	#answering = false;
	#over = false;

	constructor(options: EnrolmentOptions) {
		const { url, clock, log, code } = options;
		this.#options = options;
		this.#codeKey = codeKey(code, options.facts.serial);
		this.#line = new BrokerLine({
			target: () => ({ url, clientId: this.#nonce, tls: "unproved" }),
			clock,
			log,
			...(options.random ? { random: options.random } : {}),
		});
		// whoever asks for the result hears of it; an enrolment that nobody waits for may fail too
		for (const promise of [this.#result.promise, this.#key, this.#codeKey]) promise.catch(() => {});
	}

	/**
	 * Once. Errors: `enrol.unreachable`, `enrol.fleet_not_proved`, `enrol.failed`, those of the contract's `enrolFailure`, and
	 * `enrol.cancelled` by the signal.
	 */
	async run(signal: AbortSignal): Promise<Issued> {
		const cancel = (): void => this.#fail("enrol.cancelled", "cancelled");
		signal.addEventListener("abort", cancel, { once: true });
		this.#line.events.on("opened", () => void this.#introduce());
		this.#line.events.on("message", ({ topic, payload }) => void this.#heard(topic, payload));
		this.#listenOn();
		if (signal.aborted) cancel();
		else this.#line.open();
		try {
			return await this.#result.promise;
		} finally {
			this.#over = true;
			signal.removeEventListener("abort", cancel);
			this.#stopAgain();
			this.#stopSilence();
			void this.#line.close();
		}
	}

	async #introduce(): Promise<void> {
		try {
			await this.#line.subscribe([topics.enrolDown(this.#nonce)]);
		} catch {
			this.#line.drop();
			return;
		}
		this.#say();
	}

	/** Says what there is to say, now and until an answer comes. */
	#say(againMs = AGAIN_MS): void {
		if (this.#over) return;
		this.#stopAgain();
		this.#stopAgain = this.#options.clock.after(againMs, () => this.#say());
		const message = this.#line.isOpen ? this.#next() : null;
		// unsaid: it is said again
		if (message) this.#line.publish(topics.enrolUp(this.#nonce), encodePayload(enrolUp, message)).catch(() => {});
	}

	#next(): EnrolUp | null {
		const { code, facts, clock } = this.#options;
		const devNonce = this.#devNonce;
		if (!this.#challenge) return { ...envelopeOf(clock), op: "hello", facts, lookup: code.lookup, devNonce };
		const { key, csr, srvNonce } = this.#challenge;
		// of this connection: a fleet may have several listeners
		const server = this.#line.peerCertificate;
		if (!server) return null;
		const serverCertificate = createHash("sha256").update(server).digest();
		const mac = macOf(key, csrMacInput({ csr, devNonce, srvNonce, serverCertificate }));
		return { ...envelopeOf(clock), op: "csr", csr: Buffer.from(csr).toString("base64"), mac };
	}

	#listenOn(): void {
		this.#stopSilence();
		this.#stopSilence = this.#options.clock.after(SILENT_MS, () => this.#fail("enrol.unreachable", "nobody answers"));
	}

	async #heard(topic: string, payload: Uint8Array): Promise<void> {
		if (this.#over || topic !== topics.enrolDown(this.#nonce)) return;
		const decoded = decodePayload(enrolDown, payload);
		// Anybody in between can send anything; what can't be read is not heard.
		if (!decoded.ok) return;
		this.#listenOn();
		try {
			await this.#take(decoded.value);
		} catch (error) {
			const { code, message } = RoomError.from(error, "enrol.failed");
			this.#fail(code, message);
		}
	}

	async #take(message: EnrolDown): Promise<void> {
		switch (message.op) {
			case "challenge":
				await this.#prove(message.srvNonce);
				break;
			case "pending":
				if (!this.#challenge) return;
				this.#options.onStep("waiting");
				this.#stopAgain();
				this.#stopAgain = this.#options.clock.after(message.retryAfterMs, () => this.#say());
				break;
			case "issued":
				await this.#accept(message);
				break;
			case "refused":
				throw new RoomError(message.code, "the fleet refused");
		}
	}

	async #prove(srvNonce: string): Promise<void> {
		// the first counts; it comes again when a hello was repeated
		if (this.#answering) return;
		this.#answering = true;
		this.#options.onStep("proving");
		const [key, { request: csr }] = await Promise.all([this.#codeKey, this.#key]);
		this.#challenge = { key, csr, srvNonce };
		this.#say();
	}

	async #accept(issued: EnrolDown & { op: "issued" }): Promise<void> {
		const { deviceId, brokers, rendezvous, chain, caBundle } = issued;
		const [key, own] = await Promise.all([this.#codeKey, this.#key]);
		const input = issuedMacInput({ csr: own.request, chain, caBundle, deviceId, brokers, rendezvous });
		if (!macHolds(issued.mac, key, input)) {
			throw new RoomError("enrol.fleet_not_proved", "whoever answered does not know the code");
		}
		try {
			const nowMs = this.#options.clock.now();
			checkCertificate({ chain, authority: caBundle, deviceId, key: own.privateKey, nowMs });
		} catch (cause) {
			throw new RoomError("enrol.failed", "the fleet issued what can't be used", { cause });
		}
		const identity = { key: own.pem, chain, ca: caBundle };
		this.#result.resolve({ identity, fleet: { deviceId, brokers, rendezvous } });
	}

	#fail(code: string, message: string): void {
		this.#result.reject(new RoomError(code, message));
	}
}
