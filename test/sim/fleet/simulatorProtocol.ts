import type { DeviceFacts } from "../../../provisioning/contract/twin.ts";

/** A device that is enrolled: texts only, so that it can be sent to another process. */
export interface SimulatedIdentity {
	id: string;
	/** PEM. */
	key: string;
	chain: string;
	ca: string;
	/** `mqtts://host:port`. */
	broker: string;
	facts: DeviceFacts;
}

export type ToSimulator =
	/** `everyMs`: between two devices' first connections. */
	{ t: "start"; identities: SimulatedIdentity[]; everyMs: number } | { t: "tell"; each: number };

export type FromSimulator =
	/** At most twenty a second. */
	| { t: "counts"; online: number; applied: number }
	| { t: "applied"; device: string; rev: number; atMs: number }
	| { t: "lost"; device: string; atMs: number };
