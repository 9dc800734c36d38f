import type { GstObject } from "./GstObject.ts";

/** A GstStructure as a plain object; 64-bit integers are numbers (exact up to 2^53), fractions and caps are strings. */
export type Structure = { [field: string]: GstValue };

/** RTCSessionDescription of webrtcbin. */
export interface SessionDescription {
	type: "offer" | "answer" | "pranswer" | "rollback";
	sdp: string;
}

/**
 * What a property, a signal argument or a structure field becomes in JavaScript: enums are their nick, flags and caps their string form,
 * arrays and lists are arrays, objects are wrapped, buffers are copied into a Buffer, GBytes likewise. Times are nanoseconds.
 */
export type GstValue =
	| null
	| undefined
	| boolean
	| number
	| string
	| Buffer
	| GstObject
	| SessionDescription
	| GstSample
	| GstValue[]
	| Structure;

/**
 * What may be handed in. The target type is known natively: a number for an integer or double, a string for an enum, caps or fraction, a
 * plain object for a structure (an optional `name` field names it; integers become gint, `bigint` becomes guint64).
 */
export type GstInput =
	| null
	| undefined
	| boolean
	| number
	| bigint
	| string
	| Uint8Array
	| GstObject
	| SessionDescription
	| readonly GstInput[]
	| { readonly [field: string]: GstInput };

/** GstState, lower case. */
export type State = "null" | "ready" | "paused" | "playing";

/** Outcome of a state change; states as GstState's numbers: 1 null, 2 ready, 3 paused, 4 playing (gst-kit's form). */
export interface StateChangeResult {
	result: "success" | "async" | "no-preroll" | "failure" | "unknown";
	finalState: number;
	targetState: number;
}

export type CapsObject = { name?: string; [field: string]: GstValue };

/** A sample of an app sink or of a `last-sample` property. */
export interface GstSample {
	buffer?: Buffer;
	/** GstBufferFlags, see `GstBufferFlags`. */
	flags?: number;
	/** Nanoseconds; absent when the buffer has none. */
	pts?: number;
	caps?: CapsObject;
}

/** gst-kit's property form: 64-bit integers are `bigint` here. */
export type PropertyPrimitive = string | number | boolean | bigint;
export type PropertyResult =
	| { type: "primitive"; value: PropertyPrimitive }
	| { type: "array"; value: PropertyPrimitive[] }
	| { type: "object"; value: Record<string, PropertyPrimitive> }
	| { type: "buffer"; value: Buffer }
	| { type: "sample"; value: GstSample }
	| null;

export interface RtpData {
	timestamp: number;
	sequence: number;
	ssrc: number;
	payloadType: number;
}

/** What a pad probe hands over: a copy of one buffer. Times in nanoseconds. */
export interface BufferData {
	buffer?: Buffer;
	pts?: number;
	dts?: number;
	duration?: number;
	offset?: number;
	offsetEnd?: number;
	flags: number;
	caps?: CapsObject;
	/** Only for RTP buffers. */
	rtp?: RtpData;
}

/** gst-kit's description of a pad; `direction` 1 is a source, 2 a sink. */
export interface PadInfo {
	name: string;
	direction: number;
	caps: string | null;
}

/**
 * A message of the bus. The structure's fields lie flat beside the named ones (gst-kit's form) and again, untouched, in `structure`.
 * `type` is GStreamer's name: `error`, `warning`, `eos`, `state-changed`, `element`, `latency`, …
 */
export interface BusMessage {
	type: string;
	srcElementName?: string;
	/** Nanoseconds. */
	timestamp: bigint;
	structureName?: string;
	structure?: Structure;
	errorMessage?: string;
	/** For example `gst-resource-error-quark`. */
	errorDomain?: string;
	errorCode?: number;
	/** May hold device paths; not for the panel. */
	debugInfo?: string;
	warningMessage?: string;
	warningDomain?: string;
	warningCode?: number;
	oldState?: number;
	newState?: number;
	pendingState?: number;
	[field: string]: GstValue | bigint;
}

/** Ends a subscription; idempotent. */
export type Disconnect = () => void;

/** Counts of a native probe. Times are CLOCK_MONOTONIC in milliseconds, the clock of `process.hrtime()`. */
export interface BufferCounts {
	/** Buffers seen; each of a buffer list counts. */
	buffers: number;
	bytes: number;
	/** Buffers that are no delta units: key frames after an encoder. */
	keyBuffers: number;
	/** null until the first buffer. */
	firstMs: number | null;
	lastMs: number | null;
	/** Wall clock of the first buffer: epoch milliseconds. */
	firstEpochMs: number | null;
	/** Size from the caps of the latest buffer's pad, 0 where it is no video. */
	width: number;
	height: number;
}

/** GstBufferFlags by name. */
export const GstBufferFlags = {
	GST_BUFFER_FLAG_LIVE: 16,
	GST_BUFFER_FLAG_DECODE_ONLY: 32,
	GST_BUFFER_FLAG_DISCONT: 64,
	GST_BUFFER_FLAG_RESYNC: 128,
	GST_BUFFER_FLAG_CORRUPTED: 256,
	GST_BUFFER_FLAG_MARKER: 512,
	GST_BUFFER_FLAG_HEADER: 1024,
	GST_BUFFER_FLAG_GAP: 2048,
	GST_BUFFER_FLAG_DROPPABLE: 4096,
	GST_BUFFER_FLAG_DELTA_UNIT: 8192,
	GST_BUFFER_FLAG_TAG_MEMORY: 16384,
	GST_BUFFER_FLAG_SYNC_AFTER: 32768,
	GST_BUFFER_FLAG_NON_DROPPABLE: 65536,
	GST_BUFFER_FLAG_LAST: 1048576,
} as const;
