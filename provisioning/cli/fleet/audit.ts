import { Option } from "commander";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Group } from "../FleetCommand.ts";
import { facts, table } from "../table.ts";
import { everything } from "./everything.ts";
import { when } from "./rooms.ts";

/** What was done. */
export const audit: Group = (fleet, run) => {
	fleet
		.command("audit")
		.summary("what was done, and whether the log is whole")
		.description(
			"Lists what was done, the newest first; with --verify follows the chain of hashes (exit code 7 if it is broken). Scope: audit:read.",
		)
		.option("--verify", "check the log instead of listing it")
		.addOption(new Option("--last <n>", "so many").default("100"))
		.action((options: { verify?: boolean; last: string }) =>
			run(async ({ call, show }) => {
				if (!options.verify) {
					show(await everything(call, "audit.list", {}, Number(options.last)), (items) =>
						table(items, [
							{ title: "N", of: ({ seq }) => String(seq), right: true },
							{ title: "WHEN", of: ({ at }) => when(at) },
							{ title: "WHO", of: ({ actor }) => actor },
							{ title: "WHAT", of: ({ action }) => action },
							{ title: "TO WHAT", of: ({ target }) => target ?? "" },
							{
								title: "",
								of: ({ detail }) =>
									Object.entries(detail)
										.map(([key, value]) => `${key}=${value}`)
										.join(" "),
							},
						]),
					);
					return;
				}
				const result = await call("audit.verify");
				show(result, ({ entries, whole, brokenAt, head }) =>
					facts([
						["entries", String(entries)],
						["whole", whole ? "yes" : `no: entry ${brokenAt} does not follow`],
						["head", head],
					]),
				);
				if (!result.whole) throw new RoomError("audit.broken", "the log was changed; keep a copy, and look at backups");
			}),
		);
};
