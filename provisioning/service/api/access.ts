import type { Access } from "../../contract/http/route.ts";
import type { Caller } from "./Caller.ts";

/** Why this caller may not, or null. What is not said to be allowed is not. */
export function refusalOf(access: Access, caller: Caller | null): "api.not_signed_in" | "api.forbidden" | null {
	if (access === "public") return null;
	if (!caller) return "api.not_signed_in";
	// A token is no person: it has nobody to show and nothing to sign out of.
	if (access === "signed-in") return caller.kind === "person" ? null : "api.forbidden";
	const allowed =
		caller.kind === "person"
			? access.roles.includes(caller.role)
			: access.scope !== null && caller.scopes.includes(access.scope);
	return allowed ? null : "api.forbidden";
}
