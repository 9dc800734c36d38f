import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { RoomError } from "../../../device/core/RoomError.ts";

const FILE = "service.key";
const KEY_BYTES = 32;
const VERSION = 1;
const ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + ID_BYTES + NONCE_BYTES;

/**
 * The key under which a few secrets stand in the database, so that a copy of the database (a backup, a replica) is not enough to use
 * them. It lies beside the authority's key in the state folder; workers on several machines have copies of one file.
 *
 * AES-256-GCM; `version(1) ‖ key id(4) ‖ nonce(12) ‖ ciphertext ‖ tag(16)`. A random nonce is fine for some billions of secrets.
 */
export class ServiceKey {
	readonly #key: Buffer;
	readonly #id: Buffer;

	private constructor(key: Buffer) {
		this.#key = key;
		this.#id = createHash("sha256").update("incamera service key").update(key).digest().subarray(0, ID_BYTES);
	}

	/** Opens `<folder>/service.key` (0600), or makes it. Error: `service_key.unreadable`. */
	static async open(folder: string): Promise<ServiceKey> {
		const file = join(folder, FILE);
		await mkdir(folder, { recursive: true, mode: 0o700 });
		let key = await readFile(file).catch((error: NodeJS.ErrnoException) => {
			if (error.code === "ENOENT") return null;
			throw new RoomError("service_key.unreadable", "the service's key can't be read", { cause: error });
		});
		if (!key) {
			await make(file);
			key = await readFile(file);
		}
		if (key.length !== KEY_BYTES) throw new RoomError("service_key.unreadable", "the service's key is damaged");
		return new ServiceKey(key);
	}

	/** `context` says what it is and whose (`enrolment_codes:<id>`): put into another row, it does not open. */
	seal(secret: string, context: string): Buffer {
		const nonce = randomBytes(NONCE_BYTES);
		const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(context));
		const sealed = [cipher.update(secret, "utf8"), cipher.final()];
		return Buffer.concat([Buffer.from([VERSION]), this.#id, nonce, ...sealed, cipher.getAuthTag()]);
	}

	/** Errors: `service_key.other` (sealed with another key: this worker has the wrong file), `service_key.forged`. */
	open(sealed: Uint8Array, context: string): string {
		const bytes = Buffer.from(sealed);
		if (bytes.length < HEAD_BYTES + TAG_BYTES || bytes[0] !== VERSION) throw forged();
		if (!bytes.subarray(1, 1 + ID_BYTES).equals(this.#id)) {
			throw new RoomError("service_key.other", "it was sealed with another service key");
		}
		const decipher = createDecipheriv("aes-256-gcm", this.#key, bytes.subarray(1 + ID_BYTES, HEAD_BYTES))
			.setAAD(Buffer.from(context))
			.setAuthTag(bytes.subarray(-TAG_BYTES));
		try {
			return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]).toString(
				"utf8",
			);
		} catch {
			throw forged();
		}
	}
}

const forged = (): RoomError => new RoomError("service_key.forged", "it is damaged or belongs somewhere else");

/** Whole or not at all, and if several workers start at once, the first one's. */
async function make(path: string): Promise<void> {
	const temporary = `${path}.${randomBytes(6).toString("hex")}`;
	const file = await open(temporary, "wx", 0o600);
	try {
		await file.writeFile(randomBytes(KEY_BYTES));
		await file.sync();
	} finally {
		await file.close();
	}
	try {
		await link(temporary, path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
			throw new RoomError("service_key.unreadable", "the service's key can't be written", { cause: error });
		}
	} finally {
		await unlink(temporary);
	}
}
