import type { Session } from "../../../contract/http/shapes.ts";
import { Audit } from "../../audit/Audit.ts";
import type { Db } from "../../db/Database.ts";
import type { HandlersOf } from "../Handlers.ts";
import type { Passkeys, SignedIn } from "../signIn/Passkeys.ts";
import type { People } from "../signIn/People.ts";
import type { Registrations } from "../signIn/Registrations.ts";
import type { Sessions } from "../signIn/Sessions.ts";

export interface SessionHandlersOptions {
	db: Db;
	passkeys: Passkeys;
	registrations: Registrations;
	people: People;
	sessions: Sessions;
	fleet: string;
}

export function sessionHandlers(options: SessionHandlersOptions): HandlersOf<"session"> & HandlersOf<"registration"> {
	const { db, passkeys, registrations, people, sessions, fleet } = options;
	const sessionOf = async (person: string): Promise<Session> => ({ person: await people.get(person), fleet });
	const enter = async ({ person, token }: SignedIn, setSession: (token: string) => void): Promise<Session> => {
		setSession(token);
		return sessionOf(person);
	};
	return {
		"session.get": ({ caller }) => sessionOf(caller.id),
		"session.begin": () => passkeys.beginSignIn(),
		"session.create": async ({ body, setSession }) =>
			enter(await passkeys.signIn(body.challengeId, body.answer), setSession),
		"session.beginConfirming": ({ caller }) => passkeys.beginConfirming(caller),
		"session.confirm": ({ caller, body }) => passkeys.confirm(caller, body.challengeId, body.answer),
		"session.delete": async ({ caller, actor, setSession }) => {
			await db.transaction().execute(async (trx) => {
				await sessions.end(trx, caller.session);
				await Audit.append(trx, { actor, action: "session.end", target: actor });
			});
			setSession(null);
		},
		"registration.begin": ({ body }) => registrations.begin(body.invitation, body.name),
		"registration.create": async ({ body, setSession }) =>
			enter(await registrations.register(body.challengeId, body.answer), setSession),
	};
}
