import { Argument, Option } from "commander";
import { eventType } from "../../contract/topics.ts";
import type { Group } from "../FleetCommand.ts";
import { table } from "../table.ts";
import { everything } from "./everything.ts";
import { when } from "./rooms.ts";
import { sinceOf } from "./sinceOf.ts";

interface Options {
	kind?: string;
	since?: string;
	last: string;
}

/** What rooms told. */
export const events: Group = (fleet, run) => {
	fleet
		.command("events")
		.summary("what rooms told")
		.description(
			`Lists what a room told, or all of them, in the order in which it arrived, the newest first: starts, ended calls, troubles. Nobody's name is
in it. Events are kept for 30 days. Scope: fleet:read.`,
		)
		.addArgument(new Argument("[id]", "device id; left out: all rooms"))
		.addOption(new Option("--kind <kind>", "only these").choices(eventType.options))
		.option("--since <moment>", "only what arrived since: 30m, 24h, 7d, or 2026-11-23T10:00")
		.addOption(new Option("--last <n>", "so many").default("50"))
		.action((id: string | undefined, { kind, since, last }: Options) =>
			run(async ({ call, show }) => {
				const query = {
					...(id ? { room: id } : {}),
					...(kind ? { type: kind } : {}),
					...(since ? { since: sinceOf(since, Date.now()) } : {}),
				};
				show(await everything(call, "events.list", { query }, Number(last)), (items) =>
					items.length === 0
						? "No such events.\n"
						: table(items, [
								{ title: "WHEN", of: ({ at }) => when(at) },
								...(id ? [] : [{ title: "ROOM", of: ({ name }: { name: string }) => name }]),
								{ title: "WHAT", of: ({ type }) => type },
								{
									title: "",
									of: ({ data }) =>
										Object.entries(data)
											.map(([key, value]) => `${key}=${String(value)}`)
											.join(" "),
								},
							]),
				);
			}),
		);
};
