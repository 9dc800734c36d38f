import type { Role, Scope } from "../../contract/http/route.ts";

/** Somebody who is signed in, in a browser. */
export interface PersonCaller {
	kind: "person";
	id: string;
	/** For the audit log and the domain: an id, never a name. */
	actor: `person:${string}`;
	role: Role;
	/** SHA-256 of the session's token. */
	session: Buffer;
}

/** A program with an API token. */
export interface TokenCaller {
	kind: "token";
	id: string;
	actor: `token:${string}`;
	scopes: readonly Scope[];
}

/** Who asks, proved. */
export type Caller = PersonCaller | TokenCaller;
