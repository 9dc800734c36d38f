import type { Command } from "../../contract/commands.ts";
import type { Enrolment } from "../../contract/http/shapes.ts";
import type { FirmwareSpec } from "../../contract/jobs.ts";
import type { TwinDoc } from "../../contract/twin.ts";

/**
 * What the API has the fleet do. Each is one transaction, with the audit entry in it; `by` is the actor for that entry. Errors are
 * RoomErrors with the codes that the contract gives for the route, and `api.not_found`.
 */
export interface FleetDuties {
	enrolments: {
		create(request: { room: TwinDoc["room"]; by: string }): Promise<{ code: string; record: Enrolment }>;
		withdraw(id: string, by: string): Promise<unknown>;
	};
	twins: {
		/** `rev`: the revision that `doc` was made from. */
		setDesired(device: string, rev: number, doc: TwinDoc, by: string): Promise<unknown>;
	};
	commands: {
		send(device: string, command: Command, by: string): Promise<{ mid: string }>;
	};
	registry: {
		revoke(device: string, reason: RevocationReason, by: string): Promise<unknown>;
	};
	rollouts: {
		/** `devices` absent: all active ones. Resolves with its id. */
		create(
			rollout: { name: string; spec: FirmwareSpec; devices?: readonly string[] | undefined },
			by: string,
		): Promise<string>;
		pause(id: string, by: string): Promise<unknown>;
		resume(id: string, by: string): Promise<unknown>;
		cancel(id: string, by: string): Promise<unknown>;
	};
}

export type RevocationReason = "lost" | "stolen" | "compromised" | "replaced" | "other";
