import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod/mini";
import { RoomError } from "../../device/core/RoomError.ts";
import type { Io } from "./Io.ts";

const settings = z.object({ fleet: z.string(), token: z.string() });
const origin = z.string().check(z.regex(/^https?:\/\/[A-Za-z0-9.:[\]-]+$/));
const token = z.string().check(z.regex(/^ict_[A-Za-z0-9_-]{43}$/));

const fileOf = ({ env }: Pick<Io, "env">): string =>
	join(env["XDG_CONFIG_HOME"] ?? join(env["HOME"] ?? "/", ".config"), "incamera", "fleet.json");

export interface Connection {
	/** Origin of the fleet service. */
	fleet: string;
	token: string;
}

/**
 * Where the service is and what lets us in: `INCAMERA_FLEET` and `INCAMERA_TOKEN`, else what `incamera fleet login` kept. Never an
 * argument, which other users of the machine could read. Errors: `cli.no_token`, `cli.settings_open` (others can read the file).
 */
export async function findConnection(io: Pick<Io, "env">): Promise<Connection> {
	const { INCAMERA_FLEET, INCAMERA_TOKEN } = io.env;
	const kept = INCAMERA_FLEET && INCAMERA_TOKEN ? null : await read(fileOf(io));
	return check(INCAMERA_FLEET ?? kept?.fleet, INCAMERA_TOKEN ?? kept?.token);
}

function check(fleet: string | undefined, secret: string | undefined): Connection {
	if (!fleet || !secret) throw new RoomError("cli.no_token", "no fleet service and token are set");
	const place = fleet.replace(/\/+$/, "");
	if (!origin.safeParse(place).success) {
		throw new RoomError("cli.usage", "the fleet service's address must be of the form https://fleet.example.org");
	}
	if (!token.safeParse(secret).success)
		throw new RoomError("cli.no_token", "what is set is no token: tokens begin with ict_");
	return { fleet: place, token: secret };
}

async function read(path: string): Promise<Connection | null> {
	try {
		if (((await stat(path)).mode & 0o077) !== 0) {
			throw new RoomError("cli.settings_open", `others can read ${path}: chmod 600, and make a new token`);
		}
		return settings.parse(JSON.parse(await readFile(path, "utf8")));
	} catch (error) {
		if (error instanceof RoomError) throw error;
		return null;
	}
}

/** Keeps a connection for later commands, in a file that only this user can read. Returns its path. */
export async function keepConnection(io: Pick<Io, "env">, fleet: string, secret: string): Promise<string> {
	const connection = check(fleet, secret.trim());
	const path = fileOf(io);
	await mkdir(dirname(path), { recursive: true, mode: 0o700 });
	await writeFile(path, `${JSON.stringify(connection)}\n`, { mode: 0o600 });
	// an older file keeps its mode when it is written
	await chmod(path, 0o600);
	return path;
}
