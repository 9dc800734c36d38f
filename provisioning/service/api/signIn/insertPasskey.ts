import type { WebAuthnCredential } from "@simplewebauthn/server";
import type { Db } from "../../db/Database.ts";
import { isDuplicate } from "../../db/databaseErrors.ts";
import { refused } from "./passkeyChecks.ts";

/** Error: `api.passkey_refused` for somebody's credential id, or this person's a second time; the transaction is over then. */
export async function insertPasskey(
	trx: Db,
	credential: WebAuthnCredential,
	of: { person: string; label: string | null; nowMs: number },
): Promise<void> {
	try {
		await trx
			.insertInto("passkeys")
			.values({
				credential_id: credential.id,
				person_id: of.person,
				public_key: Buffer.from(credential.publicKey),
				counter: credential.counter,
				transports: (credential.transports ?? []).filter((each) => /^[a-z-]{1,20}$/.test(each)).slice(0, 8),
				label: of.label,
				created_at: new Date(of.nowMs),
			})
			.execute();
	} catch (error) {
		throw isDuplicate(error, "passkeys_pkey") ? refused() : error;
	}
}
