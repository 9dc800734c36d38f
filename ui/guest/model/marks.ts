/**
 * Moments of a join, as `performance` marks named `incamera:<moment>`: read by the benchmarks and by anyone in the browser's
 * profiler, harmless otherwise. They hold times only.
 */
export type Moment =
	/** The lobby can be used. */
	| "ready"
	/** The touch on Join. */
	| "join"
	/** In the meeting, nobody else there. */
	| "waiting"
	/** A far end is there; the handshake runs. */
	| "securing"
	/** ICE and DTLS are up and the certificate is the signed one. */
	| "connected"
	/** The handshake is proved. */
	| "released"
	/** Both are true: media flow. */
	| "gate-open"
	/** The first decoded frame of the far end was presented; detail: width, height. */
	| "first-frame"
	| "recovering"
	| "ended";

export function mark(moment: Moment, detail?: Record<string, number>): void {
	performance.mark(`incamera:${moment}`, detail ? { detail } : undefined);
}
