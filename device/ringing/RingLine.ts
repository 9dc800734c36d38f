import type { Presence } from "../../provisioning/contract/ring.ts";

/** A message that nobody receives is worth nothing, and a broker may say so. */
export type Delivery = "delivered" | "nobody";

export interface RingLineListener {
	/** A connection to the broker is there; presence of this device carries `epoch` (docs/adr/0004). Nothing is known of other rooms yet. */
	opened(epoch: number): void;
	/** The broker is gone, and what it told is worth nothing. */
	lost(): void;
	/** A room's presence, as the broker has it: who sent it is not proved. */
	presence(id: string, presence: Presence): void;
	/**
	 * All retained presences have been told. `watched`: those of the listed rooms too, so who had none is not there; false: nothing is known of them,
	 * or no longer.
	 */
	settled(watched: boolean): void;
	/** A frame on `ring/{from}`, hostile until it is opened. */
	ring(from: string, payload: Uint8Array, retained: boolean): void;
}

/** What ringing needs of a broker. Who carries the frames reads none of them and can make none (docs/adr/0004). */
export interface RingLine {
	/** Begins to tell: what is known already comes first, as if it happened now. The returned function ends it. */
	listen(listener: RingLineListener): () => void;
	/** This device's presence carries the signed ring key from now on, for as long as the connection has this epoch. */
	announce(epoch: number, jws: string): void;
	/** For the next minute it is wanted who of the listed rooms is there. */
	look(): void;
	/** Resolves when the broker has the frame. Errors: `ring.broker_unreachable`, `ring.refused` (no right to send it). */
	send(to: string, payload: Uint8Array, expirySeconds: number): Promise<Delivery>;
}
