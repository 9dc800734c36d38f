import { Audit } from "../../audit/Audit.ts";
import type { Db } from "../../db/Database.ts";
import { notFound } from "../failures.ts";
import type { HandlersOf } from "../Handlers.ts";
import type { ApiTokens } from "../signIn/ApiTokens.ts";
import type { Invitations } from "../signIn/Invitations.ts";
import type { People } from "../signIn/People.ts";

export interface PeopleHandlersOptions {
	db: Db;
	people: People;
	tokens: ApiTokens;
	invitations: Invitations;
}

export function peopleHandlers(options: PeopleHandlersOptions): HandlersOf<"people"> & HandlersOf<"tokens"> {
	const { db, people, tokens, invitations } = options;
	return {
		"people.list": async () => ({ items: await people.list(), next: null }),
		"people.invite": ({ body, actor }) =>
			db.transaction().execute((trx) => invitations.create(trx, { role: body.role, by: actor })),
		"people.change": ({ params, body, actor }) => people.change(params.id, body, actor),
		"tokens.list": async () => ({ items: await tokens.list(), next: null }),
		"tokens.create": ({ body, actor }) =>
			db.transaction().execute(async (trx) => {
				const made = await tokens.create(trx, { ...body, by: actor });
				const { id, scopes } = made.about;
				const detail = { scopes: scopes.join(" "), days: body.days };
				await Audit.append(trx, { actor, action: "token.create", target: `token:${id}`, detail });
				return made;
			}),
		"tokens.delete": ({ params, actor }) =>
			db.transaction().execute(async (trx) => {
				if (!(await tokens.revoke(trx, params.id))) throw notFound("token");
				await Audit.append(trx, { actor, action: "token.end", target: `token:${params.id}` });
			}),
	};
}
