/** Milliseconds. What each end promises and waits for: docs/panel-bus.md, "Time". */
export const timing = {
	/** The room says something at least this often. */
	roomBeatMs: 500,
	/** A device that heard nothing of the room for so long goes to its safe side. */
	roomLostMs: 2000,
	/** The device reports at least this often. */
	reportMs: 250,
	/** A room that heard nothing of the device for so long knows nothing of it any more. */
	deviceLostMs: 1000,
	/** A device that no room has greeted says who it is this often. */
	announceMs: 1000,
	/** A device answers within a third of it; after it the room sends the same frame again. */
	answerMs: 150,
} as const;

/** Times that the room sends a frame again before it gives up. */
export const RESENDS = 2;
