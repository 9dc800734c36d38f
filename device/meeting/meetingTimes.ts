/** How long each step of a meeting may take, in milliseconds. */
export const meetingTimes = {
	/** First connection to the rendezvous. */
	reach: 10_000,
	/** From OFFER to proof, before another attempt. */
	handshake: 6_000,
	/** Within an attempt, for an engine that is down: long enough to be started anew, and time is left for the handshake. */
	engine: 4_000,
	/** From proof to a transport that is up, before another attempt. */
	path: 15_000,
	/** Until a call that was lost, or never came about, is given up. */
	giveUp: 45_000,
	/** Until a far end that is gone from the rendezvous too has vanished. */
	vanish: 20_000,
	/** The same after it closed the path itself: who means to rebuild it is at the rendezvous, or back there by then. */
	vanishClosed: 8_000,
	/** A loss that is mended or explained (by a farewell) sooner is not shown. */
	showLoss: 250,
	/** A call that held this long was no failed attempt. */
	stable: 10_000,
} as const;
