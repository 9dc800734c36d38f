import type { FromAgent } from "../../contract/local.ts";
import type { WaitsFor } from "./guard.ts";
import type { JobContext } from "./jobSetup.ts";

type Update = Extract<FromAgent, { t: "update" }>["update"];
type Shown = NonNullable<Update>["state"];

const shown: Readonly<Record<string, Shown>> = {
	downloading: "downloading",
	waiting: "waiting",
	holding: "waiting",
	installing: "installing",
	rebooting: "restarting",
	rebootHeld: "waiting",
	probation: "probation",
	marking: "probation",
	reverting: "restarting",
};

/** What the panel says of a job in this state of the machine; null: nothing. From the deadline on it asks people to let it happen. */
export function updateShown(
	state: string,
	{ record, pct }: JobContext,
	of: { now: number; waitsFor(): WaitsFor | null },
): Update {
	const now = shown[state];
	if (!now || !record) return null;
	const { version, deadline } = record.job.spec;
	const waits = now === "waiting";
	const asks = waits && deadline !== null && of.now >= deadline;
	return {
		state: now,
		version,
		pct: pct === null ? null : Math.floor(pct),
		asks,
		waitsFor: waits ? of.waitsFor() : null,
	};
}
