import type { Snapshot } from "../../../../device/contract/snapshot.ts";

/** What a device of the image has kept of its room, and what a factory reset makes it forget. */
export type Lost = "membership" | "views" | "keys" | "network";

/** What the panel says of a factory reset: loaded with the service page, since hardly anybody ever does one. */
export interface ResetWords {
	title: string;
	explain: string;
	/** Why it can't be done just now. */
	inUse: string;
	updating: string;
	/** The key that leads to the question. */
	open: string;
	question: string;
	consequence: string;
	lost: Record<Lost, string>;
	afterwards: string;
	hold: string;
	begun: string;
	failures: Record<NonNullable<NonNullable<Snapshot["reset"]>["code"]>, string>;
}
