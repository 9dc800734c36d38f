import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { type Command, Option } from "commander";
import { RoomError } from "../../../device/core/RoomError.ts";
import { LOCAL_DOOR, type LocalInvitation, localInvitation } from "../../contract/http/localDoor.ts";
import { roles } from "../../contract/http/route.ts";
import { failure } from "../../contract/http/shapes.ts";
import type { Io } from "../Io.ts";
import { when } from "./rooms.ts";

/** Letting a person in without anybody being signed in: for who has the service's machine. */
export function invite(fleet: Command, io: Io, asJson: () => boolean): void {
	fleet
		.command("invite")
		.summary("invite a person, on the service's own machine")
		.description(
			`Makes a link by which a person registers a passkey: good for 24 hours, once. On the service's machine and by its account only; elsewhere,
invite people in the console.`,
		)
		.requiredOption("--local <folder>", "the service's stateFolder")
		.addOption(new Option("--role <role>", "what the person may do").choices([...roles]).default("fleet_admin"))
		.action(async ({ local, role }: { local: string; role: string }) => {
			const made = await askDoor(resolve(local), role);
			io.out(
				asJson() ? `${JSON.stringify(made)}\n` : `${made.url}\n\nGood until ${when(made.expiresAt)}, for one person.\n`,
			);
		});
}

/** Errors: `local.unreachable`, `local.forbidden`, and the service's own. */
async function askDoor(stateFolder: string, role: string): Promise<LocalInvitation> {
	const asked = request({
		socketPath: join(stateFolder, LOCAL_DOOR),
		method: "POST",
		path: "/invitations",
		headers: { "content-type": "application/json" },
		timeout: 10_000,
	});
	asked.on("timeout", () => asked.destroy(new Error("no answer")));
	asked.end(JSON.stringify({ role }));
	let response: IncomingMessage;
	try {
		[response] = (await once(asked, "response")) as [IncomingMessage];
	} catch (cause) {
		const denied = (cause as NodeJS.ErrnoException).code === "EACCES";
		throw denied
			? new RoomError("local.forbidden", "this account may not open the service's local door", { cause })
			: new RoomError("local.unreachable", "no service answers on this folder", { cause });
	}
	const answer: unknown = JSON.parse(await text(response));
	const made = localInvitation.safeParse(answer);
	if (response.statusCode === 200 && made.success) return made.data;
	const told = failure.safeParse(answer);
	throw new RoomError(
		told.success ? told.data.code : "api.answer_malformed",
		told.success ? told.data.message : "the answer is not of the contract",
	);
}
