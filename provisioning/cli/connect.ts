import { RoomError } from "../../device/core/RoomError.ts";
import { FleetClient, FleetFailure } from "../contract/http/FleetClient.ts";
import type { Connection } from "./connection.ts";
import type { Call } from "./FleetCommand.ts";

/** Calls the service's API by HTTP. */
export function connect({ fleet, token }: Connection, signal: AbortSignal): Call {
	const client = new FleetClient({ origin: fleet, token });
	return (id, request) =>
		client.call(id, request, signal).catch((cause: unknown) => {
			if (!(cause instanceof FleetFailure)) throw cause;
			throw new RoomError(cause.code, cause.key ? `${cause.message} (${cause.key})` : cause.message, { cause });
		});
}
