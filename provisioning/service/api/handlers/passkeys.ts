import type { HandlersOf } from "../Handlers.ts";
import type { OwnPasskeys } from "../signIn/OwnPasskeys.ts";

export function passkeyHandlers({ own }: { own: OwnPasskeys }): HandlersOf<"passkeys"> {
	return {
		"passkeys.list": async ({ caller }) => ({ items: await own.list(caller), next: null }),
		"passkeys.begin": ({ caller }) => own.begin(caller),
		"passkeys.add": ({ caller, body }) => own.add(caller, body.challengeId, body.answer, body.name),
		"passkeys.rename": ({ caller, params, body }) => own.rename(caller, params.id, body.name),
		"passkeys.remove": ({ caller, params }) => own.remove(caller, params.id),
	};
}
