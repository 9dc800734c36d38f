import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Audit } from "../../../../provisioning/service/audit/Audit.ts";
import { Database, type Db } from "../../../../provisioning/service/db/Database.ts";
import { verifyAudit } from "../../../../provisioning/service/db/verifyAudit.ts";
import { TestDatabases } from "./TestDatabase.ts";

let databases: TestDatabases;
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());

const write = async (db: Db, count: number) => {
	for (let index = 1; index <= count; index++) {
		await Audit.append(db, {
			actor: "person:1",
			action: "device.revoke",
			target: `device:${index}`,
			detail: { index },
		});
	}
};

test("the chain holds whatever is written", async () => {
	const { db } = await databases.fresh();
	expect(await verifyAudit(db)).toEqual({
		entries: 0,
		whole: true,
		brokenAt: null,
		head: { seq: 0, hash: "0".repeat(64) },
	});
	// Any text but U+0000, which PostgreSQL has no place for, and halves of surrogate pairs, which are no text.
	const text = fc.string({ unit: "grapheme", maxLength: 20 }).map((value) => value.replaceAll("\0", ""));
	await fc.assert(
		fc.asyncProperty(
			text,
			text,
			fc.option(text),
			fc.dictionary(text, fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean())),
			async (actor, action, target, detail) => {
				await Audit.append(db, { actor, action, target, detail });
			},
		),
		{ numRuns: 200 },
	);
	expect(await verifyAudit(db)).toMatchObject({ entries: 200, whole: true });
});

test("workers that write at the same time make one chain", async () => {
	const { db, name } = await databases.fresh();
	const other = await databases.open(name);
	await Promise.all([write(db, 20), write(other.db, 20), write(db, 20)]);
	expect(await verifyAudit(db)).toMatchObject({ entries: 60, whole: true });
});

test("an entry of a transaction that was taken back leaves no gap", async () => {
	const { db } = await databases.fresh();
	await write(db, 1);
	await expect(
		db.transaction().execute(async (trx) => {
			await write(trx, 1);
			throw new Error("changed its mind");
		}),
	).rejects.toThrow();
	await write(db, 1);
	expect(await verifyAudit(db)).toMatchObject({ entries: 2, whole: true });
});

test("the service's role can neither change it nor choose number, time or hash, and not get round that", async () => {
	const { db } = await databases.fresh();
	await write(db, 3);
	for (const statement of [
		"update audit set actor = 'person:2'",
		"delete from audit",
		"truncate audit",
		"alter table audit disable trigger all",
		"drop trigger audit_append_only on audit",
		"drop table audit",
		"set session_replication_role = 'replica'",
		"set role incamera_owner",
		"create or replace function audit_chain() returns trigger language plpgsql as 'begin return new; end'",
		"insert into audit (actor, action) values ('a', 'b') on conflict (seq) do update set actor = 'x'",
		"create table mine (id int)",
		"delete from schema_migrations",
	]) {
		await expect(sql.raw(statement).execute(db), statement).rejects.toMatchObject({ code: /^(42501|42P06)$/ });
	}
	await sql`insert into audit (seq, ts, actor, action, previous_hash, hash)
		values (1, '2000-01-01', 'a', 'b', ${Buffer.alloc(32)}, ${Buffer.alloc(32)})`.execute(db);
	expect(await verifyAudit(db)).toMatchObject({ entries: 4, whole: true });
});

test("not even the owner changes it by mistake", async () => {
	const { db, ownerUrl } = await databases.fresh();
	await write(db, 1);
	const owner = await Database.open({ url: ownerUrl, migrate: false });
	for (const statement of ["update audit set actor = 'x'", "delete from audit", "truncate audit"]) {
		await expect(sql.raw(statement).execute(owner.db), statement).rejects.toMatchObject({ code: "23001" });
	}
	await owner.close();
});

test("what somebody with all rights changes is found, at its place", async () => {
	for (const [change, brokenAt] of [
		["update audit set actor = 'person:2' where seq = 5", 5],
		["update audit set ts = ts + interval '1 millisecond' where seq = 5", 5],
		["update audit set detail = '{}' where seq = 5", 5],
		["update audit set target = null where seq = 5", 5],
		["update audit set hash = previous_hash where seq = 10", 10],
		["delete from audit where seq = 5", 5],
		["delete from audit where seq = 1", 1],
	] as const) {
		const { db, ownerUrl } = await databases.fresh();
		await write(db, 10);
		const owner = await Database.open({ url: ownerUrl, migrate: false });
		await sql`alter table audit disable trigger all`.execute(owner.db);
		await sql.raw(change).execute(owner.db);
		await owner.close();
		expect(await verifyAudit(db), change).toMatchObject({ whole: false, brokenAt });
	}
});

test("a head that was written down finds what was cut off, or made anew", async () => {
	const { db, ownerUrl } = await databases.fresh();
	await write(db, 10);
	const { head } = await verifyAudit(db);
	const owner = await Database.open({ url: ownerUrl, migrate: false });
	await sql`alter table audit disable trigger audit_append_only`.execute(owner.db);
	await owner.db.deleteFrom("audit").where("seq", ">", 7).execute();
	expect(await verifyAudit(db)).toMatchObject({ entries: 7, whole: true });
	expect(await verifyAudit(db, head)).toMatchObject({ whole: false, brokenAt: 8 });
	await write(db, 3);
	expect(await verifyAudit(db)).toMatchObject({ entries: 10, whole: true });
	expect(await verifyAudit(db, head)).toMatchObject({ whole: false, brokenAt: 10 });
	await owner.close();
});
