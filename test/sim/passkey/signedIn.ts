import { randomBytes } from "node:crypto";
import type { Clock } from "../../../device/core/clock.ts";
import type { Role } from "../../../provisioning/contract/http/route.ts";
import { Sessions } from "../../../provisioning/service/api/signIn/Sessions.ts";
import type { Db } from "../../../provisioning/service/db/Database.ts";

/** A new person who has just signed in, with a passkey that no authenticator holds; the token is the cookie's value. */
export async function signedIn(
	db: Db,
	{ name, role, clock }: { name: string; role: Role; clock: Clock },
): Promise<{ id: string; token: string }> {
	const now = new Date(clock.now());
	const { id } = await db
		.insertInto("people")
		.values({ display_name: name, role, created_at: now })
		.returning("id")
		.executeTakeFirstOrThrow();
	const passkey = randomBytes(32).toString("base64url");
	await db
		.insertInto("passkeys")
		.values({ credential_id: passkey, person_id: id, public_key: Buffer.alloc(0), created_at: now, last_used_at: now })
		.execute();
	return { id, token: await new Sessions({ db, clock }).begin(db, id, passkey) };
}
