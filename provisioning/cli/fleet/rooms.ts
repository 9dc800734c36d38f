import { Argument, Option } from "commander";
import { toCsv } from "../../../device/core/toCsv.ts";
import { roomColumns } from "../../contract/http/roomColumns.ts";
import type { DeviceSummary } from "../../contract/http/shapes.ts";
import type { Group } from "../FleetCommand.ts";
import { facts, table } from "../table.ts";
import { everything } from "./everything.ts";

const activity = ({ online, state, status }: DeviceSummary): string => {
	if (state !== "active") return state;
	if (!online) return "offline";
	if (!status) return "starting";
	return status.activity === "trouble" ? `trouble ${status.trouble ?? ""}`.trim() : status.activity.replace("_", " ");
};
export const when = (moment: string | null): string =>
	moment ? moment.replace(/:\d\d(\.\d+)?Z$/, "Z").replace("T", " ") : "never";

/** Looking at rooms. */
export const rooms: Group = (fleet, run) => {
	fleet
		.command("rooms")
		.summary("list rooms")
		.description(
			"Lists rooms by name. As CSV (RFC 4180, UTF-8) it is what the console saves: incamera fleet rooms --format csv > rooms.csv. Scope: fleet:read.",
		)
		.addOption(
			new Option("--show <what>", "only these").choices([
				"online",
				"offline",
				"trouble",
				"in_call",
				"updating",
				"twin_differs",
			]),
		)
		.addOption(new Option("--state <state>", "only these").choices(["pending", "active", "retired", "revoked"]))
		.option("--search <text>", "only those with this in their name or id")
		.addOption(new Option("--format <format>", "for a spreadsheet or a program").choices(["csv", "json"]))
		.action((options: { show?: string; state?: string; search?: string; format?: "csv" | "json" }) =>
			run(async ({ call, show, io }) => {
				const query = {
					...(options.show ? { show: options.show } : {}),
					...(options.state ? { state: options.state } : {}),
					...(options.search ? { q: options.search } : {}),
				};
				const found = await everything(call, "devices.list", { query });
				if (options.format === "csv") return io.out(toCsv(found, roomColumns));
				if (options.format === "json") return io.out(`${JSON.stringify(found)}\n`);
				show(found, (items) =>
					items.length === 0
						? "No such rooms.\n"
						: table(items, [
								{ title: "ID", of: ({ id }) => id },
								{ title: "ROOM", of: ({ name }) => name },
								{ title: "NOW", of: activity },
								{ title: "FIRMWARE", of: ({ firmware }) => firmware ?? "–" },
								{ title: "TWIN", of: ({ twin }) => twin.replace("_", " ") },
								{ title: "LAST SEEN", of: ({ online, lastSeenAt }) => (online ? "now" : when(lastSeenAt)) },
							]),
				);
			}),
		);
	fleet
		.command("counts")
		.summary("the fleet in numbers")
		.description("Shows the fleet in numbers. Scope: fleet:read.")
		.action(() =>
			run(async ({ call, show }) =>
				show(await call("devices.counts"), ({ firmware, ...counts }) =>
					facts([
						...Object.entries(counts).map(([name, count]) => [name, String(count)] as const),
						...firmware.map(({ version, devices }) => [`firmware ${version}`, String(devices)] as const),
					]),
				),
			),
		);
	fleet
		.command("room")
		.summary("one room, whole")
		.description("Shows one room: what it is, what it should be and is, its certificates. Scope: fleet:read.")
		.addArgument(new Argument("<id>", "device id, as `rooms` lists it"))
		.action((id: string) =>
			run(async ({ call, show }) =>
				show(await call("devices.get", { params: { id } }), (room) =>
					[
						facts([
							["room", room.name],
							["id", room.id],
							["now", activity(room)],
							["last seen", room.online ? "now" : when(room.lastSeenAt)],
							["model", room.facts ? `${room.facts.model}, serial ${room.facts.serial}` : "not told yet"],
							["firmware", room.firmware ?? "not told yet"],
							["missing", room.status?.missing.join(", ") || "nothing"],
							...(room.status?.peripherals ?? []).map(({ id, kind, state, failure }): [string, string] => [
								`${kind} ${id}`,
								failure ? `${state} (${failure})` : state,
							]),
							[
								"twin",
								`${room.twin.replace("_", " ")}: revision ${room.reported?.appliedRev ?? 0} of ${room.desired.rev}`,
							],
						]),
						...(room.reported?.errors ?? []).map(({ key, code }) => `  refused: ${key || "the document"} (${code})\n`),
						"\nCertificates\n",
						table(room.certificates, [
							{ title: "SERIAL", of: ({ serial }) => serial },
							{ title: "STATE", of: ({ state }) => state },
							{ title: "GOOD UNTIL", of: ({ notAfter }) => when(notAfter) },
						]),
						`\nTwin\n${JSON.stringify(room.desired.doc, null, 2)}\n`,
					].join(""),
				),
			),
		);
};
