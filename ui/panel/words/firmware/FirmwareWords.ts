import type { Firmware } from "../../../../device/contract/snapshot.ts";
import type { JobReason } from "../../../../provisioning/contract/jobs.ts";

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
	/** Why it failed, is refused, or waits, and what to do. */
	reasons: Record<JobReason, string>;
	/** A newer agent may have others. */
	otherReason: string;
}
