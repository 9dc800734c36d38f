import pg from "pg";
import { RoomError } from "../../../device/core/RoomError.ts";

/** SQLSTATE classes and codes that say "not now" rather than "not this": connection, resources, shutdown. */
const NOT_NOW = /^(08|53|57P0[1-5])/;

/**
 * The error as callers get it. A database that is not there, going down, full of connections or silent becomes
 * `database.unavailable` (HTTP: 503; try again later); an answer of the database passes as pg's DatabaseError.
 */
export function databaseError(thrown: unknown): unknown {
	if (thrown instanceof RoomError) return thrown;
	if (thrown instanceof pg.DatabaseError && !NOT_NOW.test(thrown.code ?? "")) return thrown;
	if (!(thrown instanceof Error)) return thrown;
	// No DatabaseError and from the driver: a socket's error, a time limit, or a connection that ended under a query.
	return new RoomError("database.unavailable", "the database does not answer", { cause: thrown });
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
