import { createHash } from "node:crypto";
import { mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { MOST_ENVELOPE_BYTES } from "../../../../provisioning/recovery/envelope.ts";
import { envelopeName, SLOTS, type Slot } from "../../../../provisioning/recovery/luksHeader.ts";

/** Sealed recovery keys on the start partition, a file for each slot. FAT can't put one file in another's place at once, so none is ever written over that is in use. */
export class EnvelopeFiles {
	readonly #folder: string;

	constructor(folder: string) {
		this.#folder = folder;
	}

	/** Files that are there, by their SHA-256. */
	async read(): Promise<Map<Slot, string>> {
		const found = new Map<Slot, string>();
		for (const slot of SLOTS) {
			const file = this.at(slot);
			const about = await stat(file).catch(() => null);
			if (about === null) continue;
			// one that is no envelope is there all the same, and is of no slot
			const fits = about.isFile() && about.size <= MOST_ENVELOPE_BYTES;
			found.set(slot, fits ? digest(await readFile(file)) : "");
		}
		return found;
	}

	/** Is on the disk when it returns, and its SHA-256. */
	async write(slot: Slot, envelope: Uint8Array): Promise<string> {
		await mkdir(this.#folder, { recursive: true });
		const file = await open(this.at(slot), "w", 0o600);
		try {
			await file.writeFile(envelope);
			await file.sync();
		} finally {
			await file.close();
		}
		await this.syncFolder();
		if (!(await readFile(this.at(slot))).equals(envelope))
			throw new RoomError("recovery.file_failed", "the start partition does not give back what was written");
		return digest(envelope);
	}

	async remove(slot: Slot): Promise<void> {
		await rm(this.at(slot), { recursive: true, force: true });
		await this.syncFolder();
	}

	private at(slot: Slot): string {
		return join(this.#folder, envelopeName(slot));
	}

	private async syncFolder(): Promise<void> {
		const folder = await open(this.#folder);
		await folder.sync().finally(() => folder.close());
	}
}

const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
