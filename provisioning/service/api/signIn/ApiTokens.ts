import type { Clock } from "../../../../device/core/clock.ts";
import type { Scope } from "../../../contract/http/route.ts";
import type { ApiToken } from "../../../contract/http/shapes.ts";
import type { Db } from "../../db/Database.ts";
import type { Row } from "../../db/Schema.ts";
import type { TokenCaller } from "../Caller.ts";
import { accessChanged } from "./accessChanged.ts";
import { hashSecret, isUuid, newSecret } from "./secrets.ts";

/** So that a scanner of sources and logs can recognise one. */
const PREFIX = "ict_";
const FORM = /^ict_[A-Za-z0-9_-]{43}$/;
const DAY_MS = 24 * 3_600_000;
const USED_MS = 60_000;

/** Tokens for programs; kept as hashes. A token can do no more than who made it: it ends with that person's rights. */
export class ApiTokens {
	readonly #db: Db;
	readonly #clock: Clock;

	constructor(options: { db: Db; clock: Clock }) {
		this.#db = options.db;
		this.#clock = options.clock;
	}

	async create(
		trx: Db,
		{ name, scopes, days, by }: { name: string; scopes: readonly Scope[]; days: number; by: string },
	): Promise<{ token: string; about: ApiToken }> {
		const token = `${PREFIX}${newSecret()}`;
		const now = this.#clock.now();
		const row = await trx
			.insertInto("api_tokens")
			.values({
				token_hash: hashSecret(token),
				name,
				scopes: [...new Set(scopes)].sort(),
				created_by: by,
				created_at: new Date(now),
				expires_at: new Date(now + days * DAY_MS),
			})
			.returningAll()
			.executeTakeFirstOrThrow();
		return { token, about: record(row) };
	}

	/** Whose token this is; null: none of ours, expired or ended. */
	async find(token: string): Promise<TokenCaller | null> {
		if (!FORM.test(token)) return null;
		const now = this.#clock.now();
		const row = await this.#db
			.selectFrom("api_tokens")
			.select(["id", "scopes", "last_used_at"])
			.where("token_hash", "=", hashSecret(token))
			.where("revoked_at", "is", null)
			.where("expires_at", ">", new Date(now))
			.executeTakeFirst();
		if (!row) return null;
		if (!row.last_used_at || row.last_used_at.getTime() < now - USED_MS) {
			await this.#db
				.updateTable("api_tokens")
				.set({ last_used_at: new Date(now) })
				.where("id", "=", row.id)
				.execute();
		}
		return { kind: "token", id: row.id, actor: `token:${row.id}`, scopes: row.scopes };
	}

	/** Whether a token that was found earlier is still good. */
	async check(id: string): Promise<TokenCaller | null> {
		const row = await this.#db
			.selectFrom("api_tokens")
			.select("scopes")
			.where("id", "=", id)
			.where("revoked_at", "is", null)
			.where("expires_at", ">", new Date(this.#clock.now()))
			.executeTakeFirst();
		return row ? { kind: "token", id, actor: `token:${id}`, scopes: row.scopes } : null;
	}

	async list(): Promise<ApiToken[]> {
		const rows = await this.#db
			.selectFrom("api_tokens")
			.selectAll()
			.where("revoked_at", "is", null)
			.orderBy("created_at", "desc")
			.limit(1000)
			.execute();
		return rows.map(record);
	}

	/** False: there is no such token. */
	async revoke(trx: Db, id: string): Promise<boolean> {
		if (!isUuid(id)) return false;
		const { numUpdatedRows } = await trx
			.updateTable("api_tokens")
			.set({ revoked_at: new Date(this.#clock.now()) })
			.where("id", "=", id)
			.where("revoked_at", "is", null)
			.executeTakeFirst();
		await accessChanged(trx);
		return numUpdatedRows > 0n;
	}

	/** Ends all that this actor made; resolves with how many. */
	async revokeAllBy(trx: Db, actor: string): Promise<number> {
		const { numUpdatedRows } = await trx
			.updateTable("api_tokens")
			.set({ revoked_at: new Date(this.#clock.now()) })
			.where("created_by", "=", actor)
			.where("revoked_at", "is", null)
			.executeTakeFirst();
		return Number(numUpdatedRows);
	}
}

const record = (row: Row<"api_tokens">): ApiToken => ({
	id: row.id,
	name: row.name,
	scopes: row.scopes,
	createdAt: row.created_at.toISOString(),
	expiresAt: row.expires_at.toISOString(),
	lastUsedAt: row.last_used_at?.toISOString() ?? null,
});
