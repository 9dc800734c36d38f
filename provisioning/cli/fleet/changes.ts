import { setTimeout as pause } from "node:timers/promises";
import { Argument, Option } from "commander";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Command } from "../../contract/commands.ts";
import type { CommandRecord } from "../../contract/http/shapes.ts";
import { twinDoc } from "../../contract/twin.ts";
import type { Fleet, Group } from "../FleetCommand.ts";
import { table } from "../table.ts";
import { setKey } from "./setKey.ts";

/** How often an answer is looked for, milliseconds; the service lets a command expire in any case. */
const LOOK_MS = 300;

/** Waits until the room has answered, or the service gave it up. */
async function answered({ call, io }: Fleet, sent: CommandRecord): Promise<CommandRecord> {
	let record = sent;
	while (record.state === "sent") {
		await pause(LOOK_MS, undefined, { signal: io.signal });
		const { items } = await call("devices.commands", { params: { id: sent.device } });
		record = items.find(({ mid }) => mid === sent.mid) ?? record;
	}
	return record;
}

/** Changing rooms. */
export const changes: Group = (fleet, run) => {
	const device = new Argument("<id>", "device id, as `rooms` lists it");
	const ask = (id: string, command: Command, said: string) =>
		run(async (fleet) => {
			const record = await answered(fleet, await fleet.call("devices.command", { params: { id }, body: command }));
			const { status, code, checks } = record.response ?? {};
			fleet.show(record, () => (checks ? drawChecks(checks) : `${said}\n`));
			if (record.state === "expired") throw new RoomError("api.device_offline", "the room did not answer in time");
			if (status && status >= 400) throw new RoomError(code ?? "command.failed", `the room answered ${status}`);
			if (checks?.some((check) => check.status === "failed")) throw new RoomError("doctor.unhealthy", "a check failed");
		});

	fleet
		.command("set")
		.summary("change what a room should be")
		.description(
			`Changes keys of a room's twin, all or none: incamera fleet set dev-… room.name="Berlin" showTitles=true
Values are JSON, or else a text. Somebody else's change in between is never overwritten (exit code 6). Scope: fleet:write.`,
		)
		.addArgument(device)
		.addArgument(new Argument("<key=value...>", "keys as `room` shows them, with dots"))
		.action((id: string, pairs: string[]) =>
			run(async ({ call, show }) => {
				const { desired } = await call("devices.get", { params: { id } });
				let doc: unknown = desired.doc;
				for (const pair of pairs) doc = setKey(doc, pair);
				const parsed = twinDoc.safeParse(doc);
				if (!parsed.success) {
					const { path, message } = parsed.error.issues[0] ?? { path: [], message: "" };
					throw new RoomError("cli.usage", `${path.map(String).join(".")}: ${message}`);
				}
				const room = await call("devices.twin", { params: { id }, body: { rev: desired.rev, doc: parsed.data } });
				show(room, () => `${room.name}: revision ${room.desired.rev}. The room takes it when it is there.\n`);
			}),
		);
	fleet
		.command("identify")
		.summary("show a number on a room's panel")
		.description("Shows a large number on the panel, to tell one device from another. Scope: fleet:write.")
		.addArgument(device)
		.addOption(new Option("--number <n>", "which").default("1"))
		.addOption(new Option("--seconds <n>", "how long").default("60"))
		.action((id: string, { number, seconds }: { number: string; seconds: string }) =>
			ask(
				id,
				{ op: "identify", args: { number: Number(number), seconds: Number(seconds) } },
				`The panel shows ${number} now.`,
			),
		);
	fleet
		.command("restart")
		.summary("start a room's program anew")
		.description("Starts the room's program anew; refused in a call. Scope: fleet:write.")
		.addArgument(device)
		.action((id: string) => ask(id, { op: "restart", args: {} }, "The room starts anew."));
	fleet
		.command("doctor")
		.summary("let a room examine itself")
		.description("Runs the doctor's checks in a room; exit code 7 if one failed. Scope: fleet:write.")
		.addArgument(device)
		.action((id: string) => ask(id, { op: "doctor", args: {} }, "No checks were made."));
	fleet
		.command("unenrol")
		.summary("let a room forget the fleet")
		.description(
			"Factory reset: the device forgets key and data, is unclaimed, and its certificate is revoked. Scope: fleet:write.",
		)
		.addArgument(device)
		.action((id: string) => ask(id, { op: "unenrol", args: {} }, "The device has forgotten the fleet."));
	fleet
		.command("revoke")
		.summary("shut a device out, for good")
		.description(
			"Revokes a device's certificate: it is disconnected at once and can't come back. For lost or stolen ones. Scope: fleet:write.",
		)
		.addArgument(device)
		.addOption(
			new Option("--reason <why>", "for the audit log")
				.choices(["lost", "stolen", "compromised", "replaced", "other"])
				.makeOptionMandatory(),
		)
		.action((id: string, { reason }: { reason: "lost" | "stolen" | "compromised" | "replaced" | "other" }) =>
			run(async ({ call, show }) => {
				const room = await call("devices.revoke", { params: { id }, body: { reason } });
				show(room, () => `${room.name} is shut out.\n`);
			}),
		);
};

function drawChecks(checks: NonNullable<NonNullable<CommandRecord["response"]>["checks"]>): string {
	return table(checks, [
		{ title: "CHECK", of: ({ name }) => name },
		{ title: "RESULT", of: ({ status }) => status },
		{ title: "CODE", of: ({ code }) => code ?? "" },
		{ title: "WHAT TO DO", of: ({ advice }) => advice ?? "" },
	]);
}
