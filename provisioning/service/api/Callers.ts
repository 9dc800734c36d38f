import type { Caller } from "./Caller.ts";
import type { ApiTokens } from "./signIn/ApiTokens.ts";
import type { Sessions } from "./signIn/Sessions.ts";

/** Finds out who asks. */
export class Callers {
	readonly #sessions: Sessions;
	readonly #tokens: ApiTokens;

	constructor(options: { sessions: Sessions; tokens: ApiTokens }) {
		this.#sessions = options.sessions;
		this.#tokens = options.tokens;
	}

	/** `authorization`: the header (RFC 6750); whoever sends one is not let in by a cookie instead. */
	async find(given: { authorization: string | undefined; session: string | undefined }): Promise<Caller | null> {
		if (given.authorization !== undefined) {
			const token = /^Bearer ([\w-]{1,100})$/i.exec(given.authorization)?.[1];
			return token ? this.#tokens.find(token) : null;
		}
		return given.session ? this.#sessions.find(given.session) : null;
	}

	/** The same caller as of now; null: not let in any longer. Does not count as being there. */
	async check(caller: Caller): Promise<Caller | null> {
		return caller.kind === "person" ? this.#sessions.check(caller.session) : this.#tokens.check(caller.id);
	}
}
