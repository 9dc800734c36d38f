import { RoomError } from "../../../../device/core/RoomError.ts";
import {
	dumpLuksHeader,
	type LuksHeader,
	type Note,
	opens,
	type Slot,
	TOKEN_TYPE,
} from "../../../../provisioning/recovery/luksHeader.ts";
import { tool } from "../../../../provisioning/recovery/tool.ts";

/** The key has 256 random bits: stretching it (RFC 8018) would only cost time and memory. systemd does the same. */
const NO_STRETCHING = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"];

/** The LUKS2 header of the data partition, by cryptsetup 2.6. It may be open meanwhile: contents are never touched. */
export class DataHeader {
	readonly #device: string;
	readonly #unlock: readonly string[];

	/**
	 * @param device the partition, or a file that stands for it
	 * @param unlock how cryptsetup comes by the key that is there already: words of `luksAddKey`
	 */
	constructor(device: string, unlock: readonly string[]) {
		this.#device = device;
		this.#unlock = unlock;
	}

	read(): Promise<LuksHeader> {
		return dumpLuksHeader(this.#device);
	}

	/** @throws RoomError `recovery.not_unlocked`: the key that is there did not come out of the TPM; `recovery.header_failed` */
	async addKey(slot: Slot, key: Uint8Array): Promise<void> {
		const words = ["luksAddKey", "--batch-mode", ...NO_STRETCHING, ...this.#unlock];
		const { code, said } = await tool(
			"cryptsetup",
			[...words, "--new-key-slot", String(slot), "--new-keyfile", "-", this.#device],
			key,
		);
		if (code !== 0)
			throw new RoomError("recovery.not_unlocked", `without the key that is there none is added: ${firstLine(said)}`);
		if (!(await opens(this.#device, slot, key)))
			throw new RoomError("recovery.header_failed", "the key that was added opens nothing");
	}

	async addNote(slot: Slot, said: Note): Promise<void> {
		const token = { type: TOKEN_TYPE, keyslots: [String(slot)], incamera: said };
		await this.change(["token", "import", "--json-file", "-", this.#device], JSON.stringify(token));
	}

	async removeSlot(slot: Slot): Promise<void> {
		// without questions no other key is asked for, and none is needed
		await this.change(["luksKillSlot", "--batch-mode", this.#device, String(slot)]);
	}

	async removeNote(token: number): Promise<void> {
		await this.change(["token", "remove", "--token-id", String(token), this.#device]);
	}

	private async change(words: readonly string[], input = ""): Promise<void> {
		const { code, said } = await tool("cryptsetup", words, Buffer.from(input));
		if (code !== 0) throw new RoomError("recovery.header_failed", `cryptsetup ${words[0]}: ${firstLine(said)}`);
	}
}

const firstLine = (said: string): string => said.trim().split("\n")[0] ?? "";
