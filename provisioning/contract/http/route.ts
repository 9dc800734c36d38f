import type * as z from "zod/mini";

/** What a person may be. `dpo` is the data protection officer: sees what was done with data, not the rooms' daily life. */
export const roles = ["viewer", "technician", "fleet_admin", "dpo"] as const;
export type Role = (typeof roles)[number];

/** What an API token may be allowed; a token has no role. */
export const scopes = ["fleet:read", "fleet:write", "enrol", "rollouts", "audit:read", "metrics"] as const;
export type Scope = (typeof scopes)[number];

/** Who may call it: everybody, whoever is signed in, or people of these roles; and tokens with this scope, if any. */
export type Access = "public" | "signed-in" | { roles: readonly [Role, ...Role[]]; scope: Scope | null };

export interface Route {
	method: "GET" | "POST" | "PUT" | "DELETE";
	/** Under `/api/1`; parameters as `{name}`. */
	path: `/${string}`;
	/** One line for people who read the documentation. */
	summary: string;
	access: Access;
	params?: z.ZodMiniObject;
	query?: z.ZodMiniObject;
	/** JSON; unknown keys are refused (400 `api.malformed`), since a misspelt one would be silently without effect. */
	body?: z.ZodMiniType;
	/** Of status 200; absent: 204. */
	response?: z.ZodMiniType;
	/** Codes beside those that any route can answer (`commonErrors`). */
	errors?: Readonly<Record<string, number>>;
	/** A stream of server-sent events (HTML, section 9.2), each with a JSON value of `response`. */
	stream?: true;
}

/** What any route can answer: code and HTTP status. */
export const commonErrors = {
	"api.malformed": 400,
	"api.not_signed_in": 401,
	"api.forbidden": 403,
	"api.not_found": 404,
	"api.too_large": 413,
	"api.too_many": 429,
	"api.unexpected": 500,
	"database.unavailable": 503,
} as const;

export const API_ROOT = "/api/1";

type Parsed<S> = S extends z.ZodMiniType ? z.infer<S> : undefined;
/** What a caller gives. */
export type RequestOf<R extends Route> = {
	params: Parsed<R["params"]>;
	query: Parsed<R["query"]>;
	body: Parsed<R["body"]>;
};
/** What it gets. */
export type ResponseOf<R extends Route> = Parsed<R["response"]>;
