import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { RoomError } from "../../../device/core/RoomError.ts";
import {
	LOCAL_DOOR,
	type LocalInvitation,
	localInvitation,
	localInvitationRequest,
} from "../../contract/http/localDoor.ts";
import type { Role } from "../../contract/http/route.ts";
import { failedAnswer, notFound } from "./failures.ts";

const BODY_BYTES = 1024;

/**
 * The service's door for whoever has this machine: a unix socket in a folder that only the service's own account may enter. Being able to
 * open it is the authentication.
 */
export class LocalDoor {
	/** Null: another service on this folder has it, and answers. */
	readonly #server: Server | null;

	private constructor(server: Server | null) {
		this.#server = server;
	}

	/** Error: `service.local_door_failed` (the state folder can't be written to, or its path is longer than a socket's may be). */
	static async open(options: {
		stateFolder: string;
		invite: (role: Role) => Promise<LocalInvitation>;
	}): Promise<LocalDoor> {
		const path = join(options.stateFolder, LOCAL_DOOR);
		try {
			await mkdir(dirname(path), { recursive: true, mode: 0o700 });
			if (await isAnswered(path)) return new LocalDoor(null);
			// of a service that was killed
			await rm(path, { force: true });
			const server = createServer({ requestTimeout: 5000 }, (incoming, answer) => {
				void answerTo(incoming, answer, options.invite);
			});
			server.listen(path);
			await once(server, "listening");
			return new LocalDoor(server);
		} catch (cause) {
			throw new RoomError("service.local_door_failed", "the socket in the state folder can't be made", { cause });
		}
	}

	async close(): Promise<void> {
		if (!this.#server) return;
		this.#server.close();
		this.#server.closeAllConnections();
		await once(this.#server, "close");
	}
}

async function answerTo(
	incoming: IncomingMessage,
	answer: ServerResponse,
	invite: (role: Role) => Promise<LocalInvitation>,
): Promise<void> {
	const send = (status: number, value: object) => {
		answer.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(value));
	};
	try {
		if (incoming.method !== "POST" || incoming.url !== "/invitations") throw notFound("address");
		const parsed = localInvitationRequest.safeParse(await readJson(incoming));
		if (!parsed.success) throw malformed();
		send(200, localInvitation.parse(await invite(parsed.data.role)));
	} catch (error) {
		const { status, failure } = failedAnswer(error, null);
		send(status, failure);
	}
}

async function readJson(incoming: IncomingMessage): Promise<unknown> {
	let text = "";
	for await (const chunk of incoming.setEncoding("utf8")) {
		text += chunk;
		if (text.length > BODY_BYTES) throw malformed();
	}
	try {
		return JSON.parse(text);
	} catch {
		throw malformed();
	}
}

const malformed = (): RoomError => new RoomError("api.malformed", "that is no request of this door");

/** Whether somebody listens there. */
async function isAnswered(path: string): Promise<boolean> {
	const asked = request({ socketPath: path, path: "/", timeout: 2000 });
	asked.end();
	try {
		const [response] = (await once(asked, "response")) as [IncomingMessage];
		response.destroy();
		return true;
	} catch {
		return false;
	}
}
