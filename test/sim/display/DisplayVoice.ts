/** One conversation with a simulated display, in one maker's protocol. Written from the manuals and without the code that it tries. */
export interface DisplayVoice {
	/** Said as soon as somebody has connected. */
	readonly greeting?: Uint8Array;
	/** What it answers to bytes that came in, cut anywhere; nothing where it has nothing to say. */
	hear(bytes: Uint8Array): Uint8Array[];
	/** An answer as a disturbed line brings it, with a check that is wrong or a form that is broken. */
	spoiled(answer: Uint8Array): Uint8Array;
	/** The same answer from another display on the line; null where the protocol knows of no other. */
	ofAnother(answer: Uint8Array): Uint8Array | null;
}

/** What is odd about a display, a line, or both; any of it may be switched at any time. */
export interface Oddities {
	/** In standby it does what it is told and says nothing. */
	silentInStandby: boolean;
	/** Its port takes bytes and nobody is there. */
	deaf: boolean;
	/** Every answer is spoiled. */
	spoiled: boolean;
	/** Every answer comes from another display on the line. */
	ofAnother: boolean;
	/** Every answer comes twice. */
	doubled: boolean;
	/** Bytes that mean nothing stand between the answers. */
	garbage: boolean;
	/** Of every answer only the first half comes. */
	halves: boolean;
	/** Milliseconds that every answer is late. */
	lateMs: number;
	/** It hangs up instead of answering. */
	hangsUp: boolean;
	/** It hangs up after each answer, as some projectors do. */
	hangsUpAfter: boolean;
}

export const nothingOdd: Readonly<Oddities> = {
	silentInStandby: false,
	deaf: false,
	spoiled: false,
	ofAnother: false,
	doubled: false,
	garbage: false,
	halves: false,
	lateMs: 0,
	hangsUp: false,
	hangsUpAfter: false,
};
