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
	| { t: "start"; identities: SimulatedIdentity[]; everyMs: number }
	/** Each device tells so many events. */
	| { t: "tell"; each: number };

/** `atMs`: epoch milliseconds. */
export type SimulatorNews =
	/** Connected, subscribed, and has said so; or the connection ended. */
	| { is: "online" | "lost"; device: string; atMs: number }
	/** A twin is in force, and reported. */
	| { is: "applied"; device: string; rev: number; atMs: number };

export type FromSimulator =
	/** In their order, gathered for a twentieth of a second. */
	| { t: "news"; news: SimulatorNews[] }
	/** The broker has all events. */
	| { t: "told" };
