import { createHmac, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import * as z from "zod/mini";
import type { Clock } from "../core/clock.ts";

/** How long a key is remembered after it was last met: long enough for a monthly meeting, no longer. */
export const KNOWN_KEY_DAYS = 35;
const MOST = 500;
const dayMs = 86_400_000;

const file = z.object({
	v: z.literal(1),
	salt: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
	/** HMAC-SHA256(salt, key fingerprint) in hex → day number (UTC) on which it was last met. */
	keys: z.record(z.string().check(z.regex(/^[0-9a-f]{64}$/)), z.number()),
});
type Contents = z.infer<typeof file>;

/**
 * Answers "same key as last time" without storing whom the room met: a salted hash and a day for each key, nothing else; forgotten
 * after {@link KNOWN_KEY_DAYS} days, and the oldest beyond 500. A damaged file is begun anew: the worst outcome is "new key".
 */
export class KnownKeys {
	readonly #path: string;
	readonly #clock: Clock;
	#contents: Contents | null = null;
	#writing: Promise<void> = Promise.resolve();

	constructor(options: { path: string; clock: Clock }) {
		this.#path = options.path;
		this.#clock = options.clock;
	}

	/** Notes that a key (any bytes that identify it, such as a SHA-256) was met; says whether it was met before. */
	async meet(keyFingerprint: Uint8Array): Promise<"same" | "new"> {
		const contents = await this.#load();
		const today = this.#purge(contents);
		const hash = createHmac("sha256", Buffer.from(contents.salt, "hex")).update(keyFingerprint).digest("hex");
		const answer = hash in contents.keys ? "same" : "new";
		contents.keys[hash] = today;
		await this.#save(contents);
		return answer;
	}

	/** Deletes everything, the salt included. */
	async forget(): Promise<void> {
		this.#contents = { v: 1, salt: randomBytes(32).toString("hex"), keys: {} };
		await this.#save(this.#contents);
	}

	#purge(contents: Contents): number {
		const today = Math.floor(this.#clock.now() / dayMs);
		const byAge = Object.entries(contents.keys).sort(([, a], [, b]) => b - a);
		contents.keys = Object.fromEntries(
			byAge.filter(([, day]) => today - day <= KNOWN_KEY_DAYS && day <= today).slice(0, MOST - 1),
		);
		return today;
	}

	async #load(): Promise<Contents> {
		if (this.#contents) return this.#contents;
		const parsed = await readFile(this.#path, "utf8")
			.then((text) => file.safeParse(JSON.parse(text)))
			.catch(() => null);
		this.#contents = parsed?.success ? parsed.data : { v: 1, salt: randomBytes(32).toString("hex"), keys: {} };
		return this.#contents;
	}

	#save(contents: Contents): Promise<void> {
		const text = JSON.stringify(contents);
		this.#writing = this.#writing.then(async () => {
			await mkdir(dirname(this.#path), { recursive: true });
			// written beside and renamed, so that a power cut leaves the old file or the new one
			await writeFile(`${this.#path}.new`, text, { mode: 0o600 });
			await rename(`${this.#path}.new`, this.#path);
		});
		return this.#writing;
	}
}
