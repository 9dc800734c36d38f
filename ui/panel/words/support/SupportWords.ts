import type { Snapshot } from "../../../../device/contract/snapshot.ts";

type Support = NonNullable<Snapshot["support"]>;

/** What the panel says of the support bundle: loaded with the service page. */
export interface SupportWords {
	title: string;
	/** Its headings, and what is not in it. */
	contents: string;
	save: string;
	states: Record<"collecting" | "writing", string>;
	done(file: string): string;
	/** Why it is not on the stick, and what to do. */
	failures: Record<NonNullable<Support["code"]>, string>;
}
