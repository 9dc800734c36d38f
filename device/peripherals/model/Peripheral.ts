import type { LinkCounters, LinkFailure } from "../link/FrameLink.ts";

/** Why a device is not to be used. Closed: each has a sentence on the panel's service page. */
export type PeripheralFailure =
	| LinkFailure
	| "peripheral.wrong_device"
	| "peripheral.wrong_password"
	| "peripheral.version_unknown"
	/** A program that the driver needs is not installed: cec-ctl. */
	| "peripheral.tool_missing"
	| "peripheral.fault";

/** `since`: epoch milliseconds. `model`: what the device says it is, null while it has not said. */
export interface PeripheralHealth {
	readonly state: "starting" | "ok" | "lost";
	readonly since: number;
	readonly failure: PeripheralFailure | null;
	readonly model: string | null;
}

/** What all devices of a room have in common. A driver is one of these around a `FrameLink`. */
export interface Peripheral {
	readonly kind: "camera" | "display" | "panel-bus";
	readonly health: PeripheralHealth;
	readonly counters: Readonly<LinkCounters>;
	onHealth(callback: (health: PeripheralHealth) => void): () => void;
	/** Begins the conversation; returns at once, what comes of it is told by `onHealth`. */
	start(): void;
	/** Ends it and frees the port. A camera that moves is stopped first. */
	stop(): Promise<void>;
}
