/** Cuts a stream of bytes into messages to cameras: up to each `FF`, from the last byte in front of it that can begin one. */
export class MessageSplitter {
	#kept: number[] = [];

	push(bytes: Uint8Array): Uint8Array[] {
		const messages: Uint8Array[] = [];
		for (const byte of bytes) {
			if (byte !== 0xff) {
				this.#kept = [...this.#kept, byte].slice(-15);
				continue;
			}
			const begin = this.#kept.findIndex((kept) => kept >= 0x81 && kept <= 0x88);
			if (begin >= 0) messages.push(Uint8Array.from([...this.#kept.slice(begin), byte]));
			this.#kept = [];
		}
		return messages;
	}
}
