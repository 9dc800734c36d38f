import { Audit } from "../../audit/Audit.ts";
import type { Db } from "../../db/Database.ts";
import type { HandlersOf } from "../Handlers.ts";
import { limitOf, numberCursor } from "../pages.ts";

export function auditHandlers({ db }: { db: Db }): HandlersOf<"audit"> {
	return {
		"audit.list": async ({ query }) => {
			const limit = limitOf(query.limit);
			const items = await Audit.list(db, { before: numberCursor(query.after), limit });
			return { items, next: items.length === limit ? String(items.at(-1)?.seq) : null };
		},
		"audit.verify": async () => {
			const { entries, whole, brokenAt, head } = await Audit.verify(db);
			return { entries, whole, brokenAt, head: head.hash };
		},
	};
}
