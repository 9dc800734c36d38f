import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { writeStateFile } from "../../../device/core/writeStateFile.ts";
import type { RevocationList, RevocationStore, RevokedCertificate } from "./RevocationStore.ts";

const file = z.object({
	v: z.literal(1),
	number: z.number().check(z.int(), z.gte(0)),
	revoked: z.array(
		z.object({
			serial: z.string().check(z.regex(/^[0-9a-f]{1,40}$/)),
			at: z.number(),
			expires: z._default(z.number(), Number.MAX_SAFE_INTEGER),
			reason: z._default(z.string(), "other"),
		}),
	),
});
type State = z.infer<typeof file>;

/** The revocations of one process, in `revocations.json` (0600) of a folder. */
export class FileRevocations implements RevocationStore {
	readonly #path: string;
	readonly #clock: Clock;
	#state: State = { v: 1, number: 0, revoked: [] };
	#list: RevocationList | null = null;
	#writing: Promise<unknown> = Promise.resolve();

	constructor(folder: string, clock: Clock = systemClock) {
		this.#path = join(folder, "revocations.json");
		this.#clock = clock;
	}

	async open({ founded }: { founded: boolean }): Promise<void> {
		const json = await readFile(this.#path, "utf8").catch((error: NodeJS.ErrnoException) => {
			if (error.code === "ENOENT") return null;
			throw new RoomError("ca.unreadable", "the revocations can't be read", { cause: error });
		});
		if (founded !== (json === null)) throw new RoomError("ca.unreadable", "the authority's state is incomplete");
		if (json === null) return this.#write(this.#state);
		try {
			this.#state = file.parse(JSON.parse(json));
		} catch (cause) {
			throw new RoomError("ca.unreadable", "the revocations can't be read", { cause });
		}
	}

	async current(): Promise<RevocationList | null> {
		return this.#list;
	}

	publish(
		added: readonly RevokedCertificate[],
		sign: (number: number, revoked: readonly RevokedCertificate[]) => Promise<string>,
	): Promise<RevocationList> {
		const turn = this.#writing.then(async () => {
			const now = this.#clock.now();
			const known = new Set(this.#state.revoked.map(({ serial }) => serial));
			const news = added.filter(({ serial }) => !known.has(serial));
			if (this.#list && added.length > 0 && news.length === 0) return this.#list;
			const revoked = [...this.#state.revoked, ...news].filter(({ expires }) => expires > now);
			const next: State = { v: 1, number: this.#state.number + 1, revoked };
			const pem = await sign(next.number, revoked);
			// Before anybody sees the list: it can be made again from this, not the other way round.
			await this.#write(next);
			this.#state = next;
			this.#list = { number: next.number, pem };
			return this.#list;
		});
		this.#writing = turn.catch(() => {});
		return turn;
	}

	#write(state: State): Promise<void> {
		return writeStateFile(this.#path, JSON.stringify(state), 0o600);
	}
}
