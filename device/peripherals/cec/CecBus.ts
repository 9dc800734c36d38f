/** A message on the HDMI line; `to` is a logical address: 0 the television, 5 an audio system, 15 everybody. */
export interface CecMessage {
	readonly to: number;
	/** Words for cec-ctl, made by `cecMessages`. */
	readonly words: readonly string[];
}

export interface CecTransmission {
	/** Somebody took it; of what goes to everybody that is all that is known. */
	readonly acknowledged: boolean;
	/** Header, opcode and operands; null where no answer was asked for, or none came. A refusal is FEATURE ABORT, opcode 0. */
	readonly reply: Uint8Array | null;
}

/** The HDMI line that a display is at the end of. One call is under way at a time. */
export interface CecBus {
	/**
	 * Becomes a playback device on the line. @returns where the far end of our cable is plugged in, 0x1000 for the display's first input;
	 * null: no cable, or nothing at its end.
	 * @throws RoomError `peripheral.tool_missing`, `link.absent`, `link.denied`, `link.busy`, `peripheral.timeout`, `peripheral.fault`
	 */
	claim(name: string): Promise<number | null>;
	/**
	 * Sends messages one after the other and waits for their answers. Null: we are no device on the line (any more), and have to claim.
	 * @throws as `claim`
	 */
	send(messages: readonly CecMessage[]): Promise<CecTransmission[] | null>;
	/** Ends what is under way. */
	close(): void;
}
