import { Argument, Option } from "commander";
import { renderUnicodeCompact } from "uqr";
import { RoomError } from "../../../device/core/RoomError.ts";
import { twinDoc } from "../../contract/twin.ts";
import type { Group } from "../FleetCommand.ts";
import { table } from "../table.ts";
import { when } from "./rooms.ts";

/** Bringing devices into the fleet. */
export const enrol: Group = (fleet, run) => {
	fleet
		.command("enrol")
		.summary("make a code for a new room")
		.description(
			"Makes a code that is typed, or scanned, once at an unclaimed device: good for 24 hours and one device. Scope: enrol.",
		)
		.addArgument(new Argument("<name>", "the room's name, as its panel shows it"))
		.addOption(new Option("--locale <language>", "the panel's language").choices(["de", "en"]).default("en"))
		.option("--time-zone <zone>", "IANA name", Intl.DateTimeFormat().resolvedOptions().timeZone)
		.option("--seats <n>", "how many people it is for")
		.action((name: string, options: { locale: string; timeZone: string; seats?: string }) =>
			run(async ({ call, show, io }) => {
				const { locale, timeZone, seats } = options;
				const room = twinDoc.shape.room.safeParse({
					name,
					locale,
					timeZone,
					...(seats ? { seats: Number(seats) } : {}),
				});
				if (!room.success) throw new RoomError("cli.usage", `${String(room.error.issues[0]?.path[0])} is not valid`);
				show(await call("enrolments.create", { body: { room: room.data } }), ({ code, about }) =>
					[
						io.terminal ? `${renderUnicodeCompact(code)}\n\n` : "",
						`${code}\n\nType it at the device for ${about.roomName}. It is shown this once, and good until ${when(about.expiresAt)}.\n`,
					].join(""),
				);
			}),
		);
	fleet
		.command("codes")
		.summary("list codes")
		.description("Lists the codes that were made, without their secret part. Scope: enrol.")
		.action(() =>
			run(async ({ call, show }) =>
				show((await call("enrolments.list")).items, (codes) =>
					table(codes, [
						{ title: "ID", of: ({ id }) => id },
						{ title: "CODE", of: ({ lookup }) => `${lookup}-…` },
						{ title: "ROOM", of: ({ roomName }) => roomName },
						{ title: "STATE", of: ({ state }) => state },
						{ title: "WRONG TRIES", of: ({ tries }) => String(tries), right: true },
						{ title: "GOOD UNTIL", of: ({ expiresAt }) => when(expiresAt) },
					]),
				),
			),
		);
	fleet
		.command("withdraw")
		.summary("withdraw a code")
		.description("Withdraws a code that was not used. Scope: enrol.")
		.addArgument(new Argument("<id>", "as `codes` lists it"))
		.action((id: string) =>
			run(async ({ call, show }) => {
				await call("enrolments.withdraw", { params: { id } });
				show({ withdrawn: id }, () => "Withdrawn.\n");
			}),
		);
};
