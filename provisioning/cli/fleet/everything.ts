import type * as z from "zod/mini";
import type { CallId } from "../../contract/http/FleetClient.ts";
import type { ResponseOf } from "../../contract/http/route.ts";
import type { Routes } from "../../contract/http/routes.ts";
import type { Call } from "../FleetCommand.ts";

/** Routes that answer in pages. */
type Paged = {
	[Id in CallId]: Routes[Id] extends { query: z.ZodMiniType<{ after?: string | undefined }> } ? Id : never;
}[CallId];
type ItemOf<Id extends Paged> = ResponseOf<Routes[Id]> extends { items: (infer Item)[] } ? Item : never;

/** All items of a list, page by page, up to `most`. */
export async function everything<Id extends Paged>(
	call: Call,
	id: Id,
	request: { params?: object; query?: object },
	most = Number.POSITIVE_INFINITY,
): Promise<ItemOf<Id>[]> {
	const items: ItemOf<Id>[] = [];
	let after: string | null = null;
	do {
		const limit = String(Math.min(500, most - items.length));
		const query = { ...request.query, limit, ...(after ? { after } : {}) };
		const page = (await call(id, { ...request, query } as never)) as { items: ItemOf<Id>[]; next: string | null };
		items.push(...page.items);
		after = page.next;
	} while (after && items.length < most);
	return items;
}
