import { RoomError } from "../../../device/core/RoomError.ts";
import { PAYLOAD_BYTES } from "../../contract/envelope.ts";
import { readRevocationList } from "../identity/revocationList.ts";
import type { StateFiles } from "../identity/StateFiles.ts";
import type { Refusals } from "../Refusals.ts";

/**
 * The fleet's revocation list as a file for the room program. Only a list that the authority signed replaces it, and only one that is not
 * older: losing the list, or being given an old one, must not un-revoke anybody.
 */
export class RevocationFile {
	readonly #path: string;
	readonly #files: StateFiles;
	readonly #refusals: Refusals;
	#madeAt: Promise<number> | null = null;
	#turn: Promise<void> = Promise.resolve();

	constructor(options: { path: string; files: StateFiles; refusals: Refusals }) {
		this.#path = options.path;
		this.#files = options.files;
		this.#refusals = options.refusals;
	}

	/** What came on the topic of revocations. `authority`: PEM. Resolves when it is on the disk, or refused and logged. */
	received(payload: Uint8Array, authority: string): Promise<void> {
		this.#turn = this.#turn
			.then(() => this.#replace(payload, authority))
			.catch((error: unknown) => {
				this.#refusals.note(RoomError.from(error, "revocations.unwritable").code);
			});
		return this.#turn;
	}

	async #replace(payload: Uint8Array, authority: string): Promise<void> {
		// an authority that has revoked nobody for a long time, or a topic that was cleared
		if (payload.byteLength === 0) return;
		if (payload.byteLength > PAYLOAD_BYTES) throw new RoomError("revocations.too_large", "larger than the bus allows");
		const { madeAt, pem } = readRevocationList(new TextDecoder().decode(payload), authority);
		this.#madeAt ??= this.#readMadeAt(authority);
		const last = await this.#madeAt;
		if (madeAt < last) throw new RoomError("revocations.old", "older than the list in force");
		if (madeAt === last) return;
		await this.#files.write(this.#path, pem);
		this.#madeAt = Promise.resolve(madeAt);
	}

	async #readMadeAt(authority: string): Promise<number> {
		try {
			const text = await this.#files.read(this.#path);
			return text === null ? 0 : readRevocationList(text, authority).madeAt;
		} catch {
			// damaged, or of an authority that is not ours any more: any list is better
			return 0;
		}
	}
}
