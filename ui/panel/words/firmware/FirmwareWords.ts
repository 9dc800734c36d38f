import type { Firmware } from "../../../../device/contract/snapshot.ts";

/** What the service page says of the firmware: loaded with it, since few ever look. */
export interface FirmwareWords {
	title: string;
	stick: string;
	states: Record<NonNullable<Firmware["slots"]>[number]["state"], string>;
	/** A line of a slot; `version` null: not known. */
	slot(name: "A" | "B", version: string | null, state: string): string;
	updated(when: string): string;
	outcomes: Record<"rolled_back" | "failed" | "rejected", (version: string) => string>;
	/** Beside a stick's version: what runs now. */
	instead(version: string): string;
	refused: string;
	hold: string;
	/** Of a code `update.…`: why it failed, is refused, or waits, and what to do. */
	reason(code: string): string;
}
