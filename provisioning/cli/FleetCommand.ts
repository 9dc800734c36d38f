import type { Command } from "commander";
import type { CallId, CallRequest } from "../contract/http/FleetClient.ts";
import type { ResponseOf } from "../contract/http/route.ts";
import type { Routes } from "../contract/http/routes.ts";
import type { Io } from "./Io.ts";

/** Calls a route of the fleet's API. Errors: RoomErrors with the API's codes, and `api.unreachable`. */
export type Call = <Id extends CallId>(id: Id, request?: CallRequest<Routes[Id]>) => Promise<ResponseOf<Routes[Id]>>;

/** What a fleet command works with. */
export interface Fleet {
	call: Call;
	io: Io;
	/** Prints a result: as one JSON value with `--json`, else as the command draws it for people. */
	show<T>(value: T, draw: (value: T) => string): void;
}

/** Wraps a command's action: connects, runs, and turns errors into messages and exit codes. */
export type Run = (action: (fleet: Fleet) => Promise<void>) => Promise<void>;

/** Adds a group of commands. */
export type Group = (program: Command, run: Run) => void;
