/**
 * Rate control of our own video sender, as a pure function: feedback in, what to encode out. No clock, no element, no state but
 * the one that is handed in, so every rule below can be shown by a test.
 *
 * The bit rate follows the ideas of "A Google Congestion Control Algorithm for Real-Time Communication"
 * (draft-ietf-rmcat-gcc-02): a delay-based rule (section 5) on the transport-cc feedback and a loss-based rule (section 6) on the
 * same feedback or, where the far end sends none, on its receiver reports (RFC 3550, section 6.4.1). Debian 12 has no `rtpgccbwe`.
 *
 * The picture then follows the bit rate down a ladder: first less bits for the same picture, then a smaller picture, last fewer
 * frames a second, because a talking face that stutters is worse than one that is soft. It climbs back the same way, later than it
 * came down, and later again each time a climb turned out to be too early.
 */
export interface Picture {
	width: number;
	height: number;
	fps: number;
}

/** What the encoder is to do now. `bitrate` in bit/s. */
export interface EncoderTarget extends Picture {
	bitrate: number;
}

/** One look at the feedback; every field that the far end does not report is null. */
export interface SendReport {
	/** Monotonic milliseconds. */
	atMs: number;
	/** What the video sender really sent since the last report, bit/s. */
	sentBitrate: number;
	/** What arrived according to transport-cc feedback, bit/s. */
	receivedBitrate: number | null;
	/** Share of packets lost since the last report, 0–1. */
	loss: number | null;
	/** Mean growth of the one-way delay between packet groups (transport-cc), microseconds: positive while a queue fills. */
	delayGrowthUs: number | null;
	/** Milliseconds. */
	roundTripMs: number | null;
}

export interface RateState {
	readonly bitrate: number;
	/** Index into `ladder`. */
	readonly step: number;
	readonly stepAtMs: number;
	/** How long the next climb has to wait; doubles when a climb had to be taken back. */
	readonly climbAfterMs: number;
	readonly climbedAtMs: number | null;
	/** No growth before this instant: what was just learnt about the path is given time to show. */
	readonly holdUntilMs: number;
	/** Consecutive reports with a growing queue; one alone is jitter. */
	readonly growing: number;
	readonly lastMs: number;
	readonly lowestRoundTripMs: number | null;
}

export const limits = {
	/** Enough for a good 720p30 of a meeting room; more is not seen on a talking picture. */
	maxBitrate: 2_500_000,
	minBitrate: 60_000,
	/** Loss alone, without a growing queue, never goes below: radio links lose packets at any rate, and repair needs a picture. */
	lossFloor: 300_000,
	startBitrate: 900_000,
	holdMs: 3_000,
	climbAfterMs: 5_000,
	climbAfterMaxMs: 60_000,
} as const;

/** The steps of the picture; `from` is the least bit rate (bit/s) at which the step still looks right. */
export const ladder: readonly (Picture & { from: number })[] = [
	{ width: 1280, height: 720, fps: 30, from: 500_000 },
	{ width: 960, height: 540, fps: 30, from: 320_000 },
	{ width: 640, height: 360, fps: 30, from: 180_000 },
	{ width: 480, height: 270, fps: 30, from: 120_000 },
	{ width: 480, height: 270, fps: 15, from: 80_000 },
	{ width: 480, height: 270, fps: 8, from: 0 },
];

/** Climbing takes this much more than the step's own threshold, so that a rate near a threshold does not flip the picture. */
const climbMargin = 1.4;
/** Delay growth beyond which a queue is filling, microseconds between packet groups. */
const overuseUs = 1_500;

/** The state before any feedback. */
export function startRate(atMs: number, bitrate: number = limits.startBitrate): RateState {
	const start = clamp(bitrate);
	return {
		bitrate: start,
		step: stepFor(start),
		stepAtMs: atMs,
		climbAfterMs: limits.climbAfterMs,
		climbedAtMs: null,
		holdUntilMs: atMs,
		growing: 0,
		lastMs: atMs,
		lowestRoundTripMs: null,
	};
}

export function targetOf(state: RateState): EncoderTarget {
	const { width, height, fps } = ladder[state.step] as Picture;
	return { bitrate: state.bitrate, width, height, fps };
}

/** The next state after one report. Call it about twice a second. */
export function nextRate(state: RateState, report: SendReport): RateState {
	const elapsedMs = Math.max(0, Math.min(2_000, report.atMs - state.lastMs));
	const loss = finite(report.loss);
	const roundTrip = finite(report.roundTripMs);
	const lowestRoundTripMs =
		roundTrip === null ? state.lowestRoundTripMs : Math.min(state.lowestRoundTripMs ?? roundTrip, roundTrip);
	const growing = queueGrows(report, roundTrip, lowestRoundTripMs) ? state.growing + 1 : 0;
	const seen: RateState = { ...state, growing, lowestRoundTripMs, lastMs: Math.max(state.lastMs, report.atMs) };

	if (growing >= 2) return stepDown({ ...drained(seen, report), growing: 0 }, report.atMs);
	if (loss !== null && loss > 0.1) {
		const less = seen.bitrate * (1 - 0.5 * Math.min(1, loss) * Math.min(1, elapsedMs / 1_000));
		const bitrate = clamp(Math.max(Math.min(seen.bitrate, limits.lossFloor), less));
		return stepDown({ ...seen, bitrate, holdUntilMs: report.atMs + limits.holdMs / 3 }, report.atMs);
	}
	const calm = growing === 0 && (loss === null || loss < 0.02);
	const known = loss !== null || finite(report.delayGrowthUs) !== null;
	if (!calm || !known || report.atMs < seen.holdUntilMs) return seen;
	return stepUp(grown(seen, report, elapsedMs), report.atMs);
}

function queueGrows(report: SendReport, roundTrip: number | null, lowest: number | null): boolean {
	const growth = finite(report.delayGrowthUs);
	if (growth !== null && growth > overuseUs) return true;
	// Without transport-cc the queue shows in the round trip only.
	return roundTrip !== null && lowest !== null && roundTrip > lowest * 2 + 150;
}

/** Below what got through, so that the queue that was built drains. */
function drained(state: RateState, report: SendReport): RateState {
	const through = finite(report.receivedBitrate) ?? finite(report.sentBitrate) ?? state.bitrate;
	const bitrate = clamp(Math.min(state.bitrate * 0.85, Math.max(through * 0.85, state.bitrate * 0.5)));
	return { ...state, bitrate, holdUntilMs: report.atMs + limits.holdMs };
}

/** Eight percent a second, and not beyond one and a half times what is really sent: an idle sender learns nothing of the path. */
function grown(state: RateState, report: SendReport, elapsedMs: number): RateState {
	const ceiling = Math.max(state.bitrate, (finite(report.sentBitrate) ?? 0) * 1.5 + 10_000);
	const more = state.bitrate * 1.08 ** (elapsedMs / 1_000) + (elapsedMs / 1_000) * 4_000;
	return { ...state, bitrate: clamp(Math.min(more, ceiling)) };
}

function stepDown(state: RateState, atMs: number): RateState {
	const step = Math.max(state.step, stepFor(state.bitrate));
	if (step === state.step) return state;
	// A climb that is taken back within its own waiting time was too early: wait longer before the next.
	const early = state.climbedAtMs !== null && atMs - state.climbedAtMs < state.climbAfterMs * 2;
	const climbAfterMs = early ? Math.min(limits.climbAfterMaxMs, state.climbAfterMs * 2) : state.climbAfterMs;
	return { ...state, step, stepAtMs: atMs, climbAfterMs, climbedAtMs: null };
}

function stepUp(state: RateState, atMs: number): RateState {
	const above = ladder[state.step - 1];
	if (!above) return state;
	const due = atMs - state.stepAtMs >= state.climbAfterMs;
	if (!due || state.bitrate < above.from * climbMargin) return state;
	return { ...state, step: state.step - 1, stepAtMs: atMs, climbedAtMs: atMs };
}

function stepFor(bitrate: number): number {
	const step = ladder.findIndex((one) => bitrate >= one.from);
	return step < 0 ? ladder.length - 1 : step;
}

function clamp(bitrate: number): number {
	return Math.round(Math.min(limits.maxBitrate, Math.max(limits.minBitrate, bitrate)));
}

/** Statistics come from elements and may hold anything; what is not a number is as good as not reported. */
function finite(value: number | null): number | null {
	return value !== null && Number.isFinite(value) ? value : null;
}
