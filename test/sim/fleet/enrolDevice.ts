import { createHash, createHmac, randomBytes, scrypt } from "node:crypto";
import { promisify } from "node:util";
import type { Clock } from "../../../device/core/clock.ts";
import { silentLog } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import {
	codeKeyCost,
	codeSalt,
	csrMacInput,
	type EnrolDown,
	type EnrolUp,
	enrolDown,
	enrolUp,
	issuedMacInput,
	readCode,
} from "../../../provisioning/contract/enrolment.ts";
import { decodePayload, encodePayload } from "../../../provisioning/contract/envelope.ts";
import { topics } from "../../../provisioning/contract/topics.ts";
import type { DeviceFacts } from "../../../provisioning/contract/twin.ts";
import { BrokerLine } from "../../../provisioning/line/BrokerLine.ts";
import { type DeviceKey, newDeviceKey, requestFor } from "./deviceKey.ts";

/** What a device has, once the fleet has issued it. */
export interface DeviceIdentity {
	id: string;
	key: DeviceKey;
	chain: string;
	ca: string;
	brokers: readonly string[];
	rendezvous: string;
}

export interface EnrolDeviceOptions {
	/** Of the bootstrap listener: `mqtts://host:port`. */
	url: string;
	/** As it was typed. */
	code: string;
	facts: DeviceFacts;
	clock: Clock;
	/** Ends it: `enrol.given_up`. */
	signal?: AbortSignal;
	/** What really leaves instead of each message: for devices that don't keep to the rules. Null: nothing. */
	tamper?: (message: EnrolUp) => EnrolUp | null;
	/** Called with each message that arrives, before it is looked at. */
	heard?: (message: EnrolDown) => void;
	/** Makes the request for the certificate; absent: as it should be. */
	request?: (key: DeviceKey) => Promise<Uint8Array>;
}

/** Without an answer for so long, the last message is sent again. */
const RESEND_MS = 3000;
const scryptKey = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

/**
 * The device's side of the handshake, as an agent does it: hello, challenge, proof, certificate. What it is issued counts only with a MAC by
 * the same code. If the line breaks, it begins anew, with another nonce.
 *
 * Errors: the service's refusal (`enrol.code_wrong` …), `enrol.code_malformed`, `enrol.fleet_not_proved` (an answer without the right
 * MAC), `enrol.given_up`.
 */
export async function enrolDevice(options: EnrolDeviceOptions): Promise<DeviceIdentity> {
	const code = readCode(options.code);
	if (!code) throw new RoomError("enrol.code_malformed", "that is no code");
	const key = await newDeviceKey();
	const csr = await (options.request ?? requestFor)(key);
	const codeKey = await scryptKey(code.secret, codeSalt(code.lookup, options.facts.serial), codeKeyCost.length, {
		N: codeKeyCost.N,
		r: codeKeyCost.r,
		p: codeKeyCost.p,
		maxmem: 2 ** 26,
	});
	for (;;) {
		const identity = await oneLine({ ...options, key, csr, codeKey, lookup: code.lookup });
		if (identity) return identity;
	}
}

/** As far as one connection carries; null: it broke. */
function oneLine(
	options: EnrolDeviceOptions & { key: DeviceKey; csr: Uint8Array; codeKey: Uint8Array; lookup: string },
): Promise<DeviceIdentity | null> {
	const { url, facts, clock, signal, key, csr, codeKey, lookup } = options;
	const nonce = randomBytes(16).toString("hex");
	const devNonce = random16();
	const line = new BrokerLine({
		target: () => ({ url, clientId: nonce, tls: "unproved" }),
		clock,
		log: silentLog,
		random: () => 0.2,
	});
	let [last, cancelResend]: [EnrolUp | null, () => void] = [null, () => {}];
	const send = (message: EnrolUp): void => {
		last = message;
		cancelResend();
		cancelResend = clock.after(RESEND_MS, () => last && send(last));
		const sent = options.tamper ? options.tamper(message) : message;
		if (sent) line.publish(topics.enrolUp(nonce), encodePayload(enrolUp, sent)).catch(() => {});
	};
	const envelope = () => ({ v: 1 as const, mid: random16(), ts: clock.now() });
	return new Promise<DeviceIdentity | null>((resolve, reject) => {
		const giveUp = () => reject(new RoomError("enrol.given_up", "it took too long"));
		if (signal?.aborted) giveUp();
		signal?.addEventListener("abort", giveUp, { once: true });
		line.events.on("opened", () => {
			line
				.subscribe([topics.enrolDown(nonce)])
				.then(() => send({ ...envelope(), op: "hello", facts, lookup, devNonce }))
				.catch(() => {});
		});
		line.events.on("lost", () => resolve(null));
		line.events.on("message", ({ payload }) => {
			const decoded = decodePayload(enrolDown, payload);
			if (!decoded.ok) return;
			const message = decoded.value;
			options.heard?.(message);
			cancelResend();
			if (message.op === "refused") reject(new RoomError(message.code, "the service refused"));
			else if (message.op === "pending") {
				cancelResend = clock.after(message.retryAfterMs, () => last && send(last));
			} else if (message.op === "challenge") {
				if (last?.op !== "hello") return;
				const serverCertificate = createHash("sha256")
					.update(line.peerCertificate ?? "")
					.digest();
				const mac = macOf(codeKey, csrMacInput({ csr, devNonce, srvNonce: message.srvNonce, serverCertificate }));
				send({ ...envelope(), op: "csr", csr: Buffer.from(csr).toString("base64"), mac });
			} else {
				if (macOf(codeKey, issuedMacInput({ ...message, csr })) !== message.mac) {
					return reject(new RoomError("enrol.fleet_not_proved", "whoever answered does not know the code"));
				}
				const { deviceId: id, chain, caBundle: ca, brokers, rendezvous } = message;
				resolve({ id, key, chain, ca, brokers, rendezvous });
			}
		});
		line.open();
	}).finally(() => {
		cancelResend();
		return line.close();
	});
}

export const random16 = (): string => randomBytes(16).toString("base64url");
const macOf = (key: Uint8Array, input: Uint8Array): string =>
	createHmac("sha256", key).update(input).digest("base64url");
