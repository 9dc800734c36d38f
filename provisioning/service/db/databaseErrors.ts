import pg from "pg";
import { RoomError } from "../../../device/core/RoomError.ts";

/**
 * SQLSTATEs that say "not now" rather than "not this": connection, resources (disk full, too many clients), time limit, shutdown, a
 * standby that was not promoted yet, a transaction that lasted too long.
 */
const NOT_NOW = /^(08...|53...|57014|57P0[1-5]|25006|25P03)$/;
/** Who are you, and which database? */
const REFUSED = /^(28...|3D000)$/;
/** pg has no codes of its own: what it says when a connection is not there or does not answer. */
const DRIVER =
	/^(Connection terminated|Query read timeout|timeout e|Client (has encountered|was closed)|Cannot use a pool)/;

/**
 * The error as callers get it. A database that is not there, going down, full or silent becomes `database.unavailable` (HTTP: 503; try
 * again later; context: SQLSTATE, system or TLS code), a login that is not accepted `database.refused`. Any other answer of the database
 * passes as pg's DatabaseError, and whatever is not the database's fault as it is. While `connecting` nothing is anybody else's fault.
 */
export function databaseError(thrown: unknown, connecting = false): unknown {
	if (!(thrown instanceof Error) || thrown instanceof RoomError) return thrown;
	const code = String((thrown as { code?: unknown }).code ?? "");
	if (thrown instanceof pg.DatabaseError && !NOT_NOW.test(code)) {
		if (!REFUSED.test(code)) return thrown;
		return new RoomError("database.refused", "the database does not accept this role or has no such database", {
			context: { code },
			cause: thrown,
		});
	}
	const notTheirs = connecting || "syscall" in thrown || /^E[A-Z]/.test(code) || DRIVER.test(thrown.message);
	if (!(thrown instanceof pg.DatabaseError) && !notTheirs) return thrown;
	return new RoomError("database.unavailable", "the database does not answer", { context: { code }, cause: thrown });
}

/** Whether an insert or update met a row that is there already, on this unique constraint or index if one is named. */
export function isDuplicate(thrown: unknown, constraint?: string): boolean {
	return (
		thrown instanceof pg.DatabaseError &&
		thrown.code === "23505" &&
		(constraint === undefined || thrown.constraint === constraint)
	);
}

/** Whether a foreign key led to nothing. */
export const isDangling = (thrown: unknown): boolean => thrown instanceof pg.DatabaseError && thrown.code === "23503";

/** Whether two transactions stood in each other's way (deadlock, serialisation): the same one again may succeed. */
export const isCollision = (thrown: unknown): boolean =>
	thrown instanceof pg.DatabaseError && (thrown.code === "40P01" || thrown.code === "40001");
