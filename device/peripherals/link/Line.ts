import type { LinkFailure } from "./FrameLink.ts";

/**
 * One life of a line: it is open when it is handed over, it ends once, and it is never opened again. A serial port and a TCP connection
 * carry bytes, cut anywhere; UDP carries whole datagrams.
 */
export interface Line {
	/** Resolves when the kernel has them, or never if the line ends before. */
	write(bytes: Uint8Array): Promise<void>;
	/** Gives the port back; resolves when others can have it. May be called again, and after the end. */
	close(): Promise<void>;
}

/** Told what happens on a line, from its opening on. */
export interface LineEvents {
	bytes(bytes: Uint8Array): void;
	/** Once, unless it was closed by us. Whoever owns the line closes it then. */
	ended(failure: LinkFailure): void;
}

/** @throws RoomError whose code is a `LinkFailure`. The signal gives the attempt up. */
export type OpenLine = (events: LineEvents, signal: AbortSignal) => Promise<Line>;
