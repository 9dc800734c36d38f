import { sql } from "kysely";
import type { Db } from "./Database.ts";
import { notify } from "./Notifications.ts";

export interface OutboundMessage {
	topic: string;
	payload: Uint8Array;
	/** A newer payload takes the place of one of the same topic that was not published yet. */
	retain?: boolean;
	/** Part of something large (a wave): goes after all that is not. */
	bulk?: boolean;
	/** Worth nothing after that. */
	expiresAt?: Date;
}

/** A message that this worker, and no other, is to publish. */
export interface TakenMessage {
	id: number;
	version: number;
	topic: string;
	payload: Buffer;
	retain: boolean;
	expiresAt: Date | null;
}

/** Workers that have messages to publish listen to this; see `Database.listen`. */
export const OUTBOUND_CHANNEL = "outbound";

/**
 * Writes down, in the transaction that is the reason for it, what is to be published: it will be, if and only if that transaction is
 * committed. At least once: a worker may die between the broker's answer and `published`.
 */
export async function enqueue(trx: Db, messages: readonly OutboundMessage[]): Promise<void> {
	if (messages.length === 0) return;
	const newest = new Map<string, OutboundMessage>();
	const plain: OutboundMessage[] = [];
	for (const message of messages) {
		if (message.retain) newest.set(message.topic, message);
		else plain.push(message);
	}
	await insert(trx, plain);
	// In one order everywhere, so that no two transactions wait for one another.
	await insert(
		trx,
		[...newest.values()].sort((a, b) => (a.topic < b.topic ? -1 : 1)),
	);
	await notify(trx, OUTBOUND_CHANNEL, "");
}

async function insert(trx: Db, messages: readonly OutboundMessage[]): Promise<void> {
	if (messages.length === 0) return;
	await sql`
		insert into outbound (topic, payload, retain, bulk, expires_at)
		select * from unnest(
			${messages.map(({ topic }) => topic)}::text[],
			${messages.map(({ payload }) => Buffer.from(payload))}::bytea[],
			${messages.map(({ retain }) => retain === true)}::boolean[],
			${messages.map(({ bulk }) => bulk === true)}::boolean[],
			${messages.map(({ expiresAt }) => expiresAt ?? null)}::timestamptz[])
		on conflict (topic) where retain do update set
			payload = excluded.payload,
			expires_at = excluded.expires_at,
			bulk = outbound.bulk and excluded.bulk,
			version = outbound.version + 1`.execute(trx);
}

/**
 * Takes up to `limit` messages that nobody else has, the oldest first, for `leaseMs`: after that another worker may take them. Call it when
 * the broker is there. Until a message is given back nobody gets a newer payload of its retained topic, so the newest is published last.
 */
export async function take(db: Db, limit: number, leaseMs = 30_000): Promise<TakenMessage[]> {
	await sql`delete from outbound where id in (
		select id from outbound where expires_at <= now() for update skip locked)`.execute(db);
	const { rows } = await sql<TakenMessage & { bulk: boolean }>`
		update outbound set leased_until = now() + ${leaseMs} * interval '1 millisecond'
		where id in (
			select id from outbound
			where (leased_until is null or leased_until < now()) and (expires_at is null or expires_at > now())
			order by bulk, id limit ${limit} for update skip locked)
		returning id, version, topic, payload, retain, bulk, expires_at as "expiresAt"`.execute(db);
	rows.sort((a, b) => Number(a.bulk) - Number(b.bulk) || a.id - b.id);
	return rows.map(({ bulk: _, ...message }) => message);
}

type Taken = Pick<TakenMessage, "id" | "version">;

/** The broker has acknowledged them. A topic that got a newer payload meanwhile is free to be taken again. */
export async function published(db: Db, messages: readonly Taken[]): Promise<void> {
	await giveBack(db, messages, true);
}

/** The broker has not: they are free to be taken again. */
export async function unpublished(db: Db, messages: readonly Taken[]): Promise<void> {
	await giveBack(db, messages, false);
}

async function giveBack(db: Db, messages: readonly Taken[], done: boolean): Promise<void> {
	if (messages.length === 0) return;
	await sql`
		with mine as (
			select outbound.id, outbound.version = taken.version and ${done} as done
			from outbound
			join unnest(${messages.map(({ id }) => id)}::bigint[], ${messages.map(({ version }) => version)}::bigint[])
				as taken (id, version) on taken.id = outbound.id
			order by outbound.topic
			for update of outbound
		), gone as (
			delete from outbound using mine where outbound.id = mine.id and mine.done
		)
		update outbound set leased_until = null from mine where outbound.id = mine.id and not mine.done`.execute(db);
}
