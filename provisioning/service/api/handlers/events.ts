import { type RawBuilder, sql } from "kysely";
import type { Event } from "../../../contract/http/shapes.ts";
import type { EventType } from "../../../contract/topics.ts";
import type { Db } from "../../db/Database.ts";
import type { HandlersOf } from "../Handlers.ts";
import { limitOf, numberCursor } from "../pages.ts";
import { roomExists } from "./roomExists.ts";

export function eventHandlers({ db }: { db: Db }): HandlersOf<"events"> {
	return {
		"events.list": async ({ query: { room, type, since, ...page } }) => {
			if (room) await roomExists(db, room);
			return pageOfEvents(db, { room, type, since: since === undefined ? undefined : new Date(since) }, page);
		},
	};
}

/** Which events; what is absent is all. */
export interface EventFilter {
	/** A device's id. */
	room?: string | undefined;
	type?: EventType | undefined;
	/** Those that arrived then or later. */
	since?: Date | undefined;
}

/** A page of events in the order in which they arrived, the newest first. Error: `api.malformed`. */
export async function pageOfEvents(
	db: Db,
	filter: EventFilter,
	page: { after?: string | undefined; limit?: string | undefined },
): Promise<{ items: Event[]; next: string | null }> {
	const limit = limitOf(page.limit);
	const { rows } = await eventsQuery({ ...filter, after: numberCursor(page.after), limit }).execute(db);
	return { items: rows.map(event), next: rows.length === limit ? String(rows.at(-1)?.id) : null };
}

interface EventRow {
	id: number;
	device_id: string;
	label: string | null;
	type: EventType;
	ts: Date;
	received_at: Date;
	data: Record<string, unknown>;
}

/**
 * Its statement, for a test of how the database goes about it. A page begins after an event, whose time is looked up: exact to what the database
 * keeps of it. If that one was deleted meanwhile, those after it were, too.
 */
export function eventsQuery({
	room,
	type,
	since,
	after,
	limit,
}: EventFilter & { after: number | null; limit: number }): RawBuilder<EventRow> {
	const where: RawBuilder<unknown>[] = [sql`true`];
	if (room) where.push(sql`device_id = ${room}`);
	if (type) where.push(sql`type = ${type}`);
	if (since) where.push(sql`received_at >= ${since}`);
	if (after !== null) {
		where.push(sql`(received_at, id) < ((select received_at from events where id = ${after}), ${after})`);
	}
	return sql<EventRow>`select e.*, d.label from (
		select id, device_id, type, ts, received_at, data from events
		where ${sql.join(where, sql` and `)} order by received_at desc, id desc limit ${limit}
	) e left join devices d on d.id = e.device_id order by e.received_at desc, e.id desc`;
}

const event = (row: EventRow): Event => ({
	id: String(row.id),
	device: row.device_id,
	name: row.label || row.device_id,
	// The bus takes no others.
	type: row.type,
	at: row.ts.toISOString(),
	receivedAt: row.received_at.toISOString(),
	data: row.data,
});
