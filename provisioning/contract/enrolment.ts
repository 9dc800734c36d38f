import * as z from "zod/mini";
import { envelope, random16 } from "./envelope.ts";
import { deviceId } from "./topics.ts";
import { deviceFacts } from "./twin.ts";

/** Crockford's base 32: no I, L, O, U. */
export const CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** Characters of a code: the first four find it, the other twelve (60 bits) are the secret. */
export const CODE_LENGTH = 16;
export const CODE_LOOKUP_LENGTH = 4;
/** How long a code can be used, and how often it may be tried. */
export const CODE_LIFE_MS = 24 * 3_600_000;
export const CODE_TRIES = 5;
/** How long a device tries to confirm; then it is unclaimed again. A confirmation that is older on arrival was not meant any more. */
export const CONFIRM_MS = 10 * 60_000;
/** scrypt(secret, lookup‖serial) (RFC 7914): cost, block size, parallelism, bytes. About 60 ms on a small room computer. */
export const codeKeyCost = { N: 2 ** 15, r: 8, p: 1, length: 32 } as const;

/** A code as it was typed: spaces and dashes don't matter, nor case, and I, L and O are taken for 1, 1 and 0. Null: no code. */
export function readCode(typed: string): { lookup: string; secret: string } | null {
	if (typed.length > 64) return null;
	const code = typed.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll(/[IL]/g, "1").replaceAll("O", "0");
	if (code.length !== CODE_LENGTH || [...code].some((character) => !CODE_ALPHABET.includes(character))) return null;
	return { lookup: code.slice(0, CODE_LOOKUP_LENGTH), secret: code.slice(CODE_LOOKUP_LENGTH) };
}

/** scrypt's salt: lookup‖serial as UTF-8; its password is the secret as UTF-8, as `readCode` gives it. */
export const codeSalt = (lookup: string, serial: string): Uint8Array => new TextEncoder().encode(lookup + serial);

/** What the device's MAC is of. Nonces as they stand in the messages; `serverCertificate` is the SHA-256 of the listener's certificate, DER. */
export function csrMacInput(of: {
	csr: Uint8Array;
	devNonce: string;
	srvNonce: string;
	serverCertificate: Uint8Array;
}): Uint8Array {
	return join("csr", of.csr, of.devNonce, of.srvNonce, of.serverCertificate);
}

/** What the fleet's MAC is of. The CSR is the device's own, DER: an answer to another's is refused. */
export function issuedMacInput(of: {
	csr: Uint8Array;
	chain: string;
	caBundle: string;
	deviceId: string;
	brokers: readonly string[];
	rendezvous: string;
}): Uint8Array {
	return join("ok", of.csr, of.chain, of.caBundle, JSON.stringify([of.deviceId, of.brokers, of.rendezvous]));
}

function join(...parts: readonly (string | Uint8Array)[]): Uint8Array {
	const bytes = parts.map((part) => (typeof part === "string" ? new TextEncoder().encode(part) : part));
	const joined = new Uint8Array(bytes.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const part of bytes) {
		joined.set(part, at);
		at += part.length;
	}
	return joined;
}

/** `ABCD-EFGH-JKMN-PQRS`. */
export const writeCode = (code: string): string => code.replaceAll(/(.{4})(?=.)/g, "$1-");

const der = (most: number) => z.string().check(z.regex(/^[A-Za-z0-9+/]+={0,2}$/), z.maxLength(most));
/** HMAC-SHA256 (RFC 2104), base64url. */
const mac = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));
const pem = z.string().check(z.minLength(1), z.maxLength(16_384));

/** The device's side, on the bootstrap listener. */
export const enrolUp = z.discriminatedUnion("op", [
	z.object({
		...envelope,
		op: z.literal("hello"),
		facts: deviceFacts,
		lookup: z.string().check(z.regex(/^[0-9A-HJKMNP-TV-Z]{4}$/)),
		devNonce: random16,
	}),
	z.object({
		...envelope,
		op: z.literal("csr"),
		/** PKCS #10 (RFC 2986), DER, base64: P-256, subject empty (the service names the device), no attributes. */
		csr: der(4096),
		/** HMAC(k, "csr"‖csrDER‖devNonce‖srvNonce‖SHA256(serverCert)), see `csrMacInput`: the listener's certificate as the device saw it. */
		mac,
	}),
]);
export type EnrolUp = z.infer<typeof enrolUp>;

/** Why an enrolment ended. The wording never tells whether it was the lookup or the secret that was wrong. */
export const enrolFailure = z.enum([
	"enrol.code_wrong",
	"enrol.code_locked",
	"enrol.csr_refused",
	"enrol.too_many",
	"enrol.out_of_order",
	"enrol.version_unknown",
	"enrol.failed",
]);
export type EnrolFailure = z.infer<typeof enrolFailure>;

/** The service's side. */
export const enrolDown = z.discriminatedUnion("op", [
	z.object({ ...envelope, op: z.literal("challenge"), srvNonce: random16 }),
	z.object({
		...envelope,
		/** Not yet: the answer comes by itself. Has none come after that time, the same `csr` may be sent again. */
		op: z.literal("pending"),
		retryAfterMs: z.number().check(z.int(), z.gte(100), z.lte(60_000)),
	}),
	z.object({
		...envelope,
		op: z.literal("issued"),
		deviceId,
		/** Device certificate and what is between it and the authority, PEM. */
		chain: pem,
		/** The fleet's authority, PEM. */
		caBundle: pem,
		/** `mqtts://host:port`, in the order to be tried. */
		brokers: z.array(z.string().check(z.regex(/^mqtts:\/\//), z.maxLength(300))).check(z.minLength(1), z.maxLength(8)),
		/** Origin of the rendezvous. */
		rendezvous: z.string().check(z.regex(/^https?:\/\//), z.maxLength(300)),
		/** HMAC(k, "ok"‖csrDER‖chain‖caBundle‖JSON([deviceId, brokers, rendezvous])), see `issuedMacInput`. */
		mac,
	}),
	z.object({ ...envelope, op: z.literal("refused"), code: enrolFailure }),
]);
export type EnrolDown = z.infer<typeof enrolDown>;

/**
 * Over mTLS, on the device's own topic, after each connection, again if nobody was there to hear it, and now and then until the fleet has said so: the certificate works. The first burns the code; one that names a renewed
 * certificate ends the older ones. The service's word that it has taken the first is the first `twin/desired`, which it says neither
 * earlier nor later: an acknowledgement of the broker's only tells that the broker has it, and a device that believed that could
 * be claimed in its own eyes only.
 */
export const enrolConfirm = z.object({
	...envelope,
	/** Serial number of the connection's certificate, lower-case hex. */
	serial: z.string().check(z.regex(/^[0-9a-f]{1,40}$/)),
});

/** A certificate for the key that comes with it (subject empty, or CN = own id), in time before the present one ends. */
export const certificateRequest = z.object({ ...envelope, csr: der(4096) });
export type CertificateRequest = z.infer<typeof certificateRequest>;
export const certificateResponse = z.union([
	z.object({ ...envelope, /** The request's `mid`. */ re: random16, chain: pem, caBundle: pem }),
	z.object({ ...envelope, re: random16, code: z.enum(["enrol.csr_refused", "enrol.too_many", "enrol.failed"]) }),
]);
export type CertificateResponse = z.infer<typeof certificateResponse>;
