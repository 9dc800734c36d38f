import { decodeAttestationObject } from "@simplewebauthn/server/helpers";
import { RoomError } from "../../../../device/core/RoomError.ts";

/** The authenticator's word for a person: 16 bytes that tell nothing. */
export const handleOf = (person: string): Buffer => Buffer.from(person.replaceAll("-", ""), "hex");

/** Discoverable credentials say whose they are: it has to be the person that we think. */
export const isNamed = (handle: unknown, person: string): boolean =>
	typeof handle === "string" && Buffer.from(handle, "base64url").equals(handleOf(person));

/** Whose an answer says to be, if it does. */
export const handleIn = (answer: Record<string, unknown>): unknown =>
	(answer["response"] as { userHandle?: unknown } | null | undefined)?.userHandle;

/** Whether it was made inside a frame of another site's page; the library lets it pass when the browser does not say whose. */
export function isFramed(clientDataJson: string): boolean {
	const data: unknown = JSON.parse(Buffer.from(clientDataJson, "base64url").toString("utf8"));
	return (data as { crossOrigin?: unknown }).crossOrigin === true;
}

/**
 * What browsers send when no attestation is asked for: none, or the key's own signature. The other formats bring certificates, whose
 * revocation lists the library would fetch from wherever they say.
 */
export function isPlainAttestation(attestationObject: unknown): boolean {
	if (typeof attestationObject !== "string") return false;
	const attestation = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, "base64url")));
	const format = attestation.get("fmt");
	return format === "none" || (format === "packed" && attestation.get("attStmt").get("x5c") === undefined);
}

const refusal = "the passkey was not accepted; begin again";
export const refused = (cause?: unknown): RoomError =>
	new RoomError("api.passkey_refused", refusal, cause === undefined ? {} : { cause });

/** Library and checks throw plain errors for whatever does not fit, also for input of a wrong form. */
export async function asked<T>(verify: () => Promise<T>): Promise<T> {
	try {
		return await verify();
	} catch (cause) {
		throw refused(cause);
	}
}
